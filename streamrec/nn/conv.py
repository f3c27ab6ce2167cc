"""Convolutions over single frames: they see no other moment and keep no state."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from streamrec.nn.activation import activation
from streamrec.nn.padding import pad_same

BATCH_NORM_EPSILON = 1e-3


class ConvNorm(nn.Module):
    """Convolution without bias, batch norm, activation, frame by frame, SAME padding.

    [N, T, C_in, H, W] -> [N, T, C_out, ceil(H / stride), ceil(W / stride)].
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int = 1,
        stride: int = 1,
        act: str = "none",
        *,
        depthwise: bool = False,
    ) -> None:
        super().__init__()
        groups = channels_in if depthwise else 1
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(channels_out, eps=BATCH_NORM_EPSILON)
        self.act_name = act
        self.act = activation(act)

    def forward(self, clip: Tensor) -> Tensor:
        """Apply to every frame of [N, T, C, H, W]."""
        kernel, stride = self.conv.kernel_size[0], self.conv.stride[0]
        frames, rest = pad_same(clip.flatten(0, 1), kernel, stride)
        y = F.conv2d(frames, self.conv.weight, stride=stride, padding=rest, groups=self.conv.groups)
        y = self.act(self.norm(y))
        return y.unflatten(0, clip.shape[:2])


class DepthwiseConv3d(nn.Module):
    """Depthwise 3-D convolution of the base family, batch norm, activation; sees the future.

    Temporal padding SAME, temporal stride 1. Computed as one 2-D convolution for each moment of
    the kernel, which is faster on a CPU than a 3-D convolution.
    """

    def __init__(
        self, channels: int, kernel_time: int, kernel_space: int, stride: int, act: str
    ) -> None:
        super().__init__()
        self.conv = nn.Conv3d(
            channels,
            channels,
            (kernel_time, kernel_space, kernel_space),
            (1, stride, stride),
            groups=channels,
            bias=False,
        )
        self.norm = nn.BatchNorm2d(channels, eps=BATCH_NORM_EPSILON)
        self.act_name = act
        self.act = activation(act)

    def forward(self, clip: Tensor) -> Tensor:
        """Convolve [N, T, C, H, W] over space and time."""
        kernel_time, kernel_space, _ = self.conv.kernel_size
        stride, channels = self.conv.stride[1], self.conv.groups
        length = clip.shape[1]
        before = (kernel_time - 1) // 2
        clip = F.pad(clip, (0, 0, 0, 0, 0, 0, before, kernel_time - 1 - before))
        frames, rest = pad_same(clip.flatten(0, 1), kernel_space, stride)
        clip = frames.unflatten(0, clip.shape[:2])
        y = torch.stack(
            [
                F.conv2d(
                    clip[:, moment : moment + length].flatten(0, 1),
                    self.conv.weight[:, :, moment],
                    stride=stride,
                    padding=rest,
                    groups=channels,
                )
                for moment in range(kernel_time)
            ]
        ).sum(0)
        return self.act(self.norm(y)).unflatten(0, (-1, length))


class StridedSkip(nn.Module):
    """Skip of a block whose shape changes: 3 x 3 average pool if strided, 1 x 1 convolution."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.project = ConvNorm(channels_in, channels_out)

    def forward(self, clip: Tensor) -> Tensor:
        """[N, T, C_in, H, W] -> [N, T, C_out, ceil(H / stride), ceil(W / stride)]."""
        return self.project(average_pool_same(clip, 3, self.stride) if self.stride > 1 else clip)


def average_pool_same(clip: Tensor, kernel: int, stride: int) -> Tensor:
    """Average-pool each frame with SAME padding; padding does not count in the divisor."""
    frames = clip.flatten(0, 1)

    def total(x: Tensor) -> Tensor:
        padded, rest = pad_same(x, kernel, stride)
        return F.avg_pool2d(padded, kernel, stride, rest, divisor_override=1)

    pooled = total(frames) / total(torch.ones_like(frames[:1, :1]))
    return pooled.unflatten(0, clip.shape[:2])
