"""H.264 in MP4 by PyAV, which browsers play."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av

from streamrec.errors import OutputError
from streamrec.types import Image

_CODEC = "libx264"
_OPTIONS = {"preset": "veryfast", "crf": "23"}
_AT_ITS_FRONT = {"movflags": "+faststart"}  # the index, so that it plays before it is all there


def has_h264() -> bool:
    """Tell whether this PyAV can encode it; its packages on PyPI can."""
    return _CODEC in av.codecs_available


class H264Encoder:
    """Writes H.264, on the calling thread alone.

    Args:
        path: an MP4 file.
        size: width and height in pixels, both even.
        fps: frames per second.

    Raises:
        OutputError: the file cannot be begun; so do the methods where it cannot be written.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        with _told():
            self._container = av.open(str(path), "w", format="mp4", options=_AT_ITS_FRONT)
            rate = Fraction(fps)
            stream = self._container.add_stream(_CODEC, rate=rate, options=_OPTIONS)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            stream.thread_count = 1
            self._stream = stream

    def write(self, image: Image) -> None:
        """Write the next frame."""
        with _told():
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write the file's end."""
        with _told():
            self._container.mux(self._stream.encode())
            self._container.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except av.FFmpegError as error:
        raise OutputError(f"a clip cannot be written: {error.strerror}") from None
