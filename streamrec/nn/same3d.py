"""3-D convolution and max pooling with SAME padding, as TensorFlow pads.

The padding follows from the input's size, the kernel and the stride: ``same_sides`` tells it.
"""

from collections.abc import Sequence
from math import inf

from torch import Tensor, nn
from torch.nn import functional as F

from streamrec.nn.padding import same_padding

Size = tuple[int, int, int]
"""Time, height, width."""

Sides = tuple[tuple[int, int], ...]
"""What is added before and after each of time, height and width."""


def same_sides(size: Sequence[int], kernel: Sequence[int], stride: Sequence[int]) -> Sides:
    """Return how much is added around an input of ``size``, so that ceil(size / stride) remain."""
    axes = zip(size, kernel, stride, strict=True)
    return tuple(same_padding(*axis) for axis in axes)


def _pad(video: Tensor, sides: Sides, value: float = 0.0) -> Tensor:
    widths = [width for side in reversed(sides) for width in side]
    return F.pad(video, widths, value=value) if any(widths) else video


class SameConv3d(nn.Conv3d):
    """[N, C_in, T, H, W] -> [N, C_out, T', H', W'], each of them ceil(size / stride)."""

    def __init__(
        self, channels_in: int, channels_out: int, kernel: Size, stride: Size = (1, 1, 1)
    ) -> None:
        super().__init__(channels_in, channels_out, kernel, stride, bias=False)

    def forward(self, video: Tensor) -> Tensor:
        """Pad what is not symmetric; the convolution pads the rest for free."""
        sides = same_sides(video.shape[2:], self.kernel_size, self.stride)
        before = [first for first, _ in sides]
        video = _pad(video, tuple((0, last - first) for first, last in sides))
        return F.conv3d(video, self.weight, None, self.stride, before)


class SameMaxPool3d(nn.Module):
    """[N, C, T, H, W] -> [N, C, T', H', W'], each of them ceil(size / stride).

    The padding is never the largest. (The published I3D pads with zeros, which comes to the same
    after a ReLU.)

    Attributes:
        kernel_size, stride: over time, height and width.
    """

    def __init__(self, kernel: Size, stride: Size = (1, 1, 1)) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel, stride

    def forward(self, video: Tensor) -> Tensor:
        """Take the largest value of each window."""
        sides = same_sides(video.shape[2:], self.kernel_size, self.stride)
        return F.max_pool3d(_pad(video, sides, -inf), self.kernel_size, self.stride)
