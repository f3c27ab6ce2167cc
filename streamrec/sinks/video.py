"""Records the frames, with what is recognised in them, as a video file."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from streamrec.atomic import atomic_path
from streamrec.errors import OutputError
from streamrec.opencv import cv2
from streamrec.sinks.overlay import Overlay
from streamrec.types import Frame, Image, Prediction

CODECS = {".mp4": "mp4v", ".mkv": "mp4v", ".avi": "MJPG"}
"""File suffix -> codec; OpenCV's packages bring these on every platform."""

DEFAULT_FPS = 25.0
MAX_GAP_S = 10.0
"""A longer gap in the frames' times, or a step back, is recorded as one frame period."""


class VideoRecorder:
    """Writes every frame with the latest prediction; the file appears at `close`, whole.

    The video has a constant rate. A frame is repeated until the next one is due, and left out if
    it comes before its time, so that the video lasts as long as what it shows.

    Args:
        path: where to write: .mp4, .mkv or .avi; an existing file is replaced.
        fps: frames per second, usually what the source declares; None: 25.
        top: number of classes to show.

    Raises:
        OutputError: another kind of file, or it cannot be written there.
    """

    closed = False

    def __init__(self, path: str | Path, *, fps: float | None = None, top: int = 3) -> None:
        self._path = Path(path)
        _require_place(self._path)
        self._fps = fps or DEFAULT_FPS
        self._overlay = Overlay(top=top)
        self._file = ExitStack()
        self._writer: Any = None
        self._size = (0, 0)
        self._last: Image | None = None
        self._origin_s = self._last_s = 0.0
        self._written = 0

    def show(self, frame: Frame, prediction: Prediction | None) -> None:
        """Record one frame.

        Raises:
            OutputError: the recording cannot be begun.
        """
        image = self._overlay(frame, prediction)
        if self._writer is None:
            self._open(image)
        slot = self._slot(frame.time_s)
        if slot >= self._written:
            self._fill(slot, image)

    def close(self) -> None:
        """Finish the file and put it in its place; without a frame there is none.

        Raises:
            OutputError: the disk was full, or the file could not be written for another reason:
                OpenCV does not tell before. No file is left.
        """
        self._file.close()

    def _open(self, image: Image) -> None:
        codec = cv2.VideoWriter.fourcc(*CODECS[self._path.suffix.lower()])
        self._size = (image.shape[1], image.shape[0])
        with ExitStack() as opening:
            temporary = opening.enter_context(atomic_path(self._path))
            writer = cv2.VideoWriter(str(temporary), cv2.CAP_FFMPEG, codec, self._fps, self._size)
            if not writer.isOpened():
                raise OutputError(f"OpenCV cannot record {self._path} at {self._fps:g} fps")
            opening.callback(self._finish, temporary)
            self._writer, self._file = writer, opening.pop_all()

    def _finish(self, temporary: Path) -> None:
        self._writer.release()
        if not _has_frames(temporary):
            raise OutputError(f"{self._path} could not be written whole; is the disk full?")

    def _slot(self, time_s: float) -> int:
        """Number of the video's frame that is due at ``time_s``."""
        if self._written == 0 or not 0 <= time_s - self._last_s <= MAX_GAP_S:
            self._origin_s = time_s - self._written / self._fps
        self._last_s = time_s
        return round((time_s - self._origin_s) * self._fps)

    def _fill(self, slot: int, image: Image) -> None:
        """Repeat the last picture up to ``slot`` and write the new one there."""
        if (image.shape[1], image.shape[0]) != self._size:
            image = np.asarray(cv2.resize(image, self._size))
        for _ in range(slot - self._written):
            self._writer.write(self._last)
        self._writer.write(image)
        self._last, self._written = image, slot + 1


def _has_frames(path: Path) -> bool:
    """Tell whether a video was written to its end: that is when its number of frames is."""
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    frames = video.get(cv2.CAP_PROP_FRAME_COUNT) if video.isOpened() else 0
    video.release()
    return bool(frames > 0)


def _require_place(path: Path) -> None:
    if path.suffix.lower() not in CODECS:
        raise OutputError(f"a video is recorded as {', '.join(CODECS)}; got {str(path)!r}")
    if path.is_dir():
        raise OutputError(f"cannot write {path}: there is a directory of that name")
    if not path.parent.is_dir():
        raise OutputError(f"cannot write {path}: there is no folder {path.parent}")
