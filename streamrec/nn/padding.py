"""SAME padding as TensorFlow computes it: asymmetric where the total is odd."""

from math import ceil

from torch import Tensor
from torch.nn import functional as F


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return the zeros before and after an axis of ``size``, so that ceil(size/stride) remain."""
    total = max((ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def pad_same(x: Tensor, kernel: int, stride: int) -> tuple[Tensor, tuple[int, int]]:
    """Pad [..., H, W] for a square kernel.

    Returns:
        What was padded here, and the symmetric rest, which a convolution pads for free.
    """
    top, bottom = same_padding(x.shape[-2], kernel, stride)
    left, right = same_padding(x.shape[-1], kernel, stride)
    extra = (0, right - left, 0, bottom - top)
    return (F.pad(x, extra) if any(extra) else x), (top, left)
