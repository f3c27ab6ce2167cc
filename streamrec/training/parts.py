"""A network in two: the trunk, which stays as it is, and the tail, which learns.

What the trunk makes of a clip does not change while the tail learns, so that it is computed once.
Both share their layers with the network: once the tail has learnt, so has the network.
"""

from collections.abc import Iterable
from math import ceil
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from streamrec.errors import OptionError
from streamrec.models.movinet import Bottleneck, MoViNet
from streamrec.models.network import ClipNetwork, FrameNetwork
from streamrec.nn.stream import FRAMES_SEEN, Clock, TensorState


class Tail(nn.Module):
    """What learns. It sees what the trunk made of N clips, [N, T, ...]."""

    def initial_state(self, x: Tensor) -> TensorState:
        """Return the state of N streams that have seen nothing; empty if it has none."""
        return {}

    def forward(self, x: Tensor, state: TensorState) -> tuple[Tensor, TensorState]:
        """Return logits after each frame, [N, T, classes], or of the clip, [N, 1, classes].

        The state that follows is returned, too.
        """
        raise NotImplementedError


class Parts(NamedTuple):
    """A network in two; ``trunk`` is None where all of it learns."""

    trunk: nn.Module | None
    tail: Tail


def divide(network: nn.Module, trained: str, blocks: int) -> Parts:
    """Divide a network.

    Args:
        network: any of ``streamrec.models``.
        trained: ``classifier``, ``head``, ``blocks`` or ``all``, as in ``RecipeOptions``.
        blocks: how many, of ``blocks``.

    Raises:
        OptionError: the network has no such parts.
    """
    if trained == "all":
        return Parts(None, _Whole(network))
    if trained == "classifier":
        return _parts(_Features(network), _Classifier(network))
    if not isinstance(network, MoViNet):
        raise OptionError(
            "--trained head and --trained blocks are for MoViNets; this network takes --trained "
            "classifier or --trained all"
        )
    there = len(network.blocks)
    learning = blocks if trained == "blocks" else 0
    if learning > there:
        raise OptionError(f"--blocks is at most {there} of this network; got {blocks}")
    first = there - learning
    return _parts(_FirstBlocks(network, first), _LastBlocks(network, first))


def freeze_norms(module: nn.Module) -> None:
    """Let batch norms go by the statistics that they have, also while the module learns."""
    for layer in module.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.eval()


def _parts(trunk: nn.Module, tail: Tail) -> Parts:
    return Parts(trunk.eval().requires_grad_(False), tail.requires_grad_(True))


class _Whole(Tail):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def initial_state(self, x: Tensor) -> TensorState:
        if not _is_causal(self.network):
            return {}
        assert isinstance(self.network, MoViNet)
        return self.network.initial_state(len(x), *x.shape[-2:])

    def forward(self, x: Tensor, state: TensorState) -> tuple[Tensor, TensorState]:
        if _is_causal(self.network):
            return cast("MoViNet", self.network).step(x, state)
        logits: Tensor = self.network(x)
        return (logits if logits.ndim == 3 else logits[:, None]), {}


def _is_causal(network: nn.Module) -> bool:
    return isinstance(network, MoViNet) and network.architecture.causal


class _Features(nn.Module):
    """Everything before the classifier: [N, T, C, H, W] -> [N, T or 1, features]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, clip: Tensor) -> Tensor:
        network = self.network
        if isinstance(network, MoViNet):
            features: Tensor = network.head.act(network.head.hidden(_pooled(network, clip)))
            return features
        if isinstance(network, FrameNetwork):
            return network.features(clip.flatten(0, 1)).unflatten(0, clip.shape[:2])
        seen: Tensor = cast("ClipNetwork", network).features(clip.transpose(1, 2))
        return seen[:, None]


def _pooled(network: MoViNet, clip: Tensor) -> Tensor:
    """What the dense layers see: after each frame, [N, T, C]; of the base family, [N, 1, C]."""
    y: Tensor = _FirstBlocks(network, len(network.blocks))(clip)
    if not network.architecture.causal:
        maps: Tensor = network.head.project(y)
        return maps.mean((1, -2, -1))[:, None]
    state = _on(network.head.initial_state(len(clip)), y)
    return network.head.pool(y, state, _clock(network, y))[0]


class _Classifier(Tail):
    """The last layer: [N, T, features] -> logits."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self._network = (network,)
        names = cast("tuple[str, ...]", network.classifiers)
        self.layers = nn.ModuleList(network.get_submodule(name) for name in names)
        self.dropouts = nn.ModuleList(x for x in network.modules() if isinstance(x, nn.Dropout))

    def forward(self, x: Tensor, state: TensorState) -> tuple[Tensor, TensorState]:
        network = self._network[0]
        if isinstance(network, MoViNet):
            logits: Tensor = network.head.classifier(network.head.dropout(x))
            return logits, {}
        classify = cast("ClipNetwork | FrameNetwork", network).classify
        return classify(x.flatten(0, 1)).unflatten(0, x.shape[:2]), {}


class _FirstBlocks(nn.Module):
    """Stem and first blocks of a MoViNet: [N, T, 3, H, W] -> [N, T, C, H', W']."""

    def __init__(self, network: MoViNet, count: int) -> None:
        super().__init__()
        self._network = (network,)  # not registered: its last blocks may learn
        self.stem, self.blocks = network.stem, nn.ModuleList(_blocks(network)[:count])

    def forward(self, clip: Tensor) -> Tensor:
        return _run(self._network[0], self.blocks, self.stem(clip), None)[0]


class _LastBlocks(Tail):
    """Last blocks and head of a MoViNet."""

    def __init__(self, network: MoViNet, first: int) -> None:
        super().__init__()
        self._network = (network,)
        self.blocks, self.head = nn.ModuleList(_blocks(network)[first:]), network.head

    def initial_state(self, x: Tensor) -> TensorState:
        if not self._network[0].architecture.causal:
            return {}
        state = {FRAMES_SEEN: torch.zeros(len(x), 1, 1, 1), **self.head.initial_state(len(x))}
        return _on({**state, **_zeros(self.blocks, x)}, x)

    def forward(self, x: Tensor, state: TensorState) -> tuple[Tensor, TensorState]:
        network = self._network[0]
        y, following = _run(network, self.blocks, x, state)
        if not network.architecture.causal:
            logits: Tensor = self.head(y)
            return logits[:, None], {}
        clock = _clock(network, x, state)
        pooled, entries = self.head.pool(y, state, clock)
        seen = {FRAMES_SEEN: state[FRAMES_SEEN] + x.shape[1]}
        return self.head.classify(pooled), {**following, **entries, **seen}


def _run(
    network: MoViNet, blocks: Iterable[nn.Module], y: Tensor, state: TensorState | None
) -> tuple[Tensor, dict[str, Tensor]]:
    """Run blocks of a MoViNet; without a state, from the beginning of the clip."""
    new: dict[str, Tensor] = {}
    if not network.architecture.causal:
        for block in blocks:
            y = block(y)
        return y, new
    blocks = list(blocks)
    state = _on(_zeros(blocks, y), y) if state is None else state
    clock = _clock(network, y, state)
    for block in blocks:
        y, entries = cast("Bottleneck", block).step(y, state, clock)
        new.update(entries)
    return y, new


def _clock(network: MoViNet, x: Tensor, state: TensorState | None = None) -> Clock:
    seen = (state or {}).get(FRAMES_SEEN)
    seen = torch.zeros(len(x), 1, 1, 1, device=x.device) if seen is None else seen
    return Clock(seen, x.shape[1], network.architecture.horizon)


def _zeros(blocks: Iterable[nn.Module], x: Tensor) -> TensorState:
    """Buffers of blocks of which the first sees ``x``."""
    height, width = x.shape[-2:]
    state: dict[str, Tensor] = {}
    for block in cast("Iterable[Bottleneck]", blocks):
        height, width = ceil(height / block.stride), ceil(width / block.stride)
        state.update(block.initial_state(len(x), height, width))
    return state


def _on(state: TensorState, x: Tensor) -> TensorState:
    return {name: value.to(x.device) for name, value in state.items()}


def _blocks(network: MoViNet) -> list[nn.Module]:
    return list(network.blocks)
