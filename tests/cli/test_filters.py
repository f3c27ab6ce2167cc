"""``streamrec models weights``."""

import cv2
import pytest

pytest.importorskip("matplotlib", reason="the plot extra is not installed")


@pytest.mark.parametrize("name", ["untrained:r3d-18", "file"])
def test_the_first_filters_are_drawn(cli, tmp_path, weights_file, name):
    model = weights_file if name == "file" else name
    assert cli("models", "weights", model, "--plot", tmp_path / "out.png").code == 0
    assert cv2.imread(str(tmp_path / "out.png")).std() > 10


def test_what_has_no_weights_to_show_says_so(cli, tmp_path, model):
    for name in ("gestures", "movinet-a6-base", model):
        cli("models", "weights", name, "--plot", tmp_path / "out.png").fails(2, "of one")
    cli("models", "weights", "c3d", "--plot", tmp_path / "out.png").fails(4, "c3d")
    cli("models", "weights", "c3d", "--plot", tmp_path / "out.txt").fails(5, "take one of")
    assert list(tmp_path.glob("out.*")) == []
