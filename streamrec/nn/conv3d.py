"""3-D convolutions that are 2-D ones in truth, and run as such on a CPU, where that is faster.

What they give lies in memory with the channels last, and so does what the layers after them give.
That is the order in which PyTorch's depthwise 3-D convolutions are two to four times as fast.
"""

from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F


class SpatialConv3d(nn.Conv3d):
    """Kernel of one moment, 1 x k x k, temporal stride 1: a picture at a time."""

    def forward(self, video: Tensor) -> Tensor:
        """[N, C_in, T, H, W] -> [N, C_out, T, ...]."""
        if video.device.type != "cpu":
            return super().forward(video)
        padding = cast("tuple[int, ...]", self.padding)[1:]
        pictures = _channels_last(video).flatten(0, 1).movedim(-1, 1)
        y = F.conv2d(
            pictures, self.weight[:, :, 0], self.bias, self.stride[1:], padding, groups=self.groups
        )
        return y.unflatten(0, (len(video), -1)).transpose(1, 2)


class TemporalConv3d(nn.Conv3d):
    """Kernel of one place, k x 1 x 1, spatial stride 1: a picture of T x (H * W) for each clip."""

    def forward(self, video: Tensor) -> Tensor:
        """[N, C_in, T, H, W] -> [N, C_out, ..., H, W]."""
        if video.device.type != "cpu":
            return super().forward(video)
        stride, padding = (self.stride[0], 1), (cast("tuple[int, ...]", self.padding)[0], 0)
        pictures = _channels_last(video).flatten(2, 3).movedim(-1, 1)
        y = F.conv2d(pictures, self.weight[..., 0], self.bias, stride, padding, groups=self.groups)
        return y.movedim(1, -1).unflatten(2, video.shape[3:]).movedim(-1, 1)


def _channels_last(video: Tensor) -> Tensor:
    """[N, C, T, H, W] -> [N, T, H, W, C], a copy only where it does not lie so already."""
    return video.movedim(1, -1).contiguous()
