"""Any usual array -> the one kind of picture that streamrec handles."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from streamrec.errors import FrameError
from streamrec.types import Image

_ALLOWED = "a picture is [H, W], [H, W, 1], [H, W, 3] or [H, W, 4] of uint8, uint16 or float"


def as_image(array: npt.ArrayLike, color: Literal["bgr", "rgb"] = "bgr") -> Image:
    """Turn an array into a picture: uint8 [H, W, 3], BGR, contiguous.

    Args:
        array: [H, W] or [H, W, 1] grey, [H, W, 3] colour or [H, W, 4] colour with alpha, which is
            ignored; uint8, uint16 (its high byte is kept) or floats in [0, 1].
        color: the order of the colour channels in ``array``.

    Returns:
        The picture; ``array`` itself where nothing has to change.

    Raises:
        FrameError: another shape or dtype, an empty picture, NaN, or floats outside [0, 1].
    """
    pixels = np.asarray(array)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4) or 0 in pixels.shape:
        raise FrameError(f"{_ALLOWED}, got {pixels.dtype} {list(np.shape(array))}")
    pixels = _as_uint8(pixels)
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    return np.ascontiguousarray(pixels[:, :, 2::-1] if color == "rgb" else pixels[:, :, :3])


def _as_uint8(pixels: npt.NDArray[Any]) -> Image:
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        return (pixels >> 8).astype(np.uint8)
    if not np.issubdtype(pixels.dtype, np.floating):
        raise FrameError(f"{_ALLOWED}, got {pixels.dtype}")
    low, high = float(pixels.min()), float(pixels.max())
    if not (low >= 0.0 and high <= 1.0):
        raise FrameError(f"float pixels lie in [0, 1], got {low:g} to {high:g}; divide by 255?")
    scaled: Image = np.rint(pixels * 255).astype(np.uint8)
    return scaled
