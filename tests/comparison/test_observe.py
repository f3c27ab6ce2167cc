import numpy as np
import pytest
from tiny_models import clip_runtime, recognizer

from streamrec.classify import classify
from streamrec.comparison.observe import observe
from streamrec.errors import SourceError
from streamrec.recognizer import Recognizer
from streamrec.runtimes.window import WindowRuntime
from streamrec.smoothing import Exponential
from streamrec.sources.synthetic import Scene, SyntheticSource


def film(seconds: float = 4.0) -> SyntheticSource:
    return SyntheticSource(Scene(width=48, height=32, fps=30.0, seconds=seconds))


def windows() -> Recognizer:
    return Recognizer("windows", [WindowRuntime(clip_runtime(), window=8, hop=3)])


both = pytest.mark.parametrize("model", [recognizer, windows])


@both
def test_the_answer_is_that_of_classify(model):
    seen = observe(model(), film(), file="a.mp4").answer
    said = classify(model(), film(), file="a.mp4")
    np.testing.assert_array_equal(seen.scores, said.scores)
    np.testing.assert_array_equal(seen.timeline, said.timeline)
    assert (seen.file, seen.model, seen.frames) == ("a.mp4", said.model, 120)


@both
def test_scores_are_smoothed_as_a_stream_shows_them(model):
    seen = observe(model(), film(), file="a.mp4")
    smoother = Exponential(0.5)
    state = smoother.initial()
    for time_s, raw, shown in zip(
        seen.answer.times_s, seen.answer.timeline, seen.smoothed, strict=True
    ):
        scores, state = smoother.step(raw, time_s, state)
        np.testing.assert_allclose(shown, scores, atol=1e-6)
    assert seen.best == seen.smoothed.argmax(1).tolist()


@both
def test_every_prediction_took_time(model):
    seen = observe(model(), film(), file="a.mp4")
    assert len(seen.spent_s) == len(seen.warm_up) == len(seen.answer.times_s)
    assert min(seen.spent_s) > 0


def test_time_of_frames_without_a_prediction_is_part_of_the_next_one(monkeypatch):
    ticks = iter(range(1000))
    monkeypatch.setattr("streamrec.comparison.observe.time.perf_counter", lambda: next(ticks))
    seen = observe(windows(), film(0.6), file="a.mp4")
    assert sum(seen.spent_s) >= 18  # a tick for each frame


def test_warm_up_ends_with_the_first_prediction_from_enough_frames():
    seen = observe(windows(), film(), file="a.mp4")
    assert seen.warm_up == (True, True, False, False, False, False, False)
    assert seen.warm_up_end_s == seen.answer.times_s[2] == pytest.approx(1.6)
    assert observe(windows(), film(0.5), file="a.mp4").warm_up_end_s == np.inf


def test_a_file_without_pictures_is_one_clear_line():
    source = film()
    source.close()
    with pytest.raises(SourceError, match="no pictures"):
        observe(recognizer(), source, file="a.mp4")
