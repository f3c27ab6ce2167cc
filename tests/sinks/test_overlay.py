"""What is drawn on a picture."""

import numpy as np
import pytest

from streamrec.sinks.overlay import MIN_SIDE, Overlay, draw
from streamrec.types import Frame

SIZE = (480, 640, 3)
BARS = (slice(350, 480), slice(0, 330))


@pytest.fixture
def picture():
    return np.full(SIZE, 128, np.uint8)


def test_the_picture_itself_is_not_changed(picture, make_prediction):
    drawn = draw(picture, make_prediction())
    assert np.all(picture == 128) and drawn.shape == SIZE
    assert np.any(drawn != 128)


def test_a_bar_is_as_long_as_its_score(picture, make_prediction):
    def length(score):
        scores = np.array([1 - score, score, 0.0], np.float32)
        full = draw(picture, make_prediction(scores=scores), top=1)
        line = full[480 - 14 - 36 + 3, :, 1].astype(int)
        return int(np.sum(line > 140))

    low, high = length(0.6), length(1.0)
    assert high > 250
    assert low / high == pytest.approx(0.6, abs=0.02)


def test_there_are_as_many_bars_as_asked_for_and_no_more_than_classes(picture, make_prediction):
    def changed_rows(top):
        return np.any(draw(picture, make_prediction(), top=top)[200:] != 128, axis=(1, 2)).sum()

    assert 0 == changed_rows(0) < changed_rows(1) < changed_rows(2) < changed_rows(3)
    assert changed_rows(3) == changed_rows(9)


def test_warming_up_is_marked(picture, make_prediction):
    warm, ready = (draw(picture, make_prediction(warm_up=flag)) for flag in (True, False))
    differs = np.argwhere(np.any(warm != ready, axis=2))
    assert differs.size and differs[:, 0].max() < 100


def test_before_the_first_prediction_there_are_no_bars(picture):
    drawn = draw(picture, None)
    assert np.all(drawn[BARS] == 128) and np.any(drawn[:100] != 128)


def test_a_small_picture_is_enlarged_to_be_readable(make_prediction):
    assert draw(np.zeros((100, 200, 3), np.uint8), make_prediction()).shape == (480, 960, 3)
    assert MIN_SIDE == 480


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (2160, 3840), (481, 333)])
def test_any_size_can_be_drawn_on(size, make_prediction):
    fields = {"labels": ("a very long label " * 9, "\u89c6\u9891", ""), "warm_up": True}
    drawn = draw(np.zeros((*size, 3), np.uint8), make_prediction(**fields), fps=29.97)
    assert drawn.ndim == 3 and drawn.dtype == np.uint8


def test_a_long_label_stays_in_its_bar(picture, make_prediction):
    drawn = draw(picture, make_prediction(labels=("a", "label " * 40, "b")))
    assert np.all(drawn[200:, 14 + 300 + 1 :] == 128)


def test_the_frame_rate_is_that_of_the_frames(picture, make_prediction, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "streamrec.sinks.overlay.draw", lambda *_, fps, top: seen.append(fps) or picture
    )
    overlay = Overlay()
    for i in range(50):
        overlay(Frame(image=picture, index=i, captured_s=100 + i / 20, time_s=0, source="x"), None)
    assert seen[0] is None
    assert seen[-1] == pytest.approx(20)
