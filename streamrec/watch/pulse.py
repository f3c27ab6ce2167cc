"""Whether the publisher lives, by its heartbeats."""

from streamrec.client.liveness import MISSED_INTERVALS
from streamrec.wire import HeartbeatMessage, Message


class Pulse:
    """When the publisher was heard last; one that sends no heartbeats is never called silent."""

    def __init__(self) -> None:
        self._heard_s = 0.0
        self._interval_s: float | None = None

    def take(self, message: Message, now_s: float) -> None:
        """Remember that a message came at ``now_s``, on the clock of ``time.monotonic``."""
        self._heard_s = now_s
        if isinstance(message, HeartbeatMessage):
            self._interval_s = message.interval_s

    def silence(self, now_s: float) -> str:
        """Return for how long nothing has come, in words; nothing where that is as it should be."""
        silent_s = now_s - self._heard_s
        if self._interval_s is None or silent_s <= MISSED_INTERVALS * self._interval_s:
            return ""
        return f"publisher silent for {silent_s:.0f} s"
