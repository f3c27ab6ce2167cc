"""The parts of a network that a person would name: stem, stages, head."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from math import prod
from typing import Any

from torch import nn

from streamrec.inspection.facts import Block
from streamrec.inspection.trace import Trace
from streamrec.models.movinet import Bottleneck

_ROWS = (nn.Sequential, nn.ModuleList)
_LONGEST_PART = 3
"""Rows of layers that are one part together."""

_TELLING = ("Conv", "Linear", "Pool")
"""In the names of the classes that say what a row of layers does."""


def blocks(network: nn.Module, trace: Trace) -> tuple[Block, ...]:
    """Return the parts in order; those that are alike and follow each other are one."""
    parts = (_block(name, module, trace) for name, module in _parts(network, trace))
    branches = _branches(network)
    named = [
        replace(part, branch=next((b for b in branches if part.name.startswith(f"{b}.")), ""))
        for part in parts
        if part is not None
    ]
    return tuple(_one(list(alike)) for _, alike in groupby(named, _likeness))


def _branches(network: nn.Module) -> list[str]:
    """Return the names of networks within the network, if there are several."""
    found = [name for name, child in network.named_children() if hasattr(child, "features")]
    return found if len(found) > 1 else []


def _parts(network: nn.Module, trace: Trace) -> Iterator[tuple[str, nn.Module]]:
    classifiers: tuple[str, ...] = network.classifiers  # type: ignore[assignment]
    heads = {name.rpartition(".")[0] for name in classifiers}

    def walk(name: str, module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
        if name and name not in heads and not _is_open(name, module, trace):
            yield name, module
            return
        for child_name, child in module.named_children():
            yield from walk(f"{name}.{child_name}".removeprefix("."), child)

    return walk("", network)


def _is_open(name: str, module: nn.Module, trace: Trace) -> bool:
    """Tell whether what is inside a module are parts of their own."""
    if isinstance(module, _ROWS):
        nested = [child for child in module.children() if _has_children(child)]
        deep = any(_has_children(inner) for child in nested for inner in child.children())
        return deep or len(nested) > _LONGEST_PART
    called = name in trace.calls or isinstance(module, Bottleneck)
    return not called and _has_children(module)


def _has_children(module: nn.Module) -> bool:
    return next(module.children(), None) is not None


def _block(name: str, module: nn.Module, trace: Trace) -> Block | None:
    """Describe a part; None for one that neither multiplies nor changes the shape."""
    within = [key for key in trace.calls if f"{key}.".startswith(f"{name}.")]
    layers = [trace.layers[key] for key in within if key in trace.layers]
    if not within:
        return None
    first, last = trace.calls[within[0]], trace.calls.get(name, trace.calls[within[-1]])
    if not layers and first[0] == last[1]:
        return None
    return Block(
        name=name,
        kind=_kind(module),
        branch="",
        repeats=1,
        kernels=tuple(layer.kernel for layer in layers if prod(layer.kernel) > 1),
        width=max([layer.shape[0] for layer in layers], default=last[1][0]),
        input=first[0],
        shape=last[1],
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        macs=sum(layer.macs for layer in layers),
    )


def _kind(module: nn.Module) -> str:
    if not isinstance(module, nn.Sequential):
        return type(module).__name__.lstrip("_")
    kinds = (type(each).__name__ for each in module.modules())
    return ", ".join(dict.fromkeys(kind for kind in kinds if any(map(kind.count, _TELLING))))


def _likeness(block: Block) -> tuple[Any, ...]:
    return block.kind, block.branch, block.kernels, block.width, block.input, block.shape


def _one(alike: list[Block]) -> Block:
    return replace(
        alike[0],
        repeats=len(alike),
        parameters=sum(block.parameters for block in alike),
        macs=sum(block.macs for block in alike),
    )
