"""Pictures in memory that two processes see, in a few slots.

The memory has no name in any folder and goes with the last process that maps it, however that ends.
On Linux it is a memory file, on other POSIX systems a temporary file without a name; its descriptor
is inherited. On Windows it is a named mapping per slot and size.
"""

import mmap
import os
import secrets
import sys
import tempfile

import numpy as np

from streamrec.errors import SourceReadError
from streamrec.types import Image

SLOTS = 4
"""One is written, one is read, two wait."""

MAX_PICTURE_BYTES = 1 << 28
"""Of address space a slot; memory is used for the bytes written only. 8192 x 8192 fits."""

_CHANNELS = 3


class SharedPictures:
    """Slots for pictures; each side maps as much of a slot as its largest picture takes.

    Args:
        memory: ``memory`` of the other side, whose process this one was started by with its
            ``inherited`` descriptors; None: make new memory.

    Attributes:
        memory: how the other side finds it.
    """

    def __init__(self, memory: str | None = None) -> None:
        self._maps: dict[int, mmap.mmap] = {}
        self._fd: int | None = None
        if sys.platform == "win32":
            self.memory = memory or f"streamrec-{secrets.token_hex(16)}"
        else:
            self._fd = _new_file() if memory is None else int(memory)
            self.memory = str(self._fd)

    @property
    def inherited(self) -> tuple[int, ...]:
        """The descriptors that the other side's process has to get."""
        return () if self._fd is None else (self._fd,)

    def view(self, slot: int, height: int, width: int) -> Image:
        """Return the picture in a slot, uint8 [height, width, 3], to be written or read there.

        Raises:
            SourceReadError: it is larger than any slot can be.
        """
        size = height * width * _CHANNELS
        if size > MAX_PICTURE_BYTES:
            raise SourceReadError(
                f"pictures of {width} x {height} are too large; at most {MAX_PICTURE_BYTES} bytes"
            )
        pixels = np.frombuffer(self._mapped(slot, size), np.uint8, size)
        return pixels.reshape(height, width, _CHANNELS)

    def copy(self, slot: int, height: int, width: int) -> Image:
        """Return a copy of the picture in a slot."""
        return self.view(slot, height, width).copy()

    def close(self) -> None:
        """Let go of the memory; views that are still in use keep theirs. Safe to call twice."""
        self._maps.clear()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _mapped(self, slot: int, size: int) -> mmap.mmap:
        """Map a slot, in powers of two, so that both sides map the same whatever came before."""
        rounded = max(mmap.ALLOCATIONGRANULARITY, 1 << (size - 1).bit_length())
        held = self._maps.get(slot)
        if held is None or len(held) < size or (sys.platform == "win32" and len(held) != rounded):
            self._maps[slot] = held = self._map(slot, rounded)
        return held

    def _map(self, slot: int, size: int) -> mmap.mmap:
        if sys.platform == "win32":
            return mmap.mmap(-1, size, tagname=f"{self.memory}-{slot}-{size}")
        assert self._fd is not None
        return mmap.mmap(self._fd, size, offset=slot * MAX_PICTURE_BYTES)


def _new_file() -> int:
    """Make a file without a name, as long as all slots, of which nothing is in memory yet."""
    if sys.platform == "linux":
        fd = os.memfd_create("streamrec")
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    try:
        os.truncate(fd, SLOTS * MAX_PICTURE_BYTES)
    except OSError:  # the disk is full, or files may not be so long
        os.close(fd)
        raise
    return fd
