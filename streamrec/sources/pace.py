"""Plays a file at its own speed, as a camera would."""

import math
import threading
from dataclasses import replace

from streamrec.sources.base import Source
from streamrec.types import Frame, now_s

MAX_WAIT_S = 10.0
"""A frame that is due later than that, or was due earlier, has a damaged time and starts anew."""


class PacedSource(Source):
    """Releases each frame of a source when its ``time_s`` is due.

    Args:
        source: where the frames come from.
        as_camera: True: what is released looks like a camera's, without media time and with the
            capture time in its place.
    """

    live = True

    def __init__(self, source: Source, *, as_camera: bool = False) -> None:
        self.starts_at_read = not as_camera
        self.name, self.fps, self.frame_count = source.name, source.fps, source.frame_count
        self._source = source
        self._as_camera = as_camera
        self._origin_s = math.inf  # the time now, less the time in the film
        self._interrupted = threading.Event()

    def read(self) -> Frame | None:
        """Wait until the next frame is due and return it with its release as capture time."""
        frame = self._source.read()
        if frame is None or self._interrupted.wait(self._wait_s(frame.time_s)):
            return None
        captured_s = now_s()
        if self._as_camera:
            return replace(frame, captured_s=captured_s, time_s=captured_s, pts_s=None)
        return replace(frame, captured_s=captured_s)

    def interrupt(self) -> None:
        """End the wait for the next frame, and the stream with it."""
        self._interrupted.set()

    def close(self) -> None:
        """Release the source."""
        self.interrupt()
        self._source.close()

    def _wait_s(self, time_s: float) -> float:
        wait_s = self._origin_s + time_s - now_s()
        if abs(wait_s) <= MAX_WAIT_S:
            return max(0.0, wait_s)
        self._origin_s = now_s() - time_s
        return 0.0
