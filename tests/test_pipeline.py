from dataclasses import replace

import numpy as np
import pytest
from tiny_models import clip_recognizer, recognizer

from streamrec.errors import SinkError, SourceReadError
from streamrec.pipeline import Summary, run
from streamrec.sinks.memory import MemorySink
from streamrec.sources.synthetic import Scene, SyntheticSource
from streamrec.types import Frame


class Screen:
    """A viewer that remembers what it was shown and is closed after so many frames."""

    def __init__(self, closes_after: float = float("inf")) -> None:
        self.closed = False
        self.shown = []
        self._closes_after = closes_after

    def show(self, frame, prediction) -> None:
        self.shown.append((frame.index, prediction))
        self.closed = len(self.shown) >= self._closes_after

    def close(self) -> None:
        self.closed = True


class Full(MemorySink):
    """A sink that fails after so many predictions."""

    def __init__(self, room: int, error: type[BaseException] = SinkError) -> None:
        super().__init__()
        self._room, self._error = room, error

    def emit(self, prediction, frame) -> None:
        if len(self.predictions) == self._room:
            raise self._error("full")
        super().emit(prediction, frame)


def film(seconds: float = 2.0) -> SyntheticSource:
    return SyntheticSource(Scene(width=32, height=32, seconds=seconds))


def stream(predict: str = "grid"):
    return recognizer().stream(predict=predict, declared_fps=30.0)


def test_every_sink_gets_every_prediction_in_order():
    sinks = [MemorySink(), MemorySink()]
    summary = run(film(), stream("frame"), sinks)
    for sink in sinks:
        assert [prediction.frame_index for prediction in sink.predictions] == list(range(60))
    assert (summary.frames, summary.predictions) == (60, 60)


def test_the_loop_gives_what_pushing_by_hand_gives():
    sink, by_hand = MemorySink(), stream()
    run(film(), stream(), [sink])
    expected = [said for frame in film() if (said := by_hand.push(frame))]
    assert len(expected) == len(sink.predictions) == 10
    for one, other in zip(sink.predictions, expected, strict=True):
        np.testing.assert_array_equal(one.scores, other.scores)


def test_a_viewer_sees_every_frame_with_the_latest_prediction():
    screen, sink = Screen(), MemorySink()
    run(film(), stream(), [sink], [screen])
    assert [index for index, _ in screen.shown] == list(range(60))
    for index, prediction in screen.shown:
        latest = [said for said in sink.predictions if said.frame_index <= index]
        assert prediction is latest[-1]


def test_a_viewer_that_is_closed_ends_the_run_and_the_others_have_seen_as_much():
    closing, other, sink = Screen(closes_after=7), Screen(), MemorySink()
    summary = run(film(), stream("frame"), [sink], [closing, other])
    assert len(closing.shown) == len(other.shown) == len(sink.predictions) == 7
    assert (summary.frames, summary.predictions) == (7, 7)


def test_an_endless_source_ends_with_its_viewer():
    assert run(film(float("inf")), stream(), [], [Screen(closes_after=40)]).frames == 40


@pytest.mark.parametrize("error", [SinkError, KeyboardInterrupt])
def test_an_error_of_a_sink_ends_the_run_and_the_summary_is_complete(error):
    summary = Summary()
    with pytest.raises(error):
        run(film(), stream("frame"), [MemorySink(), Full(5, error)], summary=summary)
    assert (summary.frames, summary.predictions) == (6, 5)
    assert summary.ended_s >= summary.started_s > 0
    assert summary.seconds >= 0


class Torn(SyntheticSource):
    """A source that fails after ten frames."""

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is not None and frame.index == 10:
            raise SourceReadError("the cable is out")
        return frame


def test_an_error_of_the_source_comes_after_what_it_gave():
    sink, summary = MemorySink(), Summary()
    with pytest.raises(SourceReadError, match="the cable is out"):
        run(Torn(Scene(width=32, height=32)), stream("frame"), [sink], summary=summary)
    assert len(sink.predictions) == summary.frames == 10
    assert summary.ended_s > 0


class Hurried(SyntheticSource):
    """Loses two of three frames, and once a second and a half."""

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is None:
            return None
        late_s = 1.5 if frame.index >= 30 else 0.0
        return Frame(
            image=frame.image,
            index=frame.index * 3,
            captured_s=frame.captured_s,
            time_s=frame.time_s * 3 + late_s,
            source="hurried",
            dropped=2 if frame.index else 0,
        )


def test_the_summary_counts_drops_and_resets():
    sink = MemorySink()
    summary = run(Hurried(Scene(width=32, height=32, seconds=2.0)), stream("frame"), [sink])
    last = sink.predictions[-1]
    assert summary.dropped == last.dropped == 2 * 59
    assert summary.resets == last.resets == 1
    assert summary.repeated == last.repeated == 0


class Delayed(SyntheticSource):
    """Every second frame is of an hour ago; the first, which is a cut, too."""

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is None or frame.index % 2:
            return frame
        return replace(frame, captured_s=frame.captured_s - 3600, cut=frame.index == 0)


def test_frames_that_are_too_old_are_left_out_and_counted():
    class Seeing:
        def push(self, picture: Frame) -> None:
            seen.append((picture.index, picture.dropped, picture.cut))

        def finish(self) -> None:
            return None

    seen = []
    source = Delayed(Scene(width=32, height=32, seconds=0.2))
    summary = run(source, Seeing(), [], max_delay_s=2.0)
    assert seen == [(1, 1, True), (3, 1, False), (5, 1, False)]
    assert (summary.frames, summary.old) == (3, 3)


def test_latencies_are_percentiles_in_milliseconds():
    assert Summary().latency_ms(95) == 0.0
    summary = run(film(), stream("frame"), [MemorySink()])
    assert len(summary.latencies_ms) == 60
    assert 0 < summary.latency_ms(5) <= summary.latency_ms(50) <= summary.latency_ms(95)


def test_an_empty_source_gives_an_empty_summary():
    source = film()
    source.close()
    summary = run(source, stream(), [MemorySink()])
    assert (summary.frames, summary.predictions) == (0, 0)
    assert summary.ended_s >= summary.started_s


def test_the_loop_leaves_sources_and_sinks_to_their_owner():
    sink, screen = MemorySink(), Screen()
    run(film(0.1), stream(), [sink], [screen])
    assert not sink.closed
    assert not screen.closed


def test_what_is_due_at_the_end_is_emitted_too():
    sink, screen = MemorySink(), Screen()
    windows = clip_recognizer(hop=4).stream(declared_fps=30.0)
    summary = run(film(), windows, [sink], [screen])
    assert [prediction.state_age for prediction in sink.predictions] == [4, 8, 10]
    assert (summary.frames, summary.predictions) == (60, 3)
    assert sink.predictions[-1].frame_index == 59


def test_a_source_without_frames_ends_without_a_word():
    source, sink = film(), MemorySink()
    source.close()
    assert run(source, clip_recognizer().stream(), [sink]).predictions == 0
    assert sink.predictions == []
