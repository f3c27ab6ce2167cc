"""Plays a file at its own speed, as a camera would."""

import time
from dataclasses import replace

from streamrec.sources.base import Source
from streamrec.types import Frame, now_s


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
        self._started_s: float | None = None

    def read(self) -> Frame | None:
        """Wait until the next frame is due and return it with its release as capture time."""
        frame = self._source.read()
        if frame is None:
            return None
        if self._started_s is None:
            self._started_s = now_s() - frame.time_s
        time.sleep(max(0.0, self._started_s + frame.time_s - now_s()))
        captured_s = now_s()
        if self._as_camera:
            return replace(frame, captured_s=captured_s, time_s=captured_s, pts_s=None)
        return replace(frame, captured_s=captured_s)

    def close(self) -> None:
        """Release the source."""
        self._source.close()
