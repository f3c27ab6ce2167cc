"""A record -> what its network is made of, and what it costs."""

from collections import Counter
from math import prod

from torch import nn

from streamrec.inspection.blocks import blocks
from streamrec.inspection.facts import Inspection
from streamrec.inspection.receptive_field import receptive_field
from streamrec.inspection.trace import frame_shape, initial_state, trace
from streamrec.models.architecture import Architecture
from streamrec.models.build import build_shapes
from streamrec.nn.stream import CausalTemporalConv

_FLOAT_BYTES = 4


def inspect(record: Architecture) -> Inspection:
    """Describe the network of a record. Takes no weights: it is run on shapes alone."""
    network = build_shapes(record)
    seen = trace(network, record)
    macs = sum(layer.macs for layer in seen.layers.values())
    trained = {name: tuple(value.shape) for name, value in network.named_parameters()}
    return Inspection(
        input=frame_shape(record),
        parameters=sum(map(prod, trained.values())),
        macs=macs,
        unit="frame" if record.causal else "clip",
        macs_per_s=macs * record.fps / (1 if record.causal else record.clip_frames),
        state_bytes=_FLOAT_BYTES * _state_size(network, record),
        receptive_field=receptive_field(network, record),
        layer_counts=dict(Counter(_layer_kinds(network)).most_common()),
        blocks=blocks(network, seen),
        layers=tuple(seen.layers.values()),
        arrays=trained,
    )


def _state_size(network: nn.Module, record: Architecture) -> int:
    if not record.causal:
        return record.clip_frames * prod(frame_shape(record))
    return sum(value.numel() for value in initial_state(network).values())


def _layer_kinds(network: nn.Module) -> list[str]:
    """An empty row of layers stands for a part that is left out."""
    return [
        type(module).__name__
        for module in network.modules()
        if isinstance(module, CausalTemporalConv)
        or (next(module.children(), None) is None and not isinstance(module, nn.Sequential))
    ]
