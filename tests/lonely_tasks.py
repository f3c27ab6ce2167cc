"""Work for fresh processes, which find it by its name."""

import os
import struct

import numpy as np

from streamrec.comparison.alone import peak_memory_bytes
from streamrec.errors import SourceOpenError


def count(steps, tell):
    for _ in range(steps):
        tell()
    return os.getpid()


def nothing(tell):
    return None


def peak_with(size, tell):
    np.ones(size, np.uint8)
    return peak_memory_bytes()


def refuse(text, tell):
    raise SourceOpenError(text)


def die_while_telling(tell):
    """End after the first half of a message."""
    (pipe,) = (cell.cell_contents for cell in tell.__closure__)
    os.write(pipe.fileno(), struct.pack("!i", 8) + b"half")
    os._exit(9)


def die(code, tell):
    os._exit(code)
