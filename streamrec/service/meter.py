"""How often something happens, over the last seconds."""

from collections import deque

SPAN_S = 10.0
"""Long enough to be steady at one a second, short enough to see a machine slow down."""


class Meter:
    """Counts events by the time they happened at, in seconds of any clock."""

    def __init__(self, started_s: float) -> None:
        self._started_s = started_s
        self._times_s: deque[float] = deque()

    def count(self, time_s: float) -> None:
        """Note one event."""
        self._times_s.append(time_s)
        self._forget(time_s)

    def hz(self, time_s: float) -> float | None:
        """Return events a second as of ``time_s``; None before a span has passed."""
        if time_s - self._started_s < SPAN_S:
            return None
        self._forget(time_s)
        return len(self._times_s) / SPAN_S

    def _forget(self, time_s: float) -> None:
        while self._times_s and self._times_s[0] <= time_s - SPAN_S:
            self._times_s.popleft()
