"""A model before a camera: pictures in, answers and events out, as in the product.

All that it remembers is a value, so that an hour of background is watched once and every clip
begins from there. The clock is the pictures': it is neither read nor waited for.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from streamrec.config import StreamOptions
from streamrec.evaluation.live_footage import Footage, Shot
from streamrec.event_state import EventState
from streamrec.events import EventDetector
from streamrec.recognizer import Recognizer
from streamrec.smoothing import make_smoother
from streamrec.types import ActionEvent, EventEnd, EventPhase, Frame, Prediction


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of a stream, as a value.

    Attributes:
        stream: of the model and the smoothing; see ``streamrec.recognizer.Stream.save``.
        events: of the events.
        time_s: when the next piece begins, seconds from the beginning of the stream.
        frames: pictures so far.
        alarms: events that have begun so far.
    """

    stream: bytes
    events: EventState
    time_s: float
    frames: int
    alarms: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said after a picture.

    Attributes:
        time_s: when that was, seconds from the beginning of the stream.
        best: the best class after smoothing.
        open: labels of the events that go on.
    """

    time_s: float
    best: int
    open: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Span:
    """An action, or an event: a label, and from when to when, seconds."""

    label: str
    start_s: float
    end_s: float


class LiveStream:
    """One stream, from its beginning.

    Args:
        recognizer: the model.
        detector: what makes events of its answers.
        options: how pictures become predictions.

    Attributes:
        time_s: when the next piece begins, seconds.
        spans: the events that have ended, in that order.
    """

    def __init__(
        self, recognizer: Recognizer, detector: EventDetector, options: StreamOptions
    ) -> None:
        smoother = make_smoother(options.smooth, options.smooth_seconds)
        self._stream = recognizer.stream(predict=options.predict, smoother=smoother)
        self._detector, self._events = detector, detector.initial()
        self._frames = self._alarms = 0
        self.time_s = 0.0
        self.spans: list[Span] = []

    def play(self, footage: Footage) -> list[Answer]:
        """Show a piece, and let its time pass; return what is said meanwhile."""
        answers = [self.show(Shot(self.time_s + s.time_s, s.image)) for s in footage.shots]
        self.time_s += footage.duration_s
        return [answer for answer in answers if answer is not None]

    def show(self, shot: Shot) -> Answer | None:
        """Show a picture at a time of the stream; None: nothing is said after it."""
        frame = Frame(
            image=shot.image,
            index=self._frames,
            captured_s=shot.time_s,
            time_s=shot.time_s,
            source="live",
        )
        self._frames += 1
        prediction = self._stream.push(frame)
        return None if prediction is None else self._answer(prediction)

    def end(self) -> None:
        """End all events that go on."""
        events, self._events = self._detector.end(EventEnd.SHUTDOWN, self._events)
        self._note(events)

    def save(self, time_s: float) -> Memory:
        """Return all that is remembered; the next piece begins at ``time_s``."""
        return Memory(self._stream.save(), self._events, time_s, self._frames, self._alarms)

    def restore(self, memory: Memory) -> None:
        """Go on from there, as if nothing had been played since."""
        self._stream.restore(memory.stream)
        self._events, self.time_s = memory.events, memory.time_s
        self._frames, self._alarms = memory.frames, memory.alarms
        self.spans = []

    def _answer(self, prediction: Prediction) -> Answer:
        events, self._events = self._detector.step(prediction, self._events)
        self._note(events)
        labels = frozenset(one.start.label for one in self._events.open.values())
        return Answer(prediction.time_s, int(prediction.scores.argmax()), labels)

    def _note(self, events: Iterable[ActionEvent]) -> None:
        for event in events:
            self._alarms += event.phase is EventPhase.START
            if event.ended_s is not None:
                self.spans.append(Span(event.label, event.started_s, event.ended_s))
