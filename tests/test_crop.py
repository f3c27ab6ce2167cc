"""The middle of a picture."""

import pytest

from streamrec.crop import centre


@pytest.mark.parametrize(
    ("whole", "part", "top", "left"),
    [
        ((10, 20), (10, 20), 0, 0),
        ((10, 20), (4, 6), 3, 7),
        ((128, 171), (112, 112), 8, 30),  # 29.5: to the even neighbour
        ((5, 7), (4, 4), 0, 2),  # 0.5 and 1.5
    ],
)
def test_the_middle_is_there(whole, part, top, left):
    rows, columns = centre(whole, part)
    assert (rows, columns) == (slice(top, top + part[0]), slice(left, left + part[1]))
