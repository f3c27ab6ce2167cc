"""What is known and counted of one camera."""

from bisect import bisect_left
from collections import Counter

from streamrec.types import CameraState, CameraStatus, EventPhase, Prediction
from streamrec.wire import EventMessage, PredictionMessage

DELAYS_S = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0)
"""Upper bounds of the delays that are told apart, seconds."""

MOST_LABELS = 600
"""So many labels of a camera's events are told apart, as many as the largest models have."""

OTHER = "other"
"""What further ones are counted as."""

STAGES = {
    "decode": "capture_ms",
    "queue": "queue_ms",
    "preprocess": "preprocess_ms",
    "inference": "infer_ms",
}
"""Where the time of a prediction goes, and the fields of its latency that say so."""


class CameraFigures:
    """What is known and counted of one camera.

    Attributes:
        status: what was told last; None: nothing has been.
        tried: whether a connection has been tried, or need not be.
        captured_s: Unix time of the capture of the newest frame with a prediction, seconds.
        predictions: by model.
        delays: predictions by delay from capture to publication; the last for longer ones.
        delay_s: sum of these delays, seconds.
        stages_s: sum of the time that predictions spent in each stage, seconds.
        skipped: grid points without a frame, because the machine was late.
        open: ids of events that are open.
        started, ended: events by label, and by the reason of their end.
    """

    def __init__(self) -> None:
        self.status: CameraStatus | None = None
        self.tried = False
        self.captured_s: float | None = None
        self.predictions: Counter[str] = Counter()
        self.delays = [0] * (len(DELAYS_S) + 1)
        self.delay_s = 0.0
        self.stages_s = dict.fromkeys(STAGES, 0.0)
        self.skipped = self._stream_skipped = 0
        self.open: set[str] = set()
        self.started: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()

    def told(self, status: CameraStatus) -> None:
        """Take how it stands with it."""
        counts = status.counts
        tried = status.attempt or counts.get("connections") or counts.get("losses")
        self.tried |= status.state is not CameraState.CONNECTING or bool(tried)
        self.status = status
        if status.model:
            self.predictions[status.model] += 0  # so that a rate of none can be told

    def predicted(self, prediction: Prediction | PredictionMessage, now_s: float) -> None:
        """Count a prediction that is published now; ``now_s``: Unix time."""
        self.captured_s = prediction.captured_s
        self.predictions[prediction.model] += 1
        delay_s = max(0.0, now_s - prediction.captured_s)
        self.delays[bisect_left(DELAYS_S, delay_s)] += 1
        self.delay_s += delay_s
        for stage, field in STAGES.items():
            self.stages_s[stage] += getattr(prediction.latency, field) / 1e3
        begun_anew = prediction.skipped < self._stream_skipped
        self.skipped += prediction.skipped - (0 if begun_anew else self._stream_skipped)
        self._stream_skipped = prediction.skipped

    def happened(self, event: EventMessage) -> None:
        """Count the start or the end of an event."""
        if event.phase is EventPhase.START and event.id not in self.open:
            self.open.add(event.id)
            told_apart = event.label in self.started or len(self.started) < MOST_LABELS
            self.started[event.label if told_apart else OTHER] += 1
        elif event.phase is EventPhase.END:
            self.open.discard(event.id)
            self.ended[str(event.reason or OTHER)] += 1
