"""S3D (Xie et al. 2018, arXiv 1712.04851): Inception that convolves over space, then over time."""

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn

from streamrec.models.network import ClipNetwork

_BATCH_NORM_EPSILON = 1e-3
_FEATURES = 1024

_Widths = tuple[int, int, int, int, int, int]

_EARLY: tuple[_Widths, ...] = (
    (64, 96, 128, 16, 32, 32),
    (128, 128, 192, 32, 96, 64),
)
_MIDDLE: tuple[_Widths, ...] = (
    (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64),
    (128, 128, 256, 24, 64, 64),
    (112, 144, 288, 32, 64, 64),
    (256, 160, 320, 32, 128, 128),
)
_LATE: tuple[_Widths, ...] = (
    (256, 160, 320, 32, 128, 128),
    (384, 192, 384, 48, 128, 128),
)


class S3D(ClipNetwork):
    """Nine Inception blocks with separable convolutions; at least 13 frames of 209 x 209.

    Names as torchvision publishes them. The mean over the places that the pool leaves is taken
    before the last convolution, which is linear, instead of after it.

    Args:
        variant: ``s3d``, the only one.
        classes: number of classes.
    """

    classifiers: ClassVar[tuple[str, ...]] = ("classifier.1",)

    def __init__(self, variant: str, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(*_trunk(), _Pool())
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Conv3d(_FEATURES, classes, 1))

    def classify(self, features: Tensor) -> Tensor:
        """[N, 1024] -> logits [N, classes]."""
        return self.classifier(features.unsqueeze(2).unsqueeze(3).unsqueeze(4)).flatten(1)


def _trunk() -> Iterator[nn.Module]:
    """The layers before the pool over all places, in published order."""
    yield _separable(3, 64, 7, stride=2)
    yield _halve_space()
    yield _conv(64, 64)
    yield _separable(64, 192, 3)
    yield _halve_space()
    yield from _blocks(192, _EARLY)
    yield nn.MaxPool3d(3, 2, 1)
    yield from _blocks(480, _MIDDLE)
    yield nn.MaxPool3d(2)
    yield from _blocks(832, _LATE)


def _blocks(channels: int, blocks: tuple[_Widths, ...]) -> Iterator[nn.Module]:
    for widths in blocks:
        block = _Block(channels, widths)
        channels = block.channels
        yield block


class _Block(nn.Module):
    """Four views of its input, side by side.

    Args:
        channels: of the input.
        widths: of branch 0; before and in the separable convolution of branches 1 and 2; of
            branch 3.
    """

    def __init__(self, channels: int, widths: _Widths) -> None:
        super().__init__()
        point, reduced1, separable1, reduced2, separable2, pooled = widths
        self.channels = point + separable1 + separable2 + pooled
        self.branch0 = _conv(channels, point)
        self.branch1 = nn.Sequential(_conv(channels, reduced1), _separable(reduced1, separable1, 3))
        self.branch2 = nn.Sequential(_conv(channels, reduced2), _separable(reduced2, separable2, 3))
        self.branch3 = nn.Sequential(nn.MaxPool3d(3, 1, 1), _conv(channels, pooled))

    def forward(self, x: Tensor) -> Tensor:
        """[N, C_in, T, H, W] -> [N, C, T, H, W]."""
        return torch.cat((self.branch0(x), self.branch1(x), self.branch2(x), self.branch3(x)), 1)


class _Pool(nn.Module):
    """[N, C, T, H, W] -> [N, C]: windows of 2 x 7 x 7, and the mean over them."""

    def __init__(self) -> None:
        super().__init__()
        self.windows = nn.AvgPool3d((2, 7, 7), stride=1)

    def forward(self, x: Tensor) -> Tensor:
        """Pool; where the windows overlap, the places in the middle count more."""
        return self.windows(x).mean((2, 3, 4))


def _separable(channels_in: int, channels: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        _conv(channels_in, channels, (1, kernel, kernel), (1, stride, stride)),
        _conv(channels, channels, (kernel, 1, 1), (stride, 1, 1)),
    )


def _conv(
    channels_in: int,
    channels: int,
    kernel: tuple[int, int, int] = (1, 1, 1),
    stride: tuple[int, int, int] = (1, 1, 1),
) -> nn.Sequential:
    time, height, width = kernel
    padding = (time // 2, height // 2, width // 2)
    return nn.Sequential(
        nn.Conv3d(channels_in, channels, kernel, stride, padding, bias=False),
        nn.BatchNorm3d(channels, eps=_BATCH_NORM_EPSILON),
        nn.ReLU(inplace=True),
    )


def _halve_space() -> nn.MaxPool3d:
    return nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))
