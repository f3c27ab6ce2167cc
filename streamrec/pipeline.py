"""The loop: read, recognise, emit. Knows nothing of cameras, networks or sockets."""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from streamrec.sinks.base import Sink, Viewer
from streamrec.sources.base import Source
from streamrec.types import Frame, Prediction, now_s

_LATENCIES_KEPT = 10_000


class Recognizing(Protocol):
    """What the loop needs of a stream."""

    def push(self, picture: Frame) -> Prediction | None:
        """Take the next frame."""

    def finish(self) -> Prediction | None:
        """Return the prediction at the end of the stream, where one is due."""


@dataclass(slots=True)
class Summary:
    """What happened in a run.

    Attributes:
        frames, predictions: how many were read and made.
        dropped, skipped: frames that were discarded, and grid points left without one, because
            this machine was late.
        old: of the dropped ones, those that were too old when their turn came.
        repeated, resets: gaps bridged, and gaps too long to be.
        started_s, ended_s: Unix time.
        latencies_ms: capture to publish, milliseconds, of the latest predictions.
    """

    frames: int = 0
    predictions: int = 0
    dropped: int = 0
    skipped: int = 0
    old: int = 0
    repeated: int = 0
    resets: int = 0
    started_s: float = 0.0
    ended_s: float = 0.0
    latencies_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_LATENCIES_KEPT))

    def count(self, prediction: Prediction) -> None:
        """Add a prediction that has just been emitted."""
        self.predictions += 1
        self.dropped, self.skipped = prediction.dropped, prediction.skipped
        self.repeated, self.resets = prediction.repeated, prediction.resets
        emit_ms = (now_s() - prediction.ready_s) * 1e3
        self.latencies_ms.append(prediction.latency.total_ms + emit_ms)

    def latency_ms(self, percent: float) -> float:
        """Return a percentile of the latency, milliseconds; 0.0 before the first prediction."""
        if not self.latencies_ms:
            return 0.0
        return float(np.percentile(np.asarray(self.latencies_ms), percent))

    @property
    def seconds(self) -> float:
        """How long the run took."""
        return self.ended_s - self.started_s


def run(
    source: Source,
    stream: Recognizing,
    sinks: Sequence[Sink],
    viewers: Sequence[Viewer] = (),
    *,
    max_delay_s: float = math.inf,
    summary: Summary | None = None,
) -> Summary:
    """Read ``source`` to its end, or until a viewer is closed.

    Args:
        source: where frames come from.
        stream: what recognises.
        sinks: each gets every prediction.
        viewers: each gets every frame, with the latest prediction.
        max_delay_s: leave out frames that are older than this when their turn comes.
        summary: filled while the loop runs, so that it is there if the loop is interrupted.

    Raises:
        StreamrecError: the source, the model or an output failed.
    """
    summary = summary or Summary()
    latest: Prediction | None = None
    summary.started_s = now_s()
    try:
        last: Frame | None = None
        for frame in _timely(source, max_delay_s, summary):
            last = frame
            prediction = stream.push(frame)
            summary.frames += 1
            if prediction is not None:
                latest = prediction
                _emit(prediction, frame, sinks, summary)
            for viewer in viewers:
                viewer.show(frame, latest)
            if any(viewer.closed for viewer in viewers):
                break
        if last is not None and (prediction := stream.finish()) is not None:
            _emit(prediction, last, sinks, summary)
    finally:
        summary.ended_s = now_s()
    return summary


def _timely(source: Source, max_delay_s: float, summary: Summary) -> Iterator[Frame]:
    """Yield the frames that are not too old; each counts those that were left out before it."""
    lost: Frame | None = None
    for frame in source:
        following = frame if lost is None else frame.after(lost)
        if now_s() - frame.captured_s <= max_delay_s:
            lost = None
            yield following
        else:
            summary.old += 1
            lost = following


def _emit(prediction: Prediction, frame: Frame, sinks: Sequence[Sink], summary: Summary) -> None:
    for sink in sinks:
        sink.emit(prediction, frame)
    summary.count(prediction)
