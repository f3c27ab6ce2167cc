"""PyAV in place of OpenCV's capture: the same FFmpeg, with settings that OpenCV does not pass on.

The decoder leaves out the loop filter, which smooths the edges of blocks: that is a sixth of the
work on the H.264 of a file (3.12 and 2.58 ms a frame at 1920 x 1080, see benchmarks/decode.py). A
capture process, which also has to receive it, is left with 83 to 93 % of what it takes by OpenCV.
Pictures drift from the true ones until the next key frame: on eight real clips at 720 lines, coded
by x264 at a constant quality of 23 and 32 with a key frame every 100, by 0.5 to 3.9 of 255 levels
at 172 x 172. A Kinetics-600 MoViNet A0 names all eight right all the same; its best class after a
frame is the same one in 98 and 99 of 100 frames. Timestamps are the stream's own, of every frame.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from streamrec.errors import RuntimeMissingError
from streamrec.opencv import cv2
from streamrec.types import Image

try:
    import av
except ImportError:
    raise RuntimeMissingError(
        'the decoder av needs PyAV: pip install "streamrec[av]", or take the decoder opencv'
    ) from None

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_CODEC_OPTIONS = {"skip_loop_filter": "all"}
_PICTURES = cv2.VideoWriter.fourcc(*"MJPG")
_FRAME_TYPES = {1: "I", 2: "P", 3: "B"}  # AVPictureType


class AVCapture:
    """What ``cv2.VideoCapture`` offers ``OpenCVSource``; damaged frames cannot be retrieved.

    Args:
        url: what to open.
        options: FFmpeg's, as OpenCV takes them: ``key;value|key;value``.
        open_timeout_s, read_timeout_s: longest wait for the connection and for data, seconds.
    """

    def __init__(
        self, url: str, options: str, *, open_timeout_s: float, read_timeout_s: float
    ) -> None:
        _log_like_opencv()
        self._container: InputContainer | None = None
        self._frame: VideoFrame | None = None
        self._start_s: float | None = None
        try:
            self._container = av.open(
                url, options=_parsed(options), timeout=(open_timeout_s, read_timeout_s)
            )
            self._stream = self._container.streams.video[0]
        except (av.FFmpegError, IndexError):  # its text holds the address; no video in it
            self.release()
            return
        _set_up(self._stream)
        self._frames = _decoded(self._container, self._stream)

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Tell whether it can be read."""
        return self._container is not None

    def grab(self) -> bool:
        """Decode the next frame; False at the end, after an error and after too long a wait."""
        self._frame = next(self._frames, None) if self._container is not None else None
        return self._frame is not None

    def retrieve(self) -> tuple[bool, Image | None]:
        """Return the frame just grabbed as BGR; False: FFmpeg says that it is damaged."""
        if self._frame is None or self._frame.is_corrupt:
            return False, None
        return True, np.asarray(self._frame.to_ndarray(format="bgr24"))

    def get(self, prop: int) -> float:
        """Return one of those of OpenCV's properties that sources ask for; 0.0: not known."""
        getters = {
            cv2.CAP_PROP_FPS: self._fps,
            cv2.CAP_PROP_FRAME_COUNT: lambda: self._stream.frames,
            cv2.CAP_PROP_POS_MSEC: self._time_ms,
            cv2.CAP_PROP_FRAME_TYPE: self._frame_type,
            cv2.CAP_PROP_FOURCC: self._fourcc,
        }
        return float(getters[prop]()) if self._container is not None else 0.0

    def release(self) -> None:
        """Close it; safe to call twice."""
        if self._container is not None:
            self._container.close()
        self._container = None

    def _fps(self) -> float:
        return float(self._stream.average_rate or self._stream.guessed_rate or 0.0)

    def _time_ms(self) -> float:
        """Media time from the first frame on."""
        if self._frame is None or self._frame.time is None:
            return 0.0
        if self._start_s is None:
            self._start_s = self._frame.time
        return (self._frame.time - self._start_s) * 1e3

    def _frame_type(self) -> int:
        kind = 0 if self._frame is None else int(self._frame.pict_type)
        return ord(_FRAME_TYPES.get(kind, "?"))

    def _fourcc(self) -> int:
        """Tell single pictures, which live streams do not time, from all else."""
        return _PICTURES if self._stream.codec_context.name == "mjpeg" else 0


def _set_up(stream: "VideoStream") -> None:
    stream.thread_count = 1
    stream.codec_context.options = _CODEC_OPTIONS


def _decoded(container: "InputContainer", stream: "VideoStream") -> Iterator["VideoFrame"]:
    """Yield all frames that can be decoded."""
    try:
        for packet in container.demux(stream):
            yield from _frames_of(packet)
    except av.FFmpegError:
        return


def _frames_of(packet: Any) -> list["VideoFrame"]:
    try:
        frames: list[VideoFrame] = packet.decode()
    except av.InvalidDataError:
        return []
    return frames


def _parsed(options: str) -> dict[str, str]:
    """Return ``key;value|key;value`` by key; the later one of a key counts."""
    pairs = (part.partition(";") for part in options.split("|") if part)
    return {key: value for key, _, value in pairs}


def _log_like_opencv() -> None:
    """Complain on stderr as much as OpenCV's FFmpeg does: see ``streamrec.opencv``."""
    av.logging.restore_default_callback()
    av.logging.set_libav_level(int(os.environ["OPENCV_FFMPEG_LOGLEVEL"]))
