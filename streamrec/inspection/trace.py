"""Runs a network once without numbers, and notes what passes through its modules."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from streamrec.inspection.facts import Layer, Shape
from streamrec.models.architecture import Architecture, MoViNetArchitecture
from streamrec.models.movinet import Bottleneck
from streamrec.nn.conv import ConvNorm, DepthwiseConv3d, StridedSkip
from streamrec.nn.stream import CausalTemporalConv, ClipSqueezeExcite, TensorState

if TYPE_CHECKING:
    from streamrec.runtimes.torch import SteppingModule

_FRAMES_FIRST = (Bottleneck, ClipSqueezeExcite, ConvNorm, DepthwiseConv3d, StridedSkip)
"""These take and give [N, T, C, H, W], all others [N, C, T, H, W]."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What passed through a network.

    Attributes:
        calls: shapes of input and output of each module that was called, by name, in order.
        layers: the layers that multiplied, by name, in order.
    """

    calls: dict[str, tuple[Shape, Shape]] = field(default_factory=dict)
    layers: dict[str, Layer] = field(default_factory=dict)

    def add(self, layer: Layer) -> None:
        """Note one call of a layer; the multiply-adds of its calls add up."""
        before = self.layers[layer.name].macs if layer.name in self.layers else 0
        self.layers[layer.name] = replace(layer, macs=before + layer.macs)


def frame_shape(record: Architecture) -> Shape:
    """Return channels, height and width of one frame as the network takes it."""
    if isinstance(record, MoViNetArchitecture):
        return 3, record.image_size, record.image_size
    if record.flow is None:
        return 3, record.preprocessing.height, record.preprocessing.width
    return 5 if record.flow.colors else 2, record.flow.height, record.flow.width


def initial_state(network: nn.Module) -> TensorState:
    """Return the state of a causal network that has seen nothing."""
    return cast("SteppingModule", network).initial_state()


def run_shapes(network: nn.Module, record: Architecture) -> None:
    """Run a network of the ``meta`` device: a frame if it has a state, else a clip."""
    network.eval()
    with torch.no_grad(), torch.device("meta"):
        if record.causal:
            frame = torch.empty(1, *frame_shape(record))
            cast("SteppingModule", network).step(frame, initial_state(network))
        else:
            network(torch.empty(1, record.clip_frames, *frame_shape(record)))


def trace(network: nn.Module, record: Architecture) -> Trace:
    """Run a network of the ``meta`` device once and return what was seen."""
    seen = Trace()
    hooks = [
        hook
        for name, module in network.named_modules()
        if name
        for hook in _hooks(seen, name, module)
    ]
    run_shapes(network, record)
    for hook in hooks:
        hook.remove()
    return seen


def _hooks(seen: Trace, name: str, module: nn.Module) -> Iterator[RemovableHandle]:
    frames_first = isinstance(module, _FRAMES_FIRST)
    # This one has no ``forward``; its norm takes and gives what it gives.
    watched = module.norm if isinstance(module, CausalTemporalConv) else module

    def before(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        shape = _shape(inputs[0], frames_first)
        seen.calls[name] = shape, shape

    def after(
        _: nn.Module, inputs: tuple[Tensor, ...], output: Tensor | tuple[Tensor, ...]
    ) -> None:
        first = output if isinstance(output, Tensor) else output[0]
        shape = _shape(first, frames_first)
        seen.calls[name] = seen.calls[name][0], shape
        if (weight := _weight(module)) is not None:
            seen.add(_layer(name, module, weight, shape, first.numel()))

    yield watched.register_forward_pre_hook(before)
    yield watched.register_forward_hook(after)


def _weight(module: nn.Module) -> Tensor | None:
    """Return what a layer multiplies by."""
    match module:
        case nn.Conv1d() | nn.Conv2d() | nn.Conv3d() | nn.Linear():
            return module.weight
        case ConvNorm() | DepthwiseConv3d():
            return module.conv.weight  # used without calling ``conv``
        case CausalTemporalConv():
            return module.weight[:, None, :, None, None]
    return None


def _layer(name: str, module: nn.Module, weight: Tensor, shape: Shape, outputs: int) -> Layer:
    stride = getattr(getattr(module, "conv", module), "stride", ())
    return Layer(
        name=name,
        kind=type(module).__name__,
        kernel=tuple(weight.shape[2:]),
        stride=tuple(stride),
        weight=tuple(weight.shape),
        shape=shape,
        macs=outputs * weight[0].numel(),
    )


def _shape(x: Tensor, frames_first: bool) -> Shape:
    """Leave out the batch, and the axis of frames where there is one frame only."""
    axes = list(x.shape[1:])
    if frames_first:
        axes[0], axes[1] = axes[1], axes[0]
    if len(axes) == 4 and axes[1] == 1:
        del axes[1]
    return tuple(axes) if len(axes) > 2 else tuple(axes[-1:])
