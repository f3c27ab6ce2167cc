"""The record in which every reader hands over a model's weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from streamrec.errors import LabelsError
from streamrec.models.architecture import Architecture, ClipArchitecture
from streamrec.types import Array, Preprocessing

Ranges: TypeAlias = Mapping[str, tuple[float, float]]
"""Least and greatest value of what convolutions take and give, by the convolution's name:
``blocks.0.expand.input``, ``blocks.0.expand.output``. Where a Clip follows, it is what the Clip
gives."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelWeights:
    """A trained model: what it is, its numbers, and what its inputs and outputs mean.

    Attributes:
        architecture: the record that defines the network.
        tensors: float32 arrays by the network's ``state_dict`` names.
        labels: class names in logit order, None where the file has none.
        preprocessing: how a picture becomes input.
        provenance: where the weights come from, as free text by keyword.
        multi_label: whether several classes may be true at once; logits are then independent.
        ranges: of activations, where it was trained with 8-bit rounding; else empty.
    """

    architecture: Architecture
    tensors: Mapping[str, Array] = field(repr=False)
    labels: tuple[str, ...] | None = field(default=None, repr=False)
    preprocessing: Preprocessing
    provenance: Mapping[str, str] = field(default_factory=dict)
    multi_label: bool = False
    ranges: Ranges = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        classes = self.architecture.classes
        if self.labels is not None and len(self.labels) != classes:
            raise LabelsError(
                f"{self.architecture.name} has {classes} classes, got {len(self.labels)} labels"
            )


def plain_preprocessing(architecture: Architecture) -> Preprocessing:
    """Return what the published weights were trained with: RGB in [0, 1] for MoViNets."""
    if isinstance(architecture, ClipArchitecture):
        return architecture.preprocessing
    return Preprocessing(height=architecture.image_size, width=architecture.image_size)
