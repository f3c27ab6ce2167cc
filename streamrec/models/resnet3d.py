"""ResNet-18 for video in three forms (Tran et al. 2018, arXiv 1711.11248): R3D, MC3, R(2+1)D."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import ClassVar, NamedTuple

from torch import Tensor, nn

from streamrec.errors import OptionError
from streamrec.models.network import ClipNetwork

_Size = tuple[int, int, int]
_Pair = tuple[nn.Module, nn.Module]
_MakePair = Callable[[int, int, _Size], _Pair]

_SAME: _Size = (1, 1, 1)
_WIDTHS = (64, 128, 256, 512)
_BLOCKS = 2


class ResNet3D(ClipNetwork):
    """A stem, four layers of two blocks, the mean over time and space, a dense layer.

    Any number of frames, of any height and width. Names as torchvision publishes them.

    Args:
        variant: ``r3d`` convolves over time and space; ``mc3`` (mixed) does so in the stem and the
            first layer only, then over space; ``r2plus1d`` convolves over space, then over time.
        classes: number of classes.

    Raises:
        OptionError: no such variant.
    """

    classifiers: ClassVar[tuple[str, ...]] = ("fc",)

    def __init__(self, variant: str, classes: int) -> None:
        super().__init__()
        if variant not in _VARIANTS:
            raise OptionError(f"no ResNet {variant!r}; allowed: {', '.join(_VARIANTS)}")
        stem, stride, pairs = _VARIANTS[variant]
        self.stem = stem()
        self.layer1 = _layer(pairs[0], _WIDTHS[0], _WIDTHS[0], _SAME)
        self.layer2 = _layer(pairs[1], _WIDTHS[0], _WIDTHS[1], stride)
        self.layer3 = _layer(pairs[2], _WIDTHS[1], _WIDTHS[2], stride)
        self.layer4 = _layer(pairs[3], _WIDTHS[2], _WIDTHS[3], stride)
        self.fc = nn.Linear(_WIDTHS[3], classes)

    def features(self, video: Tensor) -> Tensor:
        """[N, 3, T, H, W] -> [N, 512]."""
        x = self.layer2(self.layer1(self.stem(video)))
        return self.layer4(self.layer3(x)).mean((2, 3, 4))

    def classify(self, features: Tensor) -> Tensor:
        """[N, 512] -> logits [N, classes]."""
        return self.fc(features)


class _Block(nn.Module):
    """Two convolutions with batch norm, added to what they were given."""

    def __init__(self, pair: _MakePair, channels_in: int, channels: int, stride: _Size) -> None:
        super().__init__()
        first, second = pair(channels_in, channels, stride)
        self.conv1 = nn.Sequential(first, nn.BatchNorm3d(channels), nn.ReLU(inplace=True))
        self.conv2 = nn.Sequential(second, nn.BatchNorm3d(channels))
        self.downsample = None if stride == _SAME else _projection(channels_in, channels, stride)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C_in, T, H, W] -> [N, C, T, H, W], each axis over its stride, rounded up."""
        skip = x if self.downsample is None else self.downsample(x)
        return self.relu(self.conv2(self.conv1(x)) + skip)


def _layer(pair: _MakePair, channels_in: int, channels: int, stride: _Size) -> nn.Sequential:
    rest = (_Block(pair, channels, channels, _SAME) for _ in range(_BLOCKS - 1))
    return nn.Sequential(_Block(pair, channels_in, channels, stride), *rest)


def _projection(channels_in: int, channels: int, stride: _Size) -> nn.Sequential:
    return nn.Sequential(_conv(channels_in, channels, _SAME, stride), nn.BatchNorm3d(channels))


def _conv(channels_in: int, channels: int, kernel: _Size, stride: _Size = _SAME) -> nn.Conv3d:
    time, height, width = kernel
    padding = (time // 2, height // 2, width // 2)
    return nn.Conv3d(channels_in, channels, kernel, stride, padding, bias=False)


def _plain_pair(kernel: _Size, channels_in: int, channels: int, stride: _Size) -> _Pair:
    return _conv(channels_in, channels, kernel, stride), _conv(channels, channels, kernel)


def _factored_pair(channels_in: int, channels: int, stride: _Size) -> _Pair:
    """Space, then time, with no more parameters than the full convolution would have.

    Both convolutions of a block have the width between space and time that fits the first.
    """
    between = channels_in * channels * 27 // (9 * channels_in + 3 * channels)
    return (
        _factored(channels_in, between, channels, stride),
        _factored(channels, between, channels, _SAME),
    )


def _factored(channels_in: int, between: int, channels: int, stride: _Size) -> nn.Sequential:
    time, height, width = stride
    return nn.Sequential(
        _conv(channels_in, between, (1, 3, 3), (1, height, width)),
        nn.BatchNorm3d(between),
        nn.ReLU(inplace=True),
        _conv(between, channels, (3, 1, 1), (time, 1, 1)),
    )


def _full_stem() -> nn.Sequential:
    return nn.Sequential(
        _conv(3, _WIDTHS[0], (3, 7, 7), (1, 2, 2)),
        nn.BatchNorm3d(_WIDTHS[0]),
        nn.ReLU(inplace=True),
    )


def _factored_stem() -> nn.Sequential:
    between = 45
    return nn.Sequential(
        _conv(3, between, (1, 7, 7), (1, 2, 2)),
        nn.BatchNorm3d(between),
        nn.ReLU(inplace=True),
        _conv(between, _WIDTHS[0], (3, 1, 1)),
        nn.BatchNorm3d(_WIDTHS[0]),
        nn.ReLU(inplace=True),
    )


class _Variant(NamedTuple):
    """What tells the forms apart: the stride between layers, and the convolutions of each."""

    stem: Callable[[], nn.Sequential]
    stride: _Size
    pairs: tuple[_MakePair, _MakePair, _MakePair, _MakePair]


_full, _spatial = partial(_plain_pair, (3, 3, 3)), partial(_plain_pair, (1, 3, 3))

_VARIANTS: Mapping[str, _Variant] = MappingProxyType(
    {
        "r3d": _Variant(_full_stem, (2, 2, 2), (_full, _full, _full, _full)),
        "mc3": _Variant(_full_stem, (1, 2, 2), (_full, _spatial, _spatial, _spatial)),
        "r2plus1d": _Variant(_factored_stem, (2, 2, 2), (_factored_pair,) * 4),
    }
)
