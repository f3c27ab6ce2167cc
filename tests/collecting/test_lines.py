"""Lines of text on a picture."""

import numpy as np
import pytest

from streamrec.collecting.lines import with_lines


@pytest.mark.parametrize("lines", [2, 40])
def test_lines_are_written_on_a_copy_that_is_large_enough(lines):
    image = np.zeros((48, 64, 3), np.uint8)
    canvas = with_lines(image, ["REC wave"] * lines, red=1)
    assert canvas.shape == (480, 640, 3) and not image.any()
    red = (canvas[:, :, 2].astype(int) - canvas[:, :, 0] > 100).any(1)
    assert red[:48].any() and not red[48:].any()
    white = (canvas.min(2) > 200).any(1).nonzero()[0]
    assert white.max() < 480 - 5
