"""MobileNetV2 (Sandler et al. 2018, arXiv 1801.04381), a picture at a time."""

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from torch import Tensor, nn

from streamrec.models.network import FrameNetwork


class Stage(NamedTuple):
    """Blocks of one width; the first one strides.

    Attributes:
        expand: inner width over the width before.
        channels: width.
        blocks: how many.
        stride: of the first block.
    """

    expand: int
    channels: int
    blocks: int
    stride: int


STAGES = (
    Stage(1, 16, 1, 1),
    Stage(6, 24, 2, 2),
    Stage(6, 32, 3, 2),
    Stage(6, 64, 4, 2),
    Stage(6, 96, 3, 1),
    Stage(6, 160, 3, 2),
    Stage(6, 320, 1, 1),
)
"""Table 2 of the paper."""

STEM, FEATURES, DROPOUT = 32, 1280, 0.2


def _conv_norm_relu6(
    channels_in: int, channels_out: int, kernel: int = 1, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(
            channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=False
        ),
        nn.BatchNorm2d(channels_out),
        nn.ReLU6(),
    )


class InvertedResidual(nn.Module):
    """Expand, depthwise convolution, project; added to the input where the shapes agree."""

    def __init__(self, channels_in: int, channels_out: int, stride: int, expand: int) -> None:
        super().__init__()
        inner = expand * channels_in
        self.conv = nn.Sequential(
            *([_conv_norm_relu6(channels_in, inner)] if expand > 1 else []),
            _conv_norm_relu6(inner, inner, 3, stride, groups=inner),
            nn.Conv2d(inner, channels_out, 1, bias=False),
            nn.BatchNorm2d(channels_out),
        )
        self.residual = stride == 1 and channels_in == channels_out

    def forward(self, frames: Tensor) -> Tensor:
        """[N, C_in, H, W] -> [N, C_out, ceil(H / stride), ceil(W / stride)]."""
        y = self.conv(frames)
        return frames + y if self.residual else y


def _blocks() -> Iterator[InvertedResidual]:
    width = STEM
    for expand, channels, blocks, first_stride in STAGES:
        for stride in (first_stride, *[1] * (blocks - 1)):
            yield InvertedResidual(width, channels, stride, expand)
            width = channels


class MobileNetV2(FrameNetwork):
    """MobileNetV2 at its full width.

    Args:
        variant: ``v2``.
        classes: number of classes.
    """

    classifiers: ClassVar[tuple[str, ...]] = ("classifier.1",)

    def __init__(self, variant: str, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _conv_norm_relu6(3, STEM, 3, 2),
            *_blocks(),
            _conv_norm_relu6(STAGES[-1].channels, FEATURES),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.classifier = nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(FEATURES, classes))

    def classify(self, features: Tensor) -> Tensor:
        """[N, 1280] -> logits [N, classes]."""
        return self.classifier(features)
