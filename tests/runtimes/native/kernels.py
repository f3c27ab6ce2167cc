"""The kernels as functions of numpy arrays, and the layout of their maps.

A map is [blocks, pixels, 16]: channels in blocks, the last one filled up. Where a kernel may write
nothing, the filling is NaN, so that a test sees it.
"""

import ctypes

import numpy as np

BLOCK = 16


class Kernels:
    """One instruction set of the library that ``shim.cpp`` makes."""

    def __init__(self, shim: ctypes.CDLL, target: int) -> None:
        shim.shim_name.restype = ctypes.c_char_p
        self.shim, self.target = shim, target
        self.name = shim.shim_name(target).decode()

    def __getattr__(self, kernel: str):
        def call(*arguments):
            self.shim[f"shim_{kernel}"](self.target, *map(as_argument, arguments))

        return call


def as_argument(value):
    """Pass arrays by address; they must be contiguous, as a copy would be lost."""
    if not isinstance(value, np.ndarray):
        return value
    assert value.flags.c_contiguous
    return ctypes.c_void_p(value.ctypes.data)


def rng(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def normal(random: np.random.Generator, *shape: int) -> np.ndarray:
    return random.standard_normal(shape, dtype=np.float32)


def blocks_of(channels: int) -> int:
    return -(-channels // BLOCK)


def to_map(picture: np.ndarray, fill: float = 0.0) -> np.ndarray:
    """[channels, pixels] -> [blocks, pixels, 16]."""
    channels, pixels = picture.shape
    padded = np.full((blocks_of(channels) * BLOCK, pixels), fill, np.float32)
    padded[:channels] = picture
    return np.ascontiguousarray(padded.reshape(-1, BLOCK, pixels).transpose(0, 2, 1))


def from_map(blocked: np.ndarray, channels: int) -> np.ndarray:
    """[blocks, pixels, 16] -> [channels, pixels]."""
    return blocked.transpose(0, 2, 1).reshape(-1, blocked.shape[1])[:channels]


def empty_map(channels: int, pixels: int) -> np.ndarray:
    return np.full((blocks_of(channels), pixels, BLOCK), np.nan, np.float32)


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def nearest_bf16(values: np.ndarray) -> np.ndarray:
    """The upper halves of the nearest bfloat16, ties to even, found among both neighbours."""
    bits = values.view(np.uint32)
    low = bits & np.uint32(0xFFFF0000)
    high = low + np.uint32(0x10000)
    exact = values.astype(np.float64)
    below = np.abs(low.view(np.float32).astype(np.float64) - exact)
    above = np.abs(high.view(np.float32).astype(np.float64) - exact)
    even = (low >> 16) % 2 == 0
    return np.where((below < above) | ((below == above) & even), low, high) >> 16


def as_float(halves: np.ndarray) -> np.ndarray:
    """Turn bfloat16, the upper halves of floats, into floats."""
    return (halves.astype(np.uint32) << 16).view(np.float32)
