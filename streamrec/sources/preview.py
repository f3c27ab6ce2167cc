"""Small pictures for thumbnails and clips, made where the large ones are at hand anyway."""

import numpy as np

from streamrec.opencv import cv2
from streamrec.types import Image

MOST_HZ = 10.0
"""No more are made in a second."""

_QUALITY = 80
_EARLY_S = 0.005  # the grid's points and the camera's frames are not exactly a tenth apart


class Previews:
    """Makes JPEGs of the whole picture, now and then.

    Args:
        height: rows of a JPEG; a picture that has fewer keeps its size.
        mirror: flip them left to right.
    """

    def __init__(self, height: int, *, mirror: bool) -> None:
        self._height, self._mirror = height, mirror
        self._due_s = 0.0

    def push(self, image: Image, time_s: float, *, cut: bool) -> bytes:
        """Return a frame as JPEG; empty where it comes too soon after the one before.

        Args:
            image: uint8 [H, W, 3], BGR.
            time_s: when it was taken, on any clock.
            cut: as in ``Frame``; such a frame comes never too soon.
        """
        period_s = 1 / MOST_HZ
        if not cut and self._due_s - 2 * period_s < time_s < self._due_s - _EARLY_S:
            return b""
        on_time = abs(time_s - self._due_s) < period_s
        self._due_s = (self._due_s if on_time else time_s) + period_s
        small = shrunk(image, self._height)
        if self._mirror:
            small = np.asarray(cv2.flip(small, 1))
        return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()


def shrunk(image: Image, height: int) -> Image:
    """Return a picture with so many rows at most, in its own shape but for a row or column.

    Videos take even sizes only. The picture is halved by averaging until less than half of it is
    too much, which OpenCV does fast, and sampled after that: 0.9 ms of a core from 1080 rows to
    360, where averaging at once takes 2.6 ms.

    Args:
        image: uint8 [H, W, 3].
        height: two at least.
    """
    rows, columns = image.shape[:2]
    height = min(height, rows)
    size = max(2, columns * height // rows // 2 * 2), max(2, height // 2 * 2)
    while image.shape[0] >= 2 * size[1] and image.shape[1] >= 2 * size[0]:
        half = image.shape[1] // 2, image.shape[0] // 2
        image = np.asarray(cv2.resize(image, half, interpolation=cv2.INTER_AREA))
    if image.shape[1::-1] == size:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR))
