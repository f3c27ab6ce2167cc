from dataclasses import replace

import numpy as np
import pytest
from tiny_models import clip_recognizer, clip_runtime, recognizer, runtime

from streamrec.classify import classify
from streamrec.errors import SourceError
from streamrec.lanes import softmax
from streamrec.preprocess import Preprocessor
from streamrec.sources.synthetic import Scene, SyntheticSource

CLIP_FRAMES = 16
MODEL_FPS = 5


def film(seconds: float, fps: float = 30.0) -> SyntheticSource:
    return SyntheticSource(Scene(width=48, height=32, fps=fps, seconds=seconds))


def samples(seconds: float, model, fps: float = 30.0) -> list[np.ndarray]:
    """What the model sees of the film on its own time grid."""
    preprocess = Preprocessor(model.spec.preprocessing)
    return [preprocess(frame.image) for frame in film(seconds, fps)][:: round(fps / MODEL_FPS)]


def stepwise(seconds: float) -> np.ndarray:
    running = runtime().start()
    return np.stack([softmax(running.step(x)) for x in samples(seconds, runtime())])


def test_a_short_file_is_what_the_model_says_after_its_last_sample():
    answer = classify(recognizer(), film(2.0), file="short.mp4")
    said = stepwise(2.0)
    np.testing.assert_array_equal(answer.timeline, said)
    np.testing.assert_array_equal(answer.scores, said[-1])
    assert (answer.file, answer.model, answer.frames) == ("short.mp4", "tiny", 60)
    assert answer.duration_s == pytest.approx(2.0)
    assert answer.times_s == pytest.approx([i / MODEL_FPS for i in range(10)])
    assert answer.labels == recognizer().labels


def test_a_long_file_is_the_mean_at_the_end_of_each_clip_length_and_of_the_file():
    answer = classify(recognizer(), film(10.0), file="long.mp4")
    said = stepwise(10.0)
    assert len(said) == 50
    np.testing.assert_allclose(answer.scores, said[[15, 31, 47, 49]].mean(0), atol=1e-6)


def test_a_file_of_whole_clips_counts_its_end_once():
    said = stepwise(6.4)
    assert len(said) == 2 * CLIP_FRAMES
    answer = classify(recognizer(), film(6.4), file="two.mp4")
    np.testing.assert_allclose(answer.scores, said[[15, 31]].mean(0), atol=1e-6)


def test_a_clip_models_answer_is_the_mean_of_its_overlapping_windows():
    model = clip_runtime()
    answer = classify(clip_recognizer(hop=8), film(8.0), file="long.mp4")
    shots = np.concatenate(samples(8.0, model))
    assert len(shots) == 40
    ends = [16, 24, 32, 40]
    said = np.stack([softmax(model.run(shots[end - 16 : end])) for end in ends])
    np.testing.assert_allclose(answer.timeline[1:], said, atol=1e-6)
    np.testing.assert_allclose(answer.scores, said.mean(0), atol=1e-6)
    assert answer.times_s == pytest.approx([1.4, 3.0, 4.6, 6.2, 7.8])


def test_the_end_of_a_file_is_seen_by_a_last_window():
    model = clip_runtime()
    answer = classify(clip_recognizer(hop=16), film(5.0), file="long.mp4")
    shots = np.concatenate(samples(5.0, model))
    said = [softmax(model.run(clip)) for clip in (shots[:16], shots[-16:])]
    np.testing.assert_allclose(answer.scores, np.mean(said, 0), atol=1e-6)
    assert answer.times_s[-1] == pytest.approx(149 / 30)


def test_a_short_file_is_looped_to_the_windows_length():
    model = clip_runtime()
    answer = classify(clip_recognizer(), film(1.2), file="short.mp4")
    shots = samples(1.2, model)
    assert len(shots) == 6
    looped = np.concatenate([*shots, *shots, *shots[:4]])
    np.testing.assert_allclose(answer.scores, softmax(model.run(looped)), atol=1e-6)


def test_a_file_of_stills_far_apart_is_the_mean_of_its_shots():
    model = clip_runtime()
    stills = list(film(0.2, fps=20.0))
    far = [replace(frame, time_s=3.0 * i) for i, frame in enumerate(stills)]

    class Slides(SyntheticSource):
        def __init__(self) -> None:
            super().__init__()
            self._frames = iter(far)

        def read(self):
            return next(self._frames, None)

    answer = classify(clip_recognizer(), Slides(), file="slides.gif")
    preprocess = Preprocessor(model.spec.preprocessing)
    said = [softmax(model.run(np.repeat(preprocess(f.image), 16, axis=0))) for f in far]
    np.testing.assert_allclose(answer.scores, np.mean(said, 0), atol=1e-6)
    assert answer.times_s == (0.0, 3.0, 6.0, 9.0)


def test_several_clip_models_are_averaged():
    one = classify(clip_recognizer(), film(2.0), file="a.mp4")
    two = classify(clip_recognizer(count=2), film(2.0), file="a.mp4")
    np.testing.assert_allclose(one.scores, two.scores, atol=1e-7)


def test_a_gap_in_a_clip_repeats_the_frame_before_it():
    model = clip_runtime()
    shots = list(film(2.0))
    missing = [frame for frame in shots if not 0.55 < frame.time_s < 1.35]

    class Torn(SyntheticSource):
        def __init__(self) -> None:
            super().__init__()
            self._frames = iter(missing)

        def read(self):
            return next(self._frames, None)

    answer = classify(clip_recognizer(window=10), Torn(), file="torn.mp4")
    preprocess = Preprocessor(model.spec.preprocessing)
    seen_s = [0, 0.2, 0.4, 16 / 30, 16 / 30, 41 / 30, 41 / 30, 1.4, 1.6, 1.8]
    clip = np.concatenate([preprocess(shots[round(t * 30)].image) for t in seen_s])
    np.testing.assert_allclose(answer.scores, softmax(model.run(clip)), atol=1e-6)


def by_stream(source, **choices):
    return classify(recognizer(), source, file="file", **choices)


def by_windows(source, **choices):
    return classify(clip_recognizer(), source, file="file", **choices)


both = pytest.mark.parametrize("answer_for", [by_stream, by_windows])


@both
def test_a_single_picture_is_classified(answer_for):
    answer = answer_for(film(0.01))
    assert (answer.frames, answer.duration_s, answer.times_s) == (1, 0.0, (0.0,))
    assert answer.scores.sum() == pytest.approx(1.0)
    assert len(answer.thumbnails) == 1


@both
def test_a_source_without_pictures_is_one_clear_line(answer_for):
    source = film(1.0)
    source.close()
    with pytest.raises(SourceError, match="file has no pictures") as caught:
        answer_for(source)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 3


@both
def test_every_frame_is_told(answer_for):
    told = []
    answer_for(film(1.0), on_frame=told.append)
    assert [frame.index for frame in told] == list(range(30))


@both
@pytest.mark.parametrize("seconds", [0.5, 3.0, 40.0])
def test_thumbnails_are_few_and_spread_over_the_file(answer_for, seconds):
    answer = answer_for(film(seconds, fps=10.0))
    times = [time_s for time_s, _ in answer.thumbnails]
    assert 1 <= len(times) <= 32
    assert times[0] == 0.0
    assert len(times) == 1 or np.ptp(np.diff(times)) < 1e-6
    assert times[-1] >= 0.9 * answer.duration_s - 0.1


def test_thumbnails_of_large_pictures_are_small():
    source = SyntheticSource(Scene(width=1920, height=1080, fps=5.0, seconds=0.4))
    (_, picture), *_ = by_stream(source).thumbnails
    assert max(picture.shape[:2]) < 400
    assert picture.base is None


def test_the_best_classes_come_first():
    answer = by_stream(film(1.0))
    top = answer.top(3)
    assert [s.id for s in top] == np.argsort(-answer.scores, kind="stable")[:3].tolist()
    assert top[0].label == f"class {top[0].id}"
    assert top[0].score == top[0].raw == answer.scores.max()
    assert len(answer.top(50)) == 10
