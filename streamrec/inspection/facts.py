"""What is found inside a network. Knows nothing of how it is found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Shape = tuple[int, ...]
"""Channels, frames where there are several, height, width; or features only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer that multiplies by weights.

    Attributes:
        name: its place in the network.
        kind: its class.
        kernel, stride: over time, where it has that axis, height and width; empty for dense layers.
        weight: shape of its weights; the first axis is that of the outputs.
        shape: of its output.
        macs: multiply-adds.
    """

    name: str
    kind: str
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    weight: tuple[int, ...]
    shape: Shape
    macs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One part of a network, or several alike in a row.

    Attributes:
        name: its place in the network; of several: the first's.
        kind: its class; for plain rows of layers theirs.
        branch: the network within the network that it belongs to; empty: there are none.
        repeats: how many are alike: of the same class, kernels and shapes.
        kernels: of its convolutions in order; those of one point are left out.
        width: the most channels of any of its layers.
        input, shape: what goes in and what comes out.
        parameters: trained numbers, of all repeats.
        macs: multiply-adds, of all repeats.
    """

    name: str
    kind: str
    branch: str
    repeats: int
    kernels: tuple[tuple[int, ...], ...]
    width: int
    input: Shape
    shape: Shape
    parameters: int
    macs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a network is made of, and what it costs.

    Attributes:
        input: shape of one frame as the network takes it: channels, height, width.
        parameters: trained numbers.
        macs: multiply-adds of convolutions and dense layers, for one ``unit``.
        unit: ``frame`` if it runs frame by frame; ``clip`` if it sees whole clips.
        macs_per_s: multiply-adds for one second of video: every frame, or clip after clip.
        state_bytes: what a stream remembers as float32: its state, or the frames of a clip.
        receptive_field: frames that the convolutions and pools along time reach over; means over
            the whole clip do not count. None: all frames so far, by recurrent layers.
        layer_counts: how many layers there are of each class, most frequent first.
        blocks: its parts in order.
        layers: those of its layers that multiply, in the order of computation.
        arrays: shapes of what was trained, by name.
    """

    input: Shape
    parameters: int
    macs: int
    unit: Literal["frame", "clip"]
    macs_per_s: float
    state_bytes: int
    receptive_field: int | None
    layer_counts: Mapping[str, int]
    blocks: tuple[Block, ...] = field(repr=False)
    layers: tuple[Layer, ...] = field(repr=False)
    arrays: Mapping[str, tuple[int, ...]] = field(repr=False)
