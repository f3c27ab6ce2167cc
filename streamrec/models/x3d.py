"""X3D: one small network widened along many axes (Feichtenhofer 2020, arXiv 2004.04730)."""

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import ClassVar, NamedTuple

from torch import Tensor, nn

from streamrec.models.architecture import se_width
from streamrec.models.network import ClipNetwork
from streamrec.nn.conv3d import SpatialConv3d, TemporalConv3d

_STEM, _WIDTHS, _FEATURES = 24, (24, 48, 96, 192), 2048
_INNER, _SE_RATIO = 2.25, 1 / 16


class _Variant(NamedTuple):
    """Blocks of each stage; frames and places of the head's window: those of a training clip."""

    depths: tuple[int, ...]
    frames: int
    places: int


_VARIANTS: Mapping[str, _Variant] = MappingProxyType(
    {
        "xs": _Variant((3, 5, 11, 7), frames=4, places=5),
        "s": _Variant((3, 5, 11, 7), frames=13, places=5),
        "m": _Variant((3, 5, 11, 7), frames=16, places=7),
        "l": _Variant((5, 10, 25, 15), frames=16, places=10),
    }
)


def _named(**layers: nn.Module) -> nn.Sequential:
    """Layers in a row, under the published names."""
    row = nn.Sequential()
    for name, layer in layers.items():
        row.add_module(name, layer)
    return row


def _pointwise(channels_in: int, channels_out: int, stride: int = 1) -> SpatialConv3d:
    return SpatialConv3d(channels_in, channels_out, 1, (1, stride, stride), bias=False)


def _stem() -> nn.Sequential:
    space = SpatialConv3d(3, _STEM, (1, 3, 3), (1, 2, 2), (0, 1, 1), bias=False)
    time = TemporalConv3d(_STEM, _STEM, (5, 1, 1), padding=(2, 0, 0), groups=_STEM, bias=False)
    # The published names have the two the wrong way round.
    conv = _named(conv_t=space, conv_xy=time)
    return _named(conv=conv, norm=nn.BatchNorm3d(_STEM), activation=nn.ReLU())


class SqueezeExcitation(nn.Module):
    """Scale each channel by a gate that sees the means of all channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = se_width(channels, _SE_RATIO)
        self.block = nn.Sequential(
            nn.Conv3d(channels, hidden, 1), nn.ReLU(), nn.Conv3d(hidden, channels, 1), nn.Sigmoid()
        )

    def forward(self, video: Tensor) -> Tensor:
        """[N, C, T, H, W] -> the same shape."""
        return video * self.block(video.mean((2, 3, 4), keepdim=True))


class ResidualBlock(nn.Module):
    """Expand, depthwise convolution over space and time, project; added to the input."""

    def __init__(self, channels_in: int, channels_out: int, stride: int, *, excited: bool) -> None:
        super().__init__()
        inner = int(_INNER * channels_out)
        # An empty row is the identity. A skip that only strides has no norm.
        self.branch1_conv = (
            _pointwise(channels_in, channels_out, stride) if stride > 1 else nn.Sequential()
        )
        self.branch1_norm = (
            nn.BatchNorm3d(channels_out) if channels_in != channels_out else nn.Sequential()
        )
        norm_b = nn.Sequential(nn.BatchNorm3d(inner))
        if excited:
            norm_b.append(SqueezeExcitation(inner))
        self.branch2 = _named(
            conv_a=_pointwise(channels_in, inner),
            norm_a=nn.BatchNorm3d(inner),
            act_a=nn.ReLU(),
            conv_b=nn.Conv3d(inner, inner, 3, (1, stride, stride), 1, groups=inner, bias=False),
            norm_b=norm_b,
            act_b=nn.SiLU(),
            conv_c=_pointwise(inner, channels_out),
            norm_c=nn.BatchNorm3d(channels_out),
        )
        self.activation = nn.ReLU()

    def forward(self, video: Tensor) -> Tensor:
        """[N, C_in, T, H, W] -> [N, C_out, T, ceil(H / stride), ceil(W / stride)]."""
        skip = self.branch1_norm(self.branch1_conv(video))
        return self.activation(skip + self.branch2(video))


def _stage(channels_in: int, channels_out: int, depth: int) -> nn.Sequential:
    blocks = nn.Sequential(
        ResidualBlock(channels_in, channels_out, stride=2, excited=True),
        *(
            ResidualBlock(channels_out, channels_out, stride=1, excited=index % 2 == 0)
            for index in range(1, depth)
        ),
    )
    return _named(res_blocks=blocks)


class Head(nn.Module):
    """A window slides over the clip; its features are averaged over all places where it fits.

    Attributes:
        proj: the classes.
    """

    def __init__(self, channels: int, window: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        inner = int(_INNER * channels)
        self.pool = _named(
            pre_conv=_pointwise(channels, inner),
            pre_norm=nn.BatchNorm3d(inner),
            pre_act=nn.ReLU(),
            pool=nn.AvgPool3d(window, stride=1),
            post_conv=_pointwise(inner, _FEATURES),
            post_act=nn.ReLU(),
        )
        self.proj = nn.Linear(_FEATURES, classes)

    def forward(self, video: Tensor) -> Tensor:
        """[N, C, T, H, W], no smaller than the window -> [N, features]."""
        return self.pool(video).mean((2, 3, 4))


class X3D(ClipNetwork):
    """X3D-XS, S, M or L.

    Pictures may be larger than those of training and clips longer, not smaller or shorter.

    Args:
        variant: ``xs``, ``s``, ``m`` or ``l``.
        classes: number of classes.
    """

    classifiers: ClassVar[tuple[str, ...]] = ("blocks.5.proj",)

    def __init__(self, variant: str, classes: int) -> None:
        super().__init__()
        depths, frames, places = _VARIANTS[variant]
        widths = pairwise((_STEM, *_WIDTHS))
        stages = (_stage(*width, depth) for width, depth in zip(widths, depths, strict=True))
        head = Head(_WIDTHS[-1], (frames, places, places), classes)
        self.blocks = nn.Sequential(_stem(), *stages, head)
        self.dropout = nn.Dropout(0.5)

    def features(self, video: Tensor) -> Tensor:
        """[N, 3, T, H, W] -> [N, 2048]."""
        return self.blocks(video)

    def classify(self, features: Tensor) -> Tensor:
        """[N, 2048] -> logits [N, classes]."""
        return self.get_submodule("blocks.5.proj")(self.dropout(features))
