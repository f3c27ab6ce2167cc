import cv2
import numpy as np
import pytest

from streamrec.report.curve_chart import draw_curve
from streamrec.report.curves import Point

pytest.importorskip("matplotlib", reason="the plot extra is not installed")

BLUE, ORANGE = (178, 114, 0), (0, 94, 213)  # validation, training


def points(values, split="train", name="loss"):
    return [
        Point(step=i + 1, epoch=0, split=split, name=name, value=value)
        for i, value in enumerate(values)
    ]


def drawn(path, its, name="loss"):
    assert draw_curve(its, name, path)
    picture = cv2.imread(str(path))
    return [int((picture == color).all(-1).sum()) for color in (BLUE, ORANGE)]


def test_both_splits_are_drawn(tmp_path):
    its = points([3, 2, 1]) + points([3, 2, 2], "val")
    blue, orange = drawn(tmp_path / "a.png", its)
    assert blue > 200 and orange > 200
    assert drawn(tmp_path / "b.png", points([3, 2, 1]))[0] == 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("values", [[1.0], [np.nan, np.nan], [np.inf, 1.0], list(range(1000))])
def test_any_values_are_drawn(tmp_path, values):
    drawn(tmp_path / "a.png", points(values, "val", "accuracy"), "accuracy")


def test_nothing_to_draw_draws_nothing(tmp_path):
    assert not draw_curve(points([1, 2]), "accuracy", tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()
