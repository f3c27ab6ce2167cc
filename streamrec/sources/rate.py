"""The rate at which a live source sends frames, and whether it has changed."""

from statistics import median

MEASURED_OVER = 50
"""Intervals between frames; the rate is told by their median, so gaps and bursts do not count."""

CHANGE = 1.2
"""A rate that differs by less than this factor has not changed."""


class RateMeter:
    """Measures over spans of frames, one after the other.

    Attributes:
        fps: the rate that was told last; None: not known yet.
    """

    def __init__(self) -> None:
        self.fps: float | None = None
        self._last_s: float | None = None
        self._intervals_s: list[float] = []

    def push(self, time_s: float) -> float | None:
        """Take the next frame's time, seconds; return the rate if it is news, frames per second."""
        if self._last_s is not None and time_s > self._last_s:
            self._intervals_s.append(time_s - self._last_s)
        self._last_s = time_s
        if len(self._intervals_s) < MEASURED_OVER:
            return None
        fps = 1.0 / median(self._intervals_s)
        self._intervals_s.clear()
        if self.fps is not None and max(fps / self.fps, self.fps / fps) < CHANGE:
            return None
        self.fps = fps
        return fps
