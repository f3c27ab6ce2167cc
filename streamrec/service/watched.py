"""One camera of a worker: its frames, its stream of predictions, its events, what is counted."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Protocol

from streamrec.events import AWAY, SILENCE_S, EventDetector, EventTracker
from streamrec.footage.recorder import Recorder
from streamrec.motion import MotionGate
from streamrec.recognizer import Recognizer
from streamrec.sampling import Reset
from streamrec.service.meter import Meter
from streamrec.service.settings import CameraSettings
from streamrec.smoothing import make_smoother
from streamrec.sources.base import Source
from streamrec.sources.persistent import OnSnapshot
from streamrec.types import (
    ActionEvent,
    CameraState,
    CameraStatus,
    EventEnd,
    Frame,
    Prediction,
    StreamSpec,
    now_s,
)
from streamrec.wire import PredictionMessage, message_of

KEPT_FRAMES = 256
"""Frames that wait for a model that sees windows while it looks at one."""

Publish = Callable[[PredictionMessage, float], None]
"""Takes a message that has no number yet, and the Unix time at which it was ready."""

Happen = Callable[[ActionEvent], None]
"""Takes an event that begins, goes on or ends."""


def event_tracker(settings: CameraSettings, spec: StreamSpec) -> EventTracker:
    """Return what makes events of a camera's predictions.

    Raises:
        OptionError: the settings name labels that the model does not have.
    """
    return EventTracker(EventDetector(spec.labels, settings.events, prediction_s(settings, spec)))


def prediction_s(settings: CameraSettings, spec: StreamSpec) -> float:
    """Return the seconds between two predictions that are looked for events."""
    rate = settings.camera.rate
    own_s = spec.hop_s if spec.windowed else 1 / spec.fps
    return max(own_s, 1 / rate if rate else 0.0)


class LiveSource(Source, Protocol):
    """A source that can be asked whether ``read`` would wait, and for a picture."""

    @property
    def waiting(self) -> bool:
        """Whether ``read`` returns at once."""

    def snapshot(self, answer: OnSnapshot) -> None:
        """Have ``answer`` called with the next picture as JPEG, or with why there is none."""


class Watched:
    """A camera that is being watched.

    Args:
        settings: how.
        recognizer: its model.
        source: where its frames come from.
        told: statuses, as the source's own thread puts them there.
        top: how many classes a message names.
        events: makes events of its predictions; ``happen``: takes them.
        recorder: keeps thumbnails and clips of them.

    Attributes:
        recorder: as above.
        due_s: when its next turn is due, on a clock that only the turns of all cameras move: who is
            due first is served first.
    """

    def __init__(
        self,
        settings: CameraSettings,
        recognizer: Recognizer,
        source: LiveSource,
        told: "SimpleQueue[CameraStatus]",
        top: int,
        events: EventTracker,
        happen: Happen,
        recorder: Recorder,
    ) -> None:
        self.settings, self.source = settings, source
        self.due_s = 0.0
        self._spec, self._told, self._top = recognizer.spec, told, top
        self._events, self._happen, self.recorder = events, happen, recorder
        self._state, self._seen_s = CameraState.CONNECTING, time.monotonic()
        self._stream = recognizer.stream(
            settings.name,
            predict=settings.stream.predict,
            smoother=make_smoother(settings.stream.smooth, settings.stream.smooth_seconds),
            declared_fps=recognizer.spec.fps if settings.stream.predict == "grid" else None,
        )
        motion = settings.camera.motion
        self._gate = MotionGate(motion) if motion else None
        self._counts: Counter[str] = Counter()
        self._left_out: Frame | None = None
        self._ask_s = 0.0
        self._last: Prediction | None = None
        self._ended = False
        self._meter = Meter(time.monotonic())
        if self._spec.windowed:
            source.keep(KEPT_FRAMES)

    @property
    def waiting(self) -> bool:
        """Whether there is something to serve."""
        return not self._ended and self.source.waiting

    def serve(self, publish: Publish) -> None:
        """Take the frame that waits; publish what the model says to it, and what follows from it.

        Raises:
            SourceError, ModelError, FrameError: as the source and the model raise them.
        """
        frame = self.source.read()
        if frame is None:
            self._ended = True
            self._tell(self._events.end(EventEnd.SHUTDOWN))
            return
        self._seen_s = time.monotonic()
        self._counts["late"] += frame.dropped
        if self._left_out is not None:
            frame, self._left_out = frame.after(self._left_out), None
        if self._too_old(frame):
            self._counts["old"] += 1
            self._left_out = frame
            return
        prediction = self._look(frame)
        if prediction is not None or not self._spec.windowed:
            self.due_s += self._turn_s()
        if prediction is not None:
            self._last = prediction
            self._counts["predictions"] += 1
            self._meter.count(time.monotonic())
            self._tell(self._events.take(prediction))
            publish(self._message(prediction), prediction.ready_s)

    def statuses(self) -> list[CameraStatus]:
        """Return what the source has told since the last call, with what is known here.

        Where the source is away, or gives no frames, its events end.
        """
        statuses: list[CameraStatus] = []
        with suppress(Empty):
            while True:
                status = self._told.get_nowait()
                self._state = status.state
                self._tell(self._events.told(status.state))
                if status.state in AWAY:
                    self.recorder.finish()
                statuses.append(self._complete(status))
        self._end_in_silence()
        return statuses

    def failed(self) -> int:
        """Begin anew after an error of the model; return how many there were."""
        self.due_s += self._turn_s()
        self._counts["failures"] += 1
        self._stream.reset(Reset.MODEL)
        self._tell(self._events.end(EventEnd.RESET))
        return self._counts["failures"]

    def snapshot(self, answer: OnSnapshot) -> None:
        """Ask for the next picture."""
        self.source.snapshot(answer)

    def close(self, reason: EventEnd) -> None:
        """Stop watching; ``reason``: what its events end for."""
        self._tell(self._events.end(reason))
        self.recorder.finish()
        self.source.close()

    def _too_old(self, frame: Frame) -> bool:
        """Models that see windows look at every frame before they say something."""
        limit_s = self.settings.capture.max_delay
        return not self._spec.windowed and now_s() - frame.captured_s > limit_s

    def _look(self, frame: Frame) -> Prediction | None:
        last = self._last
        moved = self._gate is None or self._gate.push(frame.image, frame.time_s)
        if not moved and last is not None and not last.warm_up and not frame.cut:
            return self._hold(frame)
        return self._stream.push(frame, ask=self._asked(frame.captured_s))

    def _hold(self, frame: Frame) -> Prediction | None:
        self._counts["still"] += 1
        prediction = self._stream.hold(frame)
        if prediction is None:
            self._tell(self._events.idle(frame.time_s))
        return prediction

    def _end_in_silence(self) -> None:
        """End what is open while no frame comes, as where all pictures are withheld for a defect.

        The next frame would end it just then.
        """
        if not self.waiting and time.monotonic() - self._seen_s > SILENCE_S:
            stalled = self._state is CameraState.STALLED
            self._tell(self._events.end(EventEnd.LOST if stalled else EventEnd.RESET))
            self.recorder.finish()

    def _tell(self, events: Iterable[ActionEvent]) -> None:
        for event in events:
            self._happen(event)
            self.recorder.event(event)

    def _asked(self, captured_s: float) -> bool:
        """Whether a prediction is wanted of a frame, at the rate that the settings allow."""
        rate = self.settings.camera.rate
        if not rate:
            return True
        early_s, wait_s = 0.5 * self._frame_s(), self._ask_s - captured_s
        if early_s < wait_s <= early_s + 1 / rate:  # longer: the clock was set back
            return False
        in_time = abs(wait_s) <= early_s
        self._ask_s = (self._ask_s if in_time else captured_s - early_s) + 1 / rate
        return True

    def _frame_s(self) -> float:
        """Seconds between frames that the model is given."""
        lanes = self._last.lanes_wanted if self._last else 1
        return 1 / (self._spec.fps * lanes)

    def _turn_s(self) -> float:
        """Seconds that a turn is worth; where a model sees windows, a prediction."""
        return self._spec.hop_s if self._spec.windowed else self._frame_s()

    def _period_s(self) -> float:
        """Seconds between predictions."""
        if self._spec.windowed:
            return self._spec.hop_s
        rate = self.settings.camera.rate
        return max(self._frame_s(), 1 / rate if rate else 0.0)

    def _message(self, prediction: Prediction) -> PredictionMessage:
        least, action = self.settings.camera.min_score, self._events.action
        return message_of(prediction, 0, "", self._top, min_score=least, action=action)

    def _complete(self, status: CameraStatus) -> CameraStatus:
        resets = self._stream.resets
        reasons = {f"resets_{reason}": resets[reason] for reason in Reset}
        files = self.recorder.counts
        counts = {**status.counts, **self._counts, "resets": resets.total(), **reasons, **files}
        return replace(
            status,
            model=self._spec.name,
            predictions_hz=self._meter.hz(time.monotonic()),
            wanted_hz=1 / self._period_s(),
            counts=counts,
        )
