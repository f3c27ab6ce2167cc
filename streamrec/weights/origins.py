"""The 2-D networks that 3-D ones are inflated from, and what those call the same arrays."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

_STREAM = re.compile(r"^(rgb|flow)\.")
_MIXED = re.compile(r"^Mixed_(\d)([b-f])\.")
_LAYERS: Mapping[str, str] = MappingProxyType(
    {
        "Conv3d_1a_7x7": "conv1",
        "Conv3d_2b_1x1": "conv2",
        "Conv3d_2c_3x3": "conv3",
        "b0": "branch1",
        "b1a": "branch2.0",
        "b1b": "branch2.1",
        "b2a": "branch3.0",
        "b2b": "branch3.1",
        "b3b": "branch4.1",
        "conv3d": "conv",
    }
)
_BOTTLENECK = re.compile(r"^features\.(\d+)\.conv\.(\d)")


@dataclass(frozen=True, slots=True)
class Origin:
    """A 2-D network.

    Attributes:
        network: its registered name.
        name_of: 3-D name -> its name.
        unused: beginnings of its names that the 3-D network has no place for.
    """

    network: str
    name_of: Callable[[str], str]
    unused: tuple[str, ...]


def _googlenet_name(name: str) -> str:
    """Blocks of I3D are lettered from b, those of GoogLeNet from a."""
    name = _STREAM.sub("", name)
    name = _MIXED.sub(lambda block: f"inception{block[1]}{chr(ord(block[2]) - 1)}.", name)
    return ".".join(_LAYERS.get(layer, layer) for layer in name.split("."))


def _mobilenet_name(name: str) -> str:
    """Layers of a 3-D bottleneck are numbered through: convolution, norm, activation, and so on.

    In 2-D each such three is a group of its own, but for the last, which has no activation.
    """

    def renumber(layer: re.Match[str]) -> str:
        group, place = divmod(int(layer[2]), 3)
        last = 1 if layer[1] == "1" else 2  # the first bottleneck does not expand
        number = f"{group}.{place}" if group < last else f"{last + place}"
        return f"features.{layer[1]}.conv.{number}"

    return _BOTTLENECK.sub(renumber, name)


_GOOGLENET = Origin("inception-v1", _googlenet_name, ("fc.", "aux1.", "aux2."))
_MOBILENET = Origin("mobilenet-v2", _mobilenet_name, ("classifier.",))

ORIGINS: Mapping[tuple[str, str], Origin] = MappingProxyType(
    {
        ("i3d", "rgb"): _GOOGLENET,
        ("i3d", "flow"): _GOOGLENET,
        ("two_stream_i3d", "rgb+flow"): _GOOGLENET,
        ("mobilenet3d", "v2-1.0"): _MOBILENET,
    }
)
"""By family and variant of the 3-D network."""
