"""A camera of this machine, by index."""

from streamrec.errors import SourceOpenError, SourceReadError
from streamrec.opencv import cv2
from streamrec.sources.opencv import OpenCVSource

MAX_INDEX = 99
"""OpenCV reads larger numbers as a choice of driver."""


class CameraSource(OpenCVSource):
    """The frames of camera ``index``; ``time_s`` is the capture time.

    Raises:
        SourceOpenError: no such camera, or another program holds it.
    """

    def __init__(self, index: int) -> None:
        if not 0 <= index <= MAX_INDEX:
            raise SourceOpenError(f"camera indices go from 0 to {MAX_INDEX}, got {index}")
        capture = cv2.VideoCapture(index)
        if not capture.isOpened():
            raise SourceOpenError(
                f"camera {index} cannot be opened: there is none, another program uses it, or "
                "access is not permitted (if macOS has just asked: allow it, start again); "
                "`streamrec doctor` lists the cameras found"
            )
        super().__init__(capture, f"camera{index}", live=True)

    def _pts_s(self) -> None:
        return None

    def _end(self, waited_s: float) -> None:
        raise SourceReadError(f"{self.name} gives no more frames; was it unplugged?")
