"""Video files of a constant rate, made of pictures that come when they come."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np

from streamrec.atomic import atomic_path
from streamrec.errors import OutputError
from streamrec.opencv import cv2
from streamrec.types import Image

CODECS = {".mp4": "mp4v", ".mkv": "mp4v", ".avi": "MJPG"}
"""File suffix -> codec; OpenCV's packages bring these on every platform."""

MAX_GAP_S = 10.0
"""A longer gap between pictures, or a step back, is one frame period of the video."""


class Encoder(Protocol):
    """Writes the frames of a video, uint8 [height, width, 3] in BGR, all of one size."""

    def write(self, image: Image) -> None:
        """Write the next frame."""

    def close(self) -> None:
        """Write the file's end."""


OpenEncoder: TypeAlias = Callable[[Path, tuple[int, int], float], Encoder]
"""Begins a video: its file, its width and height in pixels, and its frames per second."""


class OpenCVEncoder:
    """MPEG-4 Part 2 or motion JPEG, by the file's suffix.

    Raises:
        OutputError: OpenCV does not record that.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        codec = cv2.VideoWriter.fourcc(*CODECS[path.suffix.lower()])
        self._writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, codec, fps, size)
        if not self._writer.isOpened():
            raise OutputError(f"OpenCV cannot record {path.suffix} of {size} at {fps:g} fps")

    def write(self, image: Image) -> None:
        """Write the next frame."""
        self._writer.write(image)

    def close(self) -> None:
        """Write the file's end; nothing says whether that worked."""
        self._writer.release()


class VideoFile:
    """A video that lasts as long as what it shows.

    A frame is repeated until the next one is due, and left out if it comes before its time.

    Args:
        encoder: writes the frames.
        size: width and height in pixels; pictures of another size are resized.
        fps: frames per second.
        max_gap_s: longest gap that is shown in full, seconds.
    """

    def __init__(
        self, encoder: Encoder, size: tuple[int, int], fps: float, *, max_gap_s: float
    ) -> None:
        self._encoder, self._size, self._fps = encoder, size, fps
        self._max_gap_s = max_gap_s
        self._last: Image | None = None
        self._origin_s = self._last_s = 0.0
        self._written = 0

    def show(self, image: Image, time_s: float) -> None:
        """Show a picture, uint8 [H, W, 3] in BGR, from this time on, in seconds on any clock."""
        slot = self._slot(time_s)
        if slot >= self._written:
            self._fill(slot, image)

    def _slot(self, time_s: float) -> int:
        """Number of the video's frame that is due at ``time_s``."""
        if self._written == 0 or not 0 <= time_s - self._last_s <= self._max_gap_s:
            self._origin_s = time_s - self._written / self._fps
        self._last_s = time_s
        return round((time_s - self._origin_s) * self._fps)

    def _fill(self, slot: int, image: Image) -> None:
        """Repeat the last picture up to ``slot`` and write the new one there."""
        if (image.shape[1], image.shape[0]) != self._size:
            image = np.asarray(cv2.resize(image, self._size))
        if self._last is not None:
            for _ in range(slot - self._written):
                self._encoder.write(self._last)
        self._encoder.write(image)
        self._last, self._written = image, slot + 1


@contextmanager
def video_file(
    path: Path,
    size: tuple[int, int],
    fps: float,
    *,
    open_encoder: OpenEncoder = OpenCVEncoder,
    max_gap_s: float = MAX_GAP_S,
    permissions: int = 0o666,
) -> Iterator[VideoFile]:
    """Write a video, which appears whole at the end of the block, or not at all.

    Args:
        path: where; an existing file is replaced.
        size: width and height in pixels.
        fps: frames per second.
        open_encoder: begins the file.
        max_gap_s: longest gap between pictures that is shown in full, seconds.
        permissions: of the file, less the umask (POSIX).

    Raises:
        OutputError: it cannot be begun; or, at the end, the disk was full, or the file could not
            be written for another reason: OpenCV does not tell before. No file is left.
    """
    with atomic_path(path, permissions) as temporary:
        encoder = open_encoder(temporary, size, fps)
        try:
            yield VideoFile(encoder, size, fps, max_gap_s=max_gap_s)
        finally:
            encoder.close()
        if not _has_frames(temporary):
            raise OutputError(f"{path} could not be written whole; is the disk full?")


def _has_frames(path: Path) -> bool:
    """Tell whether a video was written to its end: that is when its number of frames is."""
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    frames = video.get(cv2.CAP_PROP_FRAME_COUNT) if video.isOpened() else 0
    video.release()
    return bool(frames > 0)
