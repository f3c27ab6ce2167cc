"""What a model takes for an event is recorded under its label."""

from typing import NamedTuple

from streamrec.collecting.labels import folder_name
from streamrec.collecting.recorder import Recorder
from streamrec.collecting.shelf import Clip
from streamrec.events import Events, EventTracker
from streamrec.recognizer import Stream
from streamrec.types import CameraState, EventEnd, EventPhase, Frame

_SEEN_OUT = (EventEnd.SCORE, EventEnd.LABEL, EventEnd.STILL)


class _Begun(NamedTuple):
    clip: Clip
    started_s: float


class EventClips:
    """Begins and ends clips as events do.

    Args:
        stream: recognises.
        tracker: makes events of that.
        recorder: records them; it takes each frame first.
        after_s: seconds that a clip goes on after its event; ``before_s``: that it begins earlier.
    """

    def __init__(
        self,
        stream: Stream,
        tracker: EventTracker,
        recorder: Recorder,
        *,
        before_s: float,
        after_s: float,
    ) -> None:
        self._stream, self._tracker, self._recorder = stream, tracker, recorder
        self._before_s, self._after_s = before_s, after_s
        self._begun: dict[str, _Begun] = {}

    def take(self, frame: Frame) -> None:
        """Look at the next frame."""
        prediction = self._stream.push(frame)
        if prediction is not None:
            self._happened(self._tracker.take(prediction), prediction.time_s)

    def told(self, state: CameraState) -> None:
        """Take how it stands with the camera."""
        self._happened(self._tracker.told(state), 0.0)

    def _happened(self, events: Events, now_s: float) -> None:
        for event in events:
            if event.phase is EventPhase.START:
                started_s = now_s - event.duration_s
                clip = self._recorder.begin(folder_name(event.label), started_s - self._before_s)
                self._begun[event.id] = _Begun(clip, started_s)
            elif event.phase is EventPhase.END:
                clip, started_s = self._begun.pop(event.id)
                after_s = self._after_s if event.reason in _SEEN_OUT else 0.0
                self._recorder.end(clip, started_s + event.duration_s + after_s)
