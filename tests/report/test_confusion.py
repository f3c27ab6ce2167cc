import cv2
import numpy as np
import pytest

from streamrec.report.confusion import MOST_CLASSES, draw_confusion, shown_classes, worst_pairs

LABELS = tuple("abcd")
COUNTS = np.array([[5, 1, 0, 0], [0, 9, 1, 0], [2, 0, 0, 0], [0, 0, 0, 0]])


def test_the_most_frequent_mistake_comes_first():
    pairs = [(pair.true, pair.said, pair.clips, pair.of) for pair in worst_pairs(COUNTS, LABELS)]
    assert pairs == [("c", "a", 2, 2), ("a", "b", 1, 6), ("b", "c", 1, 10)]


def test_no_mistake_makes_no_pair():
    assert worst_pairs(np.eye(4, dtype=np.int64), LABELS) == []


def test_few_classes_are_all_shown_in_their_order():
    assert shown_classes(COUNTS).tolist() == [0, 1, 2, 3]


def test_of_many_classes_the_confused_ones_are_shown():
    counts = np.eye(100, dtype=np.int64) * 50
    counts[70, 20] = 3
    shown = shown_classes(counts)
    assert len(shown) == MOST_CLASSES and {20, 70} < set(shown) and (np.diff(shown) > 0).all()


def test_what_is_right_is_darker_than_what_is_wrong(tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    draw_confusion(np.array([[9, 1], [0, 5]]), ("a", "b"), tmp_path / "c.png")
    picture = cv2.imread(str(tmp_path / "c.png"))
    rows, columns = (~(picture == 255).all(-1)).nonzero()
    assert np.ptp(rows) > 200 and np.ptp(columns) > 200
    assert (picture == (107, 48, 8)).all(-1).sum() > 10000  # the darkest: all of a class
