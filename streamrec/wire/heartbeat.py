"""That a publisher lives, as a message."""

from streamrec.wire.fields import Count, Envelope, Finite, Positive


class HeartbeatMessage(Envelope, frozen=True, kw_only=True, tag="heartbeat"):
    """Sent at a steady rate under the source ``_system``, whatever cameras do.

    Attributes:
        sent_s: Unix time at which it was sent, seconds.
        started_s: Unix time at which the publisher was started, seconds.
        interval_s: seconds from one to the next.
        version: the publisher's version of streamrec.
        cameras, live: how many cameras there are, and how many of them send pictures.
        number: of the newest event message; null before the first. Who has heard of none so new
            has missed some.
    """

    sent_s: Finite
    started_s: Finite
    interval_s: Positive
    version: str
    cameras: Count
    live: Count
    number: Count | None
