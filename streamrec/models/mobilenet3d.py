"""3-D MobileNets V1 and V2 of any width (Koepuekue et al. 2019, arXiv 1904.02422)."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import ClassVar

from torch import Tensor, nn

from streamrec.models.mobilenet import DROPOUT, FEATURES, STAGES, STEM
from streamrec.models.network import ClipNetwork
from streamrec.nn.conv3d import SpatialConv3d

_V1_STAGES = ((64, 1, 2), (128, 2, 2), (256, 2, 2), (512, 6, 2), (1024, 2, 1))
"""Width, blocks, and stride of the first block: table 2 of the paper."""


def _pointwise(channels_in: int, channels_out: int) -> SpatialConv3d:
    return SpatialConv3d(channels_in, channels_out, 1, bias=False)


def _depthwise(channels: int, stride: int) -> nn.Conv3d:
    return nn.Conv3d(channels, channels, 3, stride, 1, groups=channels, bias=False)


def _stem(channels: int, activation: nn.Module) -> nn.Sequential:
    conv = nn.Conv3d(3, channels, 3, (1, 2, 2), 1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm3d(channels), activation)


def _separable(channels_in: int, channels_out: int, stride: int) -> nn.Sequential:
    layers: dict[str, nn.Module] = {
        "conv1": _depthwise(channels_in, stride),
        "bn1": nn.BatchNorm3d(channels_in),
        "relu1": nn.ReLU(),
        "conv2": _pointwise(channels_in, channels_out),
        "bn2": nn.BatchNorm3d(channels_out),
        "relu2": nn.ReLU(),
    }
    return nn.Sequential(OrderedDict(layers))


class InvertedResidual3D(nn.Module):
    """Expand, depthwise convolution, project; added to the input where the shapes agree."""

    def __init__(self, channels_in: int, channels_out: int, stride: int, expand: int) -> None:
        super().__init__()
        inner = expand * channels_in
        expansion = (_pointwise(channels_in, inner), nn.BatchNorm3d(inner), nn.ReLU6())
        self.conv = nn.Sequential(
            *(expansion if expand > 1 else ()),
            _depthwise(inner, stride),
            nn.BatchNorm3d(inner),
            nn.ReLU6(),
            _pointwise(inner, channels_out),
            nn.BatchNorm3d(channels_out),
        )
        self.residual = stride == 1 and channels_in == channels_out

    def forward(self, video: Tensor) -> Tensor:
        """[N, C_in, T, H, W] -> [N, C_out, ...]; each size divided by the stride, rounded up."""
        y = self.conv(video)
        return video + y if self.residual else y


def _v1(width: float) -> Iterator[nn.Module]:
    before = int(width * STEM)
    yield _stem(before, nn.ReLU())
    for channels, blocks, first_stride in _V1_STAGES:
        for stride in (first_stride, *[1] * (blocks - 1)):
            yield _separable(before, int(width * channels), stride)
            before = int(width * channels)


def _v2(width: float) -> Iterator[nn.Module]:
    before = int(width * STEM)
    yield _stem(before, nn.ReLU6())
    for expand, channels, blocks, first_stride in STAGES:
        for stride in (first_stride, *[1] * (blocks - 1)):
            yield InvertedResidual3D(before, int(width * channels), stride, expand)
            before = int(width * channels)
    yield nn.Sequential(_pointwise(before, FEATURES), nn.BatchNorm3d(FEATURES), nn.ReLU6())


class MobileNet3D(ClipNetwork):
    """MobileNet with 3-D convolutions; time shrinks with the picture. Clips of any length.

    Args:
        variant: version and width, such as ``v2-0.45``.
        classes: number of classes.
    """

    classifiers: ClassVar[tuple[str, ...]] = ("classifier.1",)

    def __init__(self, variant: str, classes: int) -> None:
        super().__init__()
        version, width = variant.split("-")
        layers = {"v1": _v1, "v2": _v2}[version](float(width))
        features = FEATURES if version == "v2" else int(float(width) * _V1_STAGES[-1][0])
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool3d(1), nn.Flatten())
        self.classifier = nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(features, classes))

    def classify(self, features: Tensor) -> Tensor:
        """[N, features] -> logits [N, classes]."""
        return self.classifier(features)
