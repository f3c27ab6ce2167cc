"""Learning with 8-bit rounding: what ``streamrec export --int8`` rounds is rounded here, too.

Values are rounded on the way forward, and gradients pass as if they were not. Weights have a grid
for each channel, activations one for each tensor; its range is a moving average of the least and
the greatest value of a batch. See Jacob et al. 2018, arXiv 1712.05877.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from streamrec.errors import OptionError
from streamrec.models.movinet import Bottleneck, MoViNet
from streamrec.nn.conv import ConvNorm
from streamrec.nn.stream import CausalSqueezeExcite
from streamrec.weights.model_weights import Ranges

_INPUT = "input_range"
_CLIPS = ("none", "relu6")
_LEAST_RATE = 0.01
_TINY = 1e-12


class Rounding:
    """Lets a network round, until ``finish``.

    Meanwhile its ``state_dict`` has the ranges, too, and other names for some of the weights.

    Raises:
        OptionError: it is no MoViNet that sees one frame after another.
    """

    def __init__(self, network: nn.Module) -> None:
        if not isinstance(network, MoViNet) or not network.architecture.causal:
            raise OptionError(
                "--quantised is for MoViNets of the families stream and mobile; omit it"
            )
        self._network, self._undo = network, ExitStack()
        self._names = {module: name for name, module in network.named_modules()}
        self._ranges: dict[str, _Range] = {}
        self._input(network.stem)
        rounded = self._conv_norm(network.stem)
        for block in _blocks(network):
            self._bottleneck(block, rounded=rounded)
            rounded = False
        self._input(network.head.project)
        self._conv_norm(network.head.project)

    def finish(self) -> Ranges:
        """Take all of it away; the network has its weights as they were before the rounding.

        Returns:
            The ranges, for the 8-bit export.
        """
        ranges = {name: (r.low.item(), r.high.item()) for name, r in self._ranges.items()}
        for block in _blocks(self._network):
            name, factor = f"{self._names[block.project]}.output", block.residual_scale.item()
            low, high = sorted(factor * end for end in ranges[name])
            ranges[name] = low, high  # an exported projection has the factor in its weights
        self._undo.close()
        return ranges

    def _bottleneck(self, block: Bottleneck, *, rounded: bool) -> None:
        """``rounded``: whether what the block takes is rounded already."""
        assert isinstance(block.spatial, ConvNorm)
        if block.skip is not None:
            if block.skip.stride > 1:  # it takes the mean of what the block takes
                self._input(block.skip.project)
            self._conv_norm(block.skip.project)
        if not rounded:
            self._entry(block)
        if not self._conv_norm(block.expand):
            self._input(block.spatial)
        clipped = self._conv_norm(block.spatial)
        if isinstance(block.attention, CausalSqueezeExcite):
            self._gate(block.attention)
        if block.temporal is not None or block.attention is not None or not clipped:
            self._input(block.project)
        self._conv_norm(block.project)

    def _entry(self, block: Bottleneck) -> None:
        """Round what a block takes, for both of its paths."""
        values = self._input(block.expand)
        if block.skip is not None:
            self._before(block.skip, values)
            return
        block.skip = values  # type: ignore[assignment]
        self._undo.callback(setattr, block, "skip", None)

    def _conv_norm(self, layer: ConvNorm) -> bool:
        """Round the weights and what comes out; return whether the activation's result is that."""
        clips = layer.act_name in _CLIPS
        self._weight(layer.conv)
        self._output(layer, "act", layer, clips=clips)
        return clips

    def _gate(self, layer: CausalSqueezeExcite) -> None:
        for dense, act in ((layer.reduce, "act"), (layer.expand, "gate")):
            self._input(dense)
            self._weight(dense)
            self._output(layer, act, dense, clips=False)

    def _weight(self, layer: nn.Conv2d) -> None:
        parametrize.register_parametrization(layer, "weight", _RoundedWeight())
        self._undo.callback(
            parametrize.remove_parametrizations, layer, "weight", leave_parametrized=False
        )

    def _input(self, layer: nn.Module) -> "_Range":
        values = self._ranges[f"{self._names[layer]}.input"] = _Range()
        self._before(layer, values)
        return values

    def _before(self, layer: nn.Module, values: "_Range") -> None:
        layer.add_module(_INPUT, values)
        self._undo.callback(delattr, layer, _INPUT)
        self._undo.callback(layer.register_forward_pre_hook(_round_input).remove)

    def _output(self, owner: nn.Module, act: str, layer: nn.Module, *, clips: bool) -> None:
        """Round what ``layer`` gives, before or after the activation called ``act``."""
        function = getattr(owner, act)
        rounded = _RoundedActivation(function, clips=clips)
        self._ranges[f"{self._names[layer]}.output"] = rounded.values
        setattr(owner, act, rounded)
        self._undo.callback(setattr, owner, act, function)
        self._undo.callback(delattr, owner, act)


class _Range(nn.Module):
    """Rounds a tensor to 256 levels between its least and its greatest value."""

    low: Tensor
    high: Tensor
    batches: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("low", torch.zeros(()))
        self.register_buffer("high", torch.zeros(()))
        self.register_buffer("batches", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        """Round; in training, look at the values first."""
        if self.training:
            self._observe(x.detach().float())
        if not self.batches:
            return x
        scale = ((self.high - self.low) / 255).clamp(min=_TINY)
        zero = (-self.low / scale).round().to(torch.int32)
        return torch.fake_quantize_per_tensor_affine(x.float(), scale, zero, 0, 255).to(x.dtype)

    def _observe(self, x: Tensor) -> None:
        """Zero is always within the range, so that padding is exact."""
        self.batches += 1
        rate = (1 / self.batches).clamp(min=_LEAST_RATE)
        self.low.lerp_(x.amin().clamp(max=0.0), rate)
        self.high.lerp_(x.amax().clamp(min=0.0), rate)


class _RoundedWeight(nn.Module):
    """Rounds a weight [C_out, ...] to 255 levels for each channel, zero in the middle.

    A batch norm scales whole channels, so that this is also how the folded weight is rounded.
    """

    def forward(self, weight: Tensor) -> Tensor:
        peak = weight.detach().flatten(1).abs().amax(1)
        zero = torch.zeros_like(peak, dtype=torch.int32)
        scale = (peak / 127).clamp(min=_TINY)
        return torch.fake_quantize_per_channel_affine(weight, scale, zero, 0, -127, 127)


class _RoundedActivation(nn.Module):
    """An activation that is rounded: what it gives, if it ``clips``, or else what it takes."""

    def __init__(self, function: Callable[[Tensor], Tensor], *, clips: bool) -> None:
        super().__init__()
        self.values = _Range()
        self._function, self._clips = function, clips

    def forward(self, x: Tensor) -> Tensor:
        if self._clips:
            return self.values(self._function(x))
        return self._function(self.values(x))


def _round_input(layer: nn.Module, inputs: tuple[Tensor]) -> Tensor:
    """Find the range in the layer, so that a copy of the layer has its own."""
    rounded: Tensor = layer.get_submodule(_INPUT)(inputs[0])
    return rounded


def _blocks(network: MoViNet) -> Iterator[Bottleneck]:
    for block in network.blocks:
        assert isinstance(block, Bottleneck)
        yield block
