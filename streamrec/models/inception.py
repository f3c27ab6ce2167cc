"""Inception-v1 with batch norm, picture by picture, as torchvision publishes it (``googlenet``).

Szegedy et al. 2014, arXiv 1409.4842; Ioffe and Szegedy 2015, arXiv 1502.03167. Where the first
paper has kernels of 5 x 5, the published network has 3 x 3.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from streamrec.models.network import FrameNetwork

FEATURES = 1024
"""Channels of the last feature maps."""

BATCH_NORM_EPSILON = 1e-3

_FIRST_FILTERS = "conv1.conv.weight"
_CLASSIFIER = "fc"


class InceptionMaps(nn.Module):
    """The convolutions of Inception-v1, without a classifier.

    Args:
        channels: of the input: 3 colours, or 20 for a stack of 10 flow frames.
    """

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.conv1 = _ConvNorm(channels, 64, 7, stride=2)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = _ConvNorm(64, 64, 1)
        self.conv3 = _ConvNorm(64, 192, 3)
        self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception3a = _Block(192, 64, (96, 128), (16, 32), 32)
        self.inception3b = _Block(256, 128, (128, 192), (32, 96), 64)
        self.maxpool3 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception4a = _Block(480, 192, (96, 208), (16, 48), 64)
        self.inception4b = _Block(512, 160, (112, 224), (24, 64), 64)
        self.inception4c = _Block(512, 128, (128, 256), (24, 64), 64)
        self.inception4d = _Block(512, 112, (144, 288), (32, 64), 64)
        self.inception4e = _Block(528, 256, (160, 320), (32, 128), 128)
        self.maxpool4 = nn.MaxPool2d(2, stride=2, ceil_mode=True)
        self.inception5a = _Block(832, 256, (160, 320), (32, 128), 128)
        self.inception5b = _Block(832, 384, (192, 384), (48, 128), 128)

    def maps(self, pictures: Tensor) -> Tensor:
        """[N, channels, H, W] -> the last feature maps, [N, 1024, about H / 32, about W / 32]."""
        x = self.maxpool1(self.conv1(pictures))
        x = self.maxpool2(self.conv3(self.conv2(x)))
        x = self.maxpool3(self.inception3b(self.inception3a(x)))
        x = self.inception4c(self.inception4b(self.inception4a(x)))
        x = self.maxpool4(self.inception4e(self.inception4d(x)))
        return self.inception5b(self.inception5a(x))

    def features(self, pictures: Tensor) -> Tensor:
        """[N, channels, H, W] -> the mean of the last feature maps, [N, 1024]."""
        return self.maps(pictures).mean((2, 3))


class Inception(InceptionMaps, FrameNetwork):
    """Inception-v1: logits of each picture.

    Args:
        variant: ``v1``, the only one.
        classes: number of classes.
        channels: of the input.
    """

    classifiers: ClassVar[tuple[str, ...]] = (_CLASSIFIER,)
    unused: ClassVar[tuple[str, ...]] = ("aux1.", "aux2.")

    def __init__(self, variant: str, classes: int, channels: int = 3) -> None:
        super().__init__(channels)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(FEATURES, classes)

    def classify(self, features: Tensor) -> Tensor:
        """[N, 1024] -> logits [N, classes]."""
        return self.fc(self.dropout(features))


def copy_convolutions(source: InceptionMaps, target: InceptionMaps) -> None:
    """Start a network of frames or of flow from one that was trained on pictures.

    Where the numbers of input channels differ, each filter of the first layer becomes its mean
    over the source's channels, repeated (Wang et al. 2016, arXiv 1608.00859, section 3.2).
    """
    weights = {
        name: value
        for name, value in source.state_dict().items()
        if not name.startswith(f"{_CLASSIFIER}.")
    }
    channels = target.conv1.conv.in_channels
    if channels != source.conv1.conv.in_channels:
        mean = weights[_FIRST_FILTERS].mean(1, keepdim=True)
        weights[_FIRST_FILTERS] = mean.expand(-1, channels, -1, -1)
    target.load_state_dict(weights, strict=False)


class _ConvNorm(nn.Module):
    """Convolution without bias, batch norm, ReLU."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            channels_in, channels_out, kernel, stride, padding=kernel // 2, bias=False
        )
        self.bn = nn.BatchNorm2d(channels_out, eps=BATCH_NORM_EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C_in, H, W] -> [N, C_out, ceil(H / stride), ceil(W / stride)]."""
        return F.relu(self.bn(self.conv(x)))


class _Block(nn.Module):
    """Four branches side by side: 1 x 1, twice 1 x 1 and 3 x 3, and a max pool with 1 x 1.

    Args:
        channels: of the input.
        single: width of the first branch.
        middle, narrow: widths of the two convolutions of the second and of the third branch.
        pooled: width of the fourth branch.
    """

    def __init__(
        self,
        channels: int,
        single: int,
        middle: tuple[int, int],
        narrow: tuple[int, int],
        pooled: int,
    ) -> None:
        super().__init__()
        self.branch1 = _ConvNorm(channels, single, 1)
        self.branch2 = _pair(channels, *middle)
        self.branch3 = _pair(channels, *narrow)
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1), _ConvNorm(channels, pooled, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[N, channels, H, W] -> [N, sum of the branches' widths, H, W]."""
        branches = (self.branch1, self.branch2, self.branch3, self.branch4)
        return torch.cat([branch(x) for branch in branches], 1)


def _pair(channels: int, reduced: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(_ConvNorm(channels, reduced, 1), _ConvNorm(reduced, channels_out, 3))
