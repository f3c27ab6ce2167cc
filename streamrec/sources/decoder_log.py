"""What the decoder complains of on stderr, counted and never shown: it may hold addresses."""

import os
import re
import sys
from contextlib import suppress
from typing import NamedTuple

DAMAGE_LASTS_S = 5.0
"""Longest that a damaged picture is taken to spoil those that are made from it, seconds.

Each picture of H.264 and its like is a change of earlier ones, until the next whole one (I) begins
anew. Cameras send one every 1 to 10 s, some refresh the picture bit by bit and send none.
"""

REORDERED_FRAMES = 3
"""A complaint may be of a frame that is shown so many frames later, where B frames are used."""

_DAMAGE = re.compile(
    rb"error while decoding|error decoding|conceal|missed \d+ packets|missing|corrupt|damaged"
    rb"|decode_slice_header error|no frame!|non-existing|out of range|block unavailable"
    rb"|could not find ref|bad vlc|overread|invalid nal|frame num gap|premature end|bad cseq"
    rb"|cabac decode|error splitting|bytestream",
    re.IGNORECASE,
)
_FORMAT = re.compile(rb"chosen by get_format")
_CHUNK_BYTES = 1 << 16


def prepare_decoder_log(*, formats: bool = False) -> None:
    """Make FFmpeg write its warnings to stderr; to be called before OpenCV opens anything.

    Args:
        formats: each format too, of any codec. That is a message for debugging; there are some 60
            lines a second with it at 25 frames per second, and none without.
    """
    level = "48" if formats else "24"  # AV_LOG_DEBUG, AV_LOG_WARNING
    os.environ["OPENCV_FFMPEG_LOGLEVEL"] = level
    os.environ["OPENCV_FFMPEG_SKIP_LOG_CALLBACK"] = "1"  # which would write to stdout


class Heard(NamedTuple):
    """How many lines there were of damage, and of a format that pictures have from now on."""

    complaints: int = 0
    formats: int = 0


class DecoderLog:
    """This process's stderr from now on.

    A writer never waits: what does not fit is lost. On Windows all of it is thrown away, since its
    pipes can only be waited for, and no damage is seen.
    """

    def __init__(self) -> None:
        self._read_fd: int | None = None
        self._rest = b""
        if sys.platform == "win32":
            write_fd = os.open(os.devnull, os.O_WRONLY)
        else:
            self._read_fd, write_fd = os.pipe()
            os.set_blocking(self._read_fd, False)
            os.set_blocking(write_fd, False)
        os.dup2(write_fd, 2)
        os.close(write_fd)

    def read(self) -> Heard:
        """Return what has come since the last call."""
        if self._read_fd is None:
            return Heard()
        *lines, self._rest = (self._rest + self._drain(self._read_fd)).split(b"\n")
        self._rest = self._rest[-_CHUNK_BYTES:]
        return Heard(*(sum(map(bool, map(kind.search, lines))) for kind in (_DAMAGE, _FORMAT)))

    def _drain(self, read_fd: int) -> bytes:
        drained = b""
        with suppress(BlockingIOError):  # there is no more
            while data := os.read(read_fd, _CHUNK_BYTES):
                drained += data
        return drained


class Damage:
    """Whether a picture is spoiled, by itself or by those that it was made from.

    It is from a complaint on, until a whole picture comes that the complaint cannot be of, or for
    ``DAMAGE_LASTS_S``.
    """

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._frames = 0

    def push(self, complaints: int, *, whole: bool, time_s: float) -> bool:
        """Take the complaints that came with a frame; return whether it is spoiled."""
        if complaints:
            self._since_s, self._frames = time_s, 0
            return True
        if self._since_s is None:
            return False
        self._frames += 1
        healed = whole and self._frames > REORDERED_FRAMES
        if healed or abs(time_s - self._since_s) > DAMAGE_LASTS_S:
            self._since_s = None
        return self._since_s is not None
