"""The newest small pictures of a camera."""

from collections import deque
from typing import NamedTuple

RING_BYTES = 32 << 20
"""Of pictures that are held for one camera at most: 2 min of 360 rows, ten a second."""


class Shot(NamedTuple):
    """A picture as JPEG, and when it was captured: Unix time in seconds."""

    captured_s: float
    jpeg: bytes


class Ring:
    """Holds pictures for some seconds, or for as long as somebody needs them.

    Args:
        seconds: how long.
        most_bytes: beyond which the oldest go in any case, but for the newest one. What nobody
            needs yet takes half of that, so that there is room for what is to come.
    """

    def __init__(self, seconds: float, most_bytes: int = RING_BYTES) -> None:
        self._seconds, self._most_bytes = seconds, most_bytes
        self._shots: deque[Shot] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._shots)

    def has_room(self, shot: Shot) -> bool:
        """Tell whether a picture can be held without that an older one goes for its size."""
        return self._bytes + len(shot.jpeg) <= self._most_bytes

    def push(self, shot: Shot) -> None:
        """Take a picture in; a clock that was set back begins anew."""
        if self._shots and shot.captured_s < self._shots[-1].captured_s:
            self.clear()
        self._shots.append(shot)
        self._bytes += len(shot.jpeg)
        while self._bytes > self._most_bytes and len(self._shots) > 1:
            self._drop()

    def let_go(self, needed_s: float) -> None:
        """Let go of what is too old or too much, but of nothing captured since ``needed_s``."""
        while len(self._shots) > 1 and self._shots[0].captured_s < needed_s:
            old = self._shots[0].captured_s < self._shots[-1].captured_s - self._seconds
            if not old and self._bytes <= self._most_bytes // 2:
                return
            self._drop()

    def between(self, from_s: float, until_s: float) -> list[Shot]:
        """Return what was captured in this time, oldest first."""
        return [shot for shot in self._shots if from_s <= shot.captured_s <= until_s]

    def nearest(self, captured_s: float) -> Shot | None:
        """Return the picture that was captured nearest to this time, if there is any."""
        return min(self._shots, key=lambda shot: abs(shot.captured_s - captured_s), default=None)

    def clear(self) -> None:
        """Let go of all."""
        self._shots.clear()
        self._bytes = 0

    def _drop(self) -> None:
        self._bytes -= len(self._shots.popleft().jpeg)
