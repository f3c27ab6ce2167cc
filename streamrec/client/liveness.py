"""Whether a publisher lives, by what is heard of it."""

from collections.abc import Callable

MISSED_INTERVALS = 3
"""After so many heartbeats that did not come a publisher is taken for dead."""

ASSUMED_INTERVAL_S = 1.0
"""Between heartbeats, until one says otherwise."""


class Liveness:
    """Alive while anything is heard at least every three intervals between heartbeats.

    Args:
        now_s: monotonic seconds; likewise below.
        tell: called with each change, also from not known to what it is.

    Attributes:
        alive: None while nothing has been heard, and the time for it has not passed either.
    """

    def __init__(self, now_s: float, tell: Callable[[bool], None] | None = None) -> None:
        self.alive: bool | None = None
        self._tell, self._heard_s, self._interval_s = tell, now_s, ASSUMED_INTERVAL_S

    def hear(self, now_s: float, interval_s: float | None = None) -> None:
        """Something has come; a heartbeat says when the next one will, in seconds."""
        self._heard_s = now_s
        if interval_s is not None:
            self._interval_s = interval_s
        self._become(True)

    def look(self, now_s: float) -> None:
        """Nothing waits to be read."""
        if now_s - self._heard_s > MISSED_INTERVALS * self._interval_s:
            self._become(False)

    def _become(self, alive: bool) -> None:
        if alive is not self.alive:
            self.alive = alive
            if self._tell is not None:
                self._tell(alive)
