"""Events as messages."""

from streamrec.types import ActionEvent, EventEnd, EventPhase
from streamrec.wire.fields import (
    Count,
    Envelope,
    Finite,
    Positive,
    Probability,
    probability,
    rounded,
)
from streamrec.wire.topics import source_name


class EventMessage(Envelope, frozen=True, kw_only=True, tag="event"):
    """The start of an action, its state now and then, or its end.

    Attributes:
        number: of all events of a service and its store, ever rising, also over restarts; what
            replay begins after. Unix time in microseconds, unless that would not rise.
        previous: number of the event message before this one, of any source; null where that is
            not known, as it is after a start. Who has heard that one has missed none in between.
        id: the same for all messages of one event, and for no other event.
        label: the class, or the alias of several.
        phase: ``start``, ``update`` or ``end``; each start has its end.
        model: the model's name.
        started_s: Unix time of the capture of its first frame, seconds.
        pts_s: media time of that frame, seconds; null where the source has none.
        captured_s: Unix time of the capture of the newest frame that was looked at, seconds.
        ended_s: Unix time of the capture of its last frame, seconds; null while it is open.
        duration_s: how long it has been, on the clock of the frames, seconds.
        score, peak, mean: smoothed score of its label: the newest one, the highest one, the mean.
        peak_s: Unix time of the capture of the frame with the highest score, seconds.
        predictions: how many predictions it is made of.
        reason: why it ended: ``score``, ``label``, ``reset``, ``still``, ``lost``, ``disabled``,
            ``failed``, ``shutdown`` or ``interrupted``; null while it is open.
    """

    number: Count
    previous: Count | None = None
    id: str
    label: str
    phase: EventPhase
    model: str
    started_s: Finite
    pts_s: Finite | None
    captured_s: Finite
    ended_s: Finite | None
    duration_s: Positive
    score: Probability
    peak: Probability
    peak_s: Finite
    mean: Probability
    predictions: Count
    reason: EventEnd | None


def event_message_of(
    event: ActionEvent,
    number: int = 0,
    sequence: int = 0,
    session: str = "",
    previous: int | None = None,
) -> EventMessage:
    """Return the message for an event.

    Scores are rounded to 6 decimals, times to microseconds.

    Args:
        event: what happened.
        number: of all events of a service, ever rising.
        sequence: number of the message in its topic.
        session: the publisher's session.
        previous: number of the event message before this one.
    """
    return EventMessage(
        sequence=sequence,
        session=session,
        source=source_name(event.source),
        number=number,
        previous=previous,
        id=event.id,
        label=event.label,
        phase=event.phase,
        model=event.model,
        started_s=round(event.started_s, 6),
        pts_s=rounded(event.pts_s, 6),
        captured_s=round(event.captured_s, 6),
        ended_s=rounded(event.ended_s, 6),
        duration_s=round(event.duration_s, 6),
        score=probability(event.score),
        peak=probability(event.peak),
        peak_s=round(event.peak_s, 6),
        mean=probability(event.mean),
        predictions=event.predictions,
        reason=event.reason,
    )
