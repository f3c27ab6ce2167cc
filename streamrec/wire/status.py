"""How it stands with live sources, as messages."""

from streamrec.types import CameraState, CameraStatus, Defect, now_s
from streamrec.wire.fields import Count, Envelope, Finite, Positive, rounded
from streamrec.wire.topics import source_name


class StatusMessage(Envelope, frozen=True, kw_only=True, tag="status"):
    """How it stands with a live source, sent when that changes and to each new subscriber.

    Attributes:
        sent_s: Unix time at which it was said, seconds: long ago where nothing has changed since.
        state: ``connecting``, ``live``, ``stalled`` (frames stay away), ``lost``, ``backing-off``
            (waiting for the next attempt) or ``disabled``.
        since_s: Unix time since which it is in that state, seconds.
        reason: why, in words for people; may be empty.
        attempt: connections that failed in a row.
        retry_s: Unix time of the next attempt, seconds; null where none is due.
        defect: why its pictures are not shown to the model: ``frozen``, ``black``, ``grey`` or
            ``corrupt``; null where nothing is wrong with them.
        width, height: of its pictures, pixels; 0 before the first.
        fps: frames per second as they come; null before it is known.
        lag_ms: how much longer the newest frame took to get here than the fastest one did.
        model: what watches it; empty where nothing does.
        predictions_hz, wanted_hz: predictions a second, and how many there would be if the
            publisher's machine were fast enough; null before they are known.
        counts: what happened so far, by name: ``streamrec.sources.counts``,
            ``streamrec.service.counts``.
    """

    sent_s: Finite
    state: CameraState
    since_s: Finite
    reason: str
    attempt: Count
    retry_s: Finite | None
    defect: Defect | None
    width: Count
    height: Count
    fps: Positive | None
    lag_ms: Positive
    model: str
    predictions_hz: Positive | None
    wanted_hz: Positive | None
    counts: dict[str, Count]


def status_message_of(status: CameraStatus, sequence: int = 0, session: str = "") -> StatusMessage:
    """Return the message for a status, said now.

    Times are rounded to microseconds, rates and the delay to 3 decimals.

    Args:
        status: how it stands.
        sequence: number of the message in its topic.
        session: the publisher's session.
    """
    return StatusMessage(
        sequence=sequence,
        session=session,
        source=source_name(status.source),
        sent_s=round(now_s(), 6),
        state=status.state,
        since_s=round(status.since_s, 6),
        reason=status.reason,
        attempt=status.attempt,
        retry_s=rounded(status.retry_s, 6),
        defect=status.defect,
        width=status.width,
        height=status.height,
        fps=rounded(status.fps, 3),
        lag_ms=round(status.lag_ms, 3),
        model=status.model,
        predictions_hz=rounded(status.predictions_hz, 3),
        wanted_hz=rounded(status.wanted_hz, 3),
        counts=dict(status.counts),
    )
