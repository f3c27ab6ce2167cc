"""Activations by name, as an architecture record states them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn import functional as F

from streamrec.errors import OptionError

RELU6_GATE_FACTOR = 0.16667


def hard_sigmoid(x: Tensor) -> Tensor:
    """``clip(0.2 x + 0.5, 0, 1)``: what the published MoViNet stream weights were trained with."""
    return torch.clamp(0.2 * x + 0.5, 0.0, 1.0)


def hard_sigmoid_relu6(x: Tensor) -> Tensor:
    """``0.16667 relu6(x + 3)``: what the reference code computes since TensorFlow 2.8.

    The factor is the reference's own rounding of 1/6; with 1/6 its logits differ by 6e-4.
    """
    return F.relu6(x + 3.0) * RELU6_GATE_FACTOR


ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType(
    {
        "hard_sigmoid": hard_sigmoid,
        "hard_sigmoid_relu6": hard_sigmoid_relu6,
        "hard_swish": F.hardswish,
        "none": lambda x: x,
        "relu6": F.relu6,
        "sigmoid": torch.sigmoid,
        "swish": F.silu,
    }
)


def activation(name: str) -> Callable[[Tensor], Tensor]:
    """Return the activation called ``name``.

    Raises:
        OptionError: no such activation.
    """
    if name not in ACTIVATIONS:
        raise OptionError(f"unknown activation {name!r}; allowed: {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]
