"""I3D: Inception-v1 inflated to 3-D (Carreira and Zisserman 2017, arXiv 1705.07750)."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from streamrec.errors import OptionError
from streamrec.models.network import ClipNetwork
from streamrec.nn.same3d import SameConv3d, SameMaxPool3d, Size

CHANNELS: Mapping[str, int] = MappingProxyType({"rgb": 3, "flow": 2})
"""Channels of the input, by variant."""

FEATURES = 1024
"""Channels that the classifier sees."""

_BATCH_NORM_EPSILON = 1e-3
_DROPOUT = 0.5
_HALVE_SPACE: Size = (1, 2, 2)
_HALVE: Size = (2, 2, 2)


class _ConvUnit(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(
        self, channels_in: int, channels_out: int, kernel: int = 1, stride: Size = (1, 1, 1)
    ) -> None:
        super().__init__()
        self.conv3d = SameConv3d(channels_in, channels_out, (kernel, kernel, kernel), stride)
        self.bn = nn.BatchNorm3d(channels_out, eps=_BATCH_NORM_EPSILON)

    def forward(self, video: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv3d(video)))


class _Mixed(nn.Module):
    """The Inception module: four views of its input side by side.

    Args:
        channels: of the input.
        widths: of the units b0, b1a, b1b, b2a, b2b and b3b.
    """

    def __init__(self, channels: int, widths: tuple[int, int, int, int, int, int]) -> None:
        super().__init__()
        b0, b1a, b1b, b2a, b2b, b3b = widths
        self.b0 = _ConvUnit(channels, b0)
        self.b1a = _ConvUnit(channels, b1a)
        self.b1b = _ConvUnit(b1a, b1b, 3)
        self.b2a = _ConvUnit(channels, b2a)
        self.b2b = _ConvUnit(b2a, b2b, 3)
        self.b3a = SameMaxPool3d((3, 3, 3))
        self.b3b = _ConvUnit(channels, b3b)

    def forward(self, video: Tensor) -> Tensor:
        views = (
            self.b0(video),
            self.b1b(self.b1a(video)),
            self.b2b(self.b2a(video)),
            self.b3b(self.b3a(video)),
        )
        return torch.cat(views, 1)


def _stages(channels: int) -> Iterator[tuple[str, nn.Module]]:
    """The layers up to the classifier, by their published names."""
    yield "Conv3d_1a_7x7", _ConvUnit(channels, 64, 7, _HALVE)
    yield "MaxPool3d_2a_3x3", SameMaxPool3d((1, 3, 3), _HALVE_SPACE)
    yield "Conv3d_2b_1x1", _ConvUnit(64, 64)
    yield "Conv3d_2c_3x3", _ConvUnit(64, 192, 3)
    yield "MaxPool3d_3a_3x3", SameMaxPool3d((1, 3, 3), _HALVE_SPACE)
    yield "Mixed_3b", _Mixed(192, (64, 96, 128, 16, 32, 32))
    yield "Mixed_3c", _Mixed(256, (128, 128, 192, 32, 96, 64))
    yield "MaxPool3d_4a_3x3", SameMaxPool3d((3, 3, 3), _HALVE)
    yield "Mixed_4b", _Mixed(480, (192, 96, 208, 16, 48, 64))
    yield "Mixed_4c", _Mixed(512, (160, 112, 224, 24, 64, 64))
    yield "Mixed_4d", _Mixed(512, (128, 128, 256, 24, 64, 64))
    yield "Mixed_4e", _Mixed(512, (112, 144, 288, 32, 64, 64))
    yield "Mixed_4f", _Mixed(528, (256, 160, 320, 32, 128, 128))
    yield "MaxPool3d_5a_2x2", SameMaxPool3d((2, 2, 2), _HALVE)
    yield "Mixed_5b", _Mixed(832, (256, 160, 320, 32, 128, 128))
    yield "Mixed_5c", _Mixed(832, (384, 192, 384, 48, 128, 128))
    yield "avg_pool", nn.AvgPool3d((2, 7, 7), stride=1)


class I3D(ClipNetwork):
    """One stream: colours or flow in [-1, 1], at least 9 frames of at least 193 x 193 pixels.

    Args:
        variant: what it sees, of ``CHANNELS``.
        classes: number of classes.

    Raises:
        OptionError: no such variant.
    """

    classifiers: ClassVar[tuple[str, ...]] = ("logits.conv3d",)

    def __init__(self, variant: str, classes: int) -> None:
        super().__init__()
        if variant not in CHANNELS:
            raise OptionError(f"unknown I3D variant {variant!r}; allowed: {', '.join(CHANNELS)}")
        stages = dict(_stages(CHANNELS[variant]))
        for name, stage in stages.items():
            self.add_module(name, stage)
        self._stages = tuple(stages)
        self.dropout = nn.Dropout(_DROPOUT)
        self.logits = nn.Sequential(OrderedDict(conv3d=nn.Conv3d(FEATURES, classes, 1)))

    def features(self, video: Tensor) -> Tensor:
        """[N, C, T, H, W] -> means over time [N, 1024].

        The published logits are means over time, too: the classifier is linear, so the order does
        not matter.
        """
        for name in self._stages:
            video = self.get_submodule(name)(video)
        return video.mean((2, 3, 4))

    def classify(self, features: Tensor) -> Tensor:
        """[N, 1024] -> logits [N, classes]."""
        pooled = self.dropout(features).unsqueeze(2).unsqueeze(3).unsqueeze(4)
        return self.logits(pooled).flatten(1)
