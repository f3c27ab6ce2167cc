"""A record -> its network."""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType

import torch
from torch import nn

from streamrec.models.architecture import Architecture, MoViNetArchitecture

NETWORKS: Mapping[str, str] = MappingProxyType(
    {
        "c3d": "C3D",
        "cnn_lstm": "CnnLstm",
        "i3d": "I3D",
        "inception": "Inception",
        "mobilenet": "MobileNetV2",
        "mobilenet3d": "MobileNet3D",
        "resnet3d": "ResNet3D",
        "s3d": "S3D",
        "two_stream": "TwoStream",
        "two_stream_fused": "FusedTwoStream",
        "two_stream_i3d": "TwoStreamI3D",
        "x3d": "X3D",
    }
)
"""The class in each file of this folder; it takes a variant and the number of classes."""


def build(architecture: Architecture) -> nn.Module:
    """Make the network that a record describes, untrained."""
    if isinstance(architecture, MoViNetArchitecture):
        from streamrec.models.movinet import MoViNet

        return MoViNet(architecture)
    module = import_module(f"streamrec.models.{architecture.family}")
    make: Callable[[str, int], nn.Module] = getattr(module, NETWORKS[architecture.family])
    return make(architecture.variant, architecture.classes)


def build_shapes(architecture: Architecture) -> nn.Module:
    """Make the network without its numbers: shapes only, on the ``meta`` device."""
    with torch.device("meta"):
        return build(architecture)
