"""What files, cameras and network streams share: frames out of an OpenCV capture."""

import math
import time
from abc import abstractmethod
from typing import Any

from streamrec.errors import SourceReadError
from streamrec.image import as_image
from streamrec.opencv import cv2
from streamrec.sources.base import Source
from streamrec.sources.grabber import Grabbed
from streamrec.types import Frame, Image, now_s

MAX_FPS = 1000.0
"""Above this a declared rate is a clock rate (90000 in RTP) and not a frame rate."""

FALLBACK_FPS = 25.0
"""The rate that FFmpeg assumes for streams that carry no timing."""


class OpenCVSource(Source):
    """Frames out of an opened ``cv2.VideoCapture``; a subclass opens it and knows what ends it.

    Where a frame of a source that is not live has no timestamp, it is one frame period after the
    frame before it.
    """

    waits = False

    def __init__(self, capture: Any, name: str, *, live: bool) -> None:
        self.name = name
        self.live = live
        self.fps = _plausible_fps(capture.get(cv2.CAP_PROP_FPS))
        self.frame_count = _count(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self._capture = capture
        self._index = 0
        self._last_pts_s = 0.0

    def read(self) -> Frame | None:
        """Return the next frame that can be decoded, or None at the end.

        Frames that cannot be are not ``dropped``, which means that this machine was late: they
        show as a gap in index and time.
        """
        while (grabbed := self.grab()) is not None:
            image = self.retrieve()
            if image is not None:
                return self._frame(grabbed, image)
        return None

    def grab(self) -> Grabbed | None:
        """Wait for the next frame; None at the end."""
        if not self._capture.isOpened():
            return None
        started = time.monotonic()
        if not self._capture.grab():
            return self._end(time.monotonic() - started)
        return self._grabbed()

    def retrieve(self) -> Image | None:
        """Return the picture of the frame just grabbed; None: it cannot be decoded."""
        try:
            ok, image = self._capture.retrieve()
        except cv2.error as error:
            number = self._index - 1
            raise SourceReadError(f"{self.name}: cannot decode frame {number}") from error
        return as_image(image) if ok else None

    def close(self) -> None:
        """Release the capture."""
        self._capture.release()

    @abstractmethod
    def _end(self, waited_s: float) -> Grabbed | None:
        """Return None at a regular end; raise SourceReadError where no more frames is a failure.

        Where it is not the end, return the next frame.
        """

    def _grabbed(self) -> Grabbed:
        """Describe the frame that the capture holds."""
        captured_s, pts_s = now_s(), self._pts_s()
        self._index += 1
        return Grabbed(self._index - 1, captured_s, pts_s, self._is_whole())

    def _pts_s(self) -> float | None:
        """Media time of the frame just grabbed, seconds, None where a live source has none."""
        pts_s = float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000  # 0 or less: not known
        if self._index == 0:
            pts_s = max(0.0, pts_s)
        elif pts_s <= 0 and self.live:
            return None
        elif pts_s <= 0:
            pts_s = self._last_pts_s + 1 / (self.fps or FALLBACK_FPS)
        self._last_pts_s = pts_s
        return pts_s

    def _is_whole(self) -> bool:
        return chr(int(self._capture.get(cv2.CAP_PROP_FRAME_TYPE)) & 0x7F) not in "PB?"

    def _frame(self, grabbed: Grabbed, image: Image) -> Frame:
        captured_s, pts_s = grabbed.captured_s, grabbed.pts_s
        return Frame(
            image=image,
            index=grabbed.index,
            captured_s=captured_s,
            time_s=captured_s if self.live or pts_s is None else pts_s,
            pts_s=pts_s,
            source=self.name,
            capture_ms=(now_s() - captured_s) * 1000,
        )


def _plausible_fps(fps: float) -> float | None:
    return fps if math.isfinite(fps) and 0 < fps <= MAX_FPS else None


def _count(frames: float) -> int | None:
    return int(frames) if math.isfinite(frames) and frames > 0 else None
