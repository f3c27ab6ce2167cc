"""H.264 in MP4 by PyAV, which browsers play."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av

from streamrec.errors import OutputError
from streamrec.types import Image

_CODEC = "libx264"
_OPTIONS = {"preset": "veryfast", "crf": "23"}


def has_h264() -> bool:
    """Tell whether this PyAV can encode it; its packages on PyPI can."""
    return _CODEC in av.codecs_available


class H264Encoder:
    """Makes H.264 in memory, on the calling thread alone, and writes it in the end.

    FFmpeg does not see the disk: PyAV 18 ends the process where that is full.

    Args:
        path: an MP4 file.
        size: width and height in pixels, both even.
        fps: frames per second.

    Raises:
        OutputError: it cannot be encoded; so do the methods.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        self._path, self._memory = path, BytesIO()
        with _told():
            self._container = av.open(self._memory, "w", format="mp4")
            stream = self._container.add_stream(_CODEC, rate=Fraction(fps), options=_OPTIONS)
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
        """Write the file.

        Raises:
            OSError: the disk is full.
        """
        with _told():
            self._container.mux(self._stream.encode())
            self._container.close()
        self._path.write_bytes(self._memory.getbuffer())


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except av.FFmpegError as error:
        raise OutputError(f"a clip cannot be encoded: {error.strerror}") from None
