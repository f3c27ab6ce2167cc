from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrec.errors import FrameError, OptionError, StateError
from streamrec.recognizer import Recognizer
from streamrec.runtimes.state import state_from_bytes, state_to_bytes
from streamrec.runtimes.window import WindowRuntime
from streamrec.types import FlowInput, Frame, Preprocessing, StreamSpec

SPEC = StreamSpec(
    name="digits",
    labels=tuple("0123456789"),
    fps=10.0,
    preprocessing=Preprocessing(2, 2),
    clip_frames=4,
    warmup_frames=4,
    horizon=None,
    windowed=True,
)


class Reader:
    """A clip model whose logits are the numbers that its frames are filled with."""

    engine = "a reader"

    def __init__(self, spec: StreamSpec = SPEC) -> None:
        self.spec = spec

    def run(self, clip):
        assert clip.shape[1:] == self.spec.frame_shape
        return clip[:, 0, 0, 0].copy()


def picture(number: float) -> np.ndarray:
    return np.full((1, 3, 2, 2), number, np.float32)


def said(running, numbers) -> list:
    answers = (running.step(picture(number)) for number in numbers)
    return [None if answer is None else answer.tolist() for answer in answers]


def test_it_sees_the_last_frames_oldest_first_at_each_hop():
    running = WindowRuntime(Reader(), hop=2).start()
    assert said(running, range(1, 9)) == [
        None,
        [1, 2, 1, 2],
        None,
        [1, 2, 3, 4],
        None,
        [3, 4, 5, 6],
        None,
        [5, 6, 7, 8],
    ]


def test_fewer_frames_than_a_window_are_looped():
    running = WindowRuntime(Reader(), hop=1).start()
    assert said(running, [1, 2, 3]) == [[1, 1, 1, 1], [1, 2, 1, 2], [1, 2, 3, 1]]


def test_unless_told_otherwise_windows_overlap_by_three_quarters():
    runtime = WindowRuntime(Reader(replace(SPEC, clip_frames=16)))
    assert runtime.spec.hop == 4
    assert WindowRuntime(Reader(replace(SPEC, clip_frames=3))).spec.hop == 1


def test_window_and_stride_make_another_time_grid():
    runtime = WindowRuntime(Reader(), window=6, stride=2)
    assert (runtime.spec.clip_frames, runtime.spec.warmup_frames) == (6, 6)
    assert runtime.spec.fps == 5.0
    running = runtime.start()
    assert said(running, [1]) == [[1, 1, 1, 1, 1, 1]]


@pytest.mark.parametrize("choices", [{"hop": 0}, {"stride": 0}, {"hop": -3}])
def test_a_hop_or_stride_of_nothing_is_refused(choices):
    with pytest.raises(OptionError, match="at least 1"):
        WindowRuntime(Reader(), **choices)


def test_the_end_is_told_where_frames_have_come_since_the_last_prediction():
    running = WindowRuntime(Reader(), hop=3).start()
    assert running.finish() is None
    said(running, [1, 2, 3])
    assert running.finish() is None
    said(running, [4, 5])
    assert running.finish().tolist() == [2, 3, 4, 5]
    assert running.finish() is None


def test_a_picture_of_another_size_is_refused_and_forgotten():
    running = WindowRuntime(Reader(), hop=1).start()
    said(running, [1])
    with pytest.raises(FrameError, match=r"\[1, 3, 2, 2\]"):
        running.step(np.zeros((1, 3, 4, 4), np.float32))
    assert said(running, [2]) == [[1, 2, 1, 2]]


def test_a_state_of_another_window_is_refused():
    with pytest.raises(StateError, match="'clip'"):
        WindowRuntime(Reader()).start(WindowRuntime(Reader(), window=8).initial_state())


@settings(deadline=None, max_examples=60)
@given(
    window=st.integers(1, 6),
    hop=st.integers(1, 8),
    count=st.integers(0, 20),
    cut=st.integers(0, 20),
)
def test_a_state_saved_at_any_moment_continues_with_the_same_numbers(window, hop, count, cut):
    runtime = WindowRuntime(Reader(), window=window, hop=hop)
    numbers = range(1, count + 1)
    expected = said(runtime.start(), numbers)
    running = runtime.start()
    before = said(running, numbers[:cut])
    saved = state_from_bytes(state_to_bytes(running.state()))
    continued = runtime.start(saved)
    assert before + said(continued, numbers[cut:]) == expected
    seen = [0.0] * window if count == 0 else [float(n) for n in numbers[-window:]]
    whole = continued.state()["clip"][:, 0, 0, 0].tolist()
    assert whole[: len(seen)] == seen


class TestMotion:
    spec = replace(
        SPEC, preprocessing=Preprocessing(4, 4), flow=FlowInput(height=2, width=2, bound=255.0)
    )

    @staticmethod
    def picture(grey: int) -> np.ndarray:
        return np.full((1, 3, 4, 4), grey / 255, np.float32)

    @staticmethod
    def change(before, after):
        return np.stack([after.astype(np.float32) - before] * 2)

    def runtime(self, **choices) -> WindowRuntime:
        return WindowRuntime(
            Reader(self.spec), make_flow=lambda: self.change, **{"hop": 1, **choices}
        )

    def said(self, running, greys) -> list:
        answers = (running.step(self.picture(grey)) for grey in greys)
        return [None if a is None else np.rint(a * 255).astype(int).tolist() for a in answers]

    def test_the_first_picture_shows_no_motion(self):
        assert self.said(self.runtime().start(), [10, 30, 25]) == [
            None,
            [20, 20, 20, 20],
            [20, -5, 20, -5],
        ]

    def test_a_first_picture_that_is_black_counts(self):
        assert self.said(self.runtime().start(), [0, 7]) == [None, [7, 7, 7, 7]]

    @pytest.mark.parametrize("cut", [0, 1, 2, 3])
    def test_the_picture_before_is_part_of_the_state(self, cut):
        greys = [0, 9, 40, 41]
        running = self.runtime().start()
        before = self.said(running, greys[:cut])
        continued = self.runtime().start(state_from_bytes(state_to_bytes(running.state())))
        after = self.said(continued, greys[cut:])
        assert before + after == self.said(self.runtime().start(), greys)

    def test_each_stream_has_a_flow_of_its_own(self):
        made = []

        def make():
            made.append(object())
            return self.change

        runtime = WindowRuntime(Reader(self.spec), make_flow=make)
        one, other = runtime.start(), runtime.start()
        assert len(made) == 2
        assert one is not other

    def test_a_model_that_sees_motion_wants_a_flow(self):
        with pytest.raises(OptionError, match="sees motion"):
            WindowRuntime(Reader(self.spec))

    def test_a_window_is_full_one_picture_later(self):
        stream = Recognizer("motion", [self.runtime()]).stream(predict="grid")
        image = np.zeros((4, 4, 3), np.uint8)
        answers = [stream.push(image, i / 10) for i in range(6)]
        assert answers[0] is None
        assert [answer.warm_up for answer in answers[1:]] == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("entry", "value"),
    [("frames_seen", 5), ("frames_seen", -1), ("frames_seen", 0.5), ("frames_waited", 2)],
)
def test_a_state_that_cannot_be_is_refused(entry, value):
    runtime = WindowRuntime(Reader(), hop=2)
    state = {**runtime.initial_state(), entry: np.array([value], np.float32)}
    with pytest.raises(StateError, match="a window of 4 with a hop of 2 cannot"):
        runtime.start(state)


def frames(recognizer: Recognizer, count: int, fps: float = 20.0) -> list:
    stream = recognizer.stream()
    image = np.zeros((2, 2, 3), np.uint8)
    answers = [stream.push(image, i / fps) for i in range(count)]
    return [*answers, stream.finish()]


def test_a_stream_speaks_at_each_hop_of_the_models_own_rate_and_at_the_end():
    answers = frames(Recognizer("digits", [WindowRuntime(Reader(), hop=2)]), 19)
    spoken = [i for i, answer in enumerate(answers) if answer is not None]
    assert spoken == [2, 6, 10, 14, 18]
    first, *_, last = [answer for answer in answers if answer is not None]
    assert first.warm_up
    assert not last.warm_up
    assert (first.state_age, last.state_age) == (2, 10)
    assert (last.lanes, last.lanes_wanted) == (1, 1)


def test_what_comes_after_the_last_hop_is_told_when_the_stream_ends():
    answers = frames(Recognizer("digits", [WindowRuntime(Reader(), hop=4)]), 11)
    assert [i for i, answer in enumerate(answers) if answer is not None] == [6, 11]
    assert answers[11].time_s == pytest.approx(0.5)
    assert answers[11].frame_index == 10


def test_a_gap_between_predictions_is_told_with_the_next_one():
    stream = Recognizer("digits", [WindowRuntime(Reader(), hop=4)]).stream()
    image = np.zeros((2, 2, 3), np.uint8)
    for time_s in (0.0, 0.1):
        assert stream.push(image, time_s) is None
    answers = [stream.push(image, time_s) for time_s in (0.7, 0.8, 0.9, 1.0, 1.1)]
    told = [answer.gap_s for answer in answers if answer is not None]
    assert told[0] == pytest.approx(0.6)
    assert told[1:] == [0.0] * (len(told) - 1)


def digits(**choices):
    return Recognizer("digits", [WindowRuntime(Reader(), **choices)]).stream()


def shot(time_s: float, **facts) -> Frame:
    image = np.zeros((2, 2, 3), np.uint8)
    return Frame(image=image, index=0, captured_s=0.0, time_s=time_s, source="film", **facts)


def test_what_a_long_gap_ends_is_told_before_it_is_forgotten():
    stream = digits(hop=3)
    answers = [stream.push(shot(time_s)) for time_s in (0, 0.1, 0.2, 0.3, 5.0, 5.1)]
    told = [answer for answer in answers if answer is not None]
    assert [answer.time_s for answer in told] == [0.2, 0.3]
    assert [answer.state_age for answer in told] == [3, 4]
    assert stream.finish().state_age == 2


def test_where_frames_of_the_next_prediction_wait_none_is_made():
    stream = digits(hop=2)
    late = [shot(0.1 * i, behind_s=0.2) for i in range(4)]
    assert [stream.push(frame) for frame in late] == [None] * 4
    assert stream.late == 4
    assert stream.push(shot(0.4, behind_s=0.19)) is None
    answer = stream.push(shot(0.5))
    assert (answer.state_age, answer.warm_up) == (6, False)


def test_a_restored_stream_ends_as_the_saved_one():
    one, other = digits(hop=4), digits(hop=4)
    other.push(shot(99.0))
    for i in range(6):
        one.push(shot(i / 10))
    other.restore(one.save())
    ends = [stream.finish() for stream in (one, other)]
    assert ends[0].time_s == ends[1].time_s == 0.5
    np.testing.assert_array_equal(ends[0].scores, ends[1].scores)


def test_a_stream_that_was_reset_has_nothing_to_end():
    stream = digits(hop=4)
    stream.push(shot(0.0))
    stream.reset()
    assert stream.finish() is None
