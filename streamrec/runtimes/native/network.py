"""An exported file as the compiled part wants it: checked, then copied into packed weights."""

import ctypes
from collections.abc import Callable, Iterator, Mapping
from math import prod
from weakref import finalize

import numpy as np

from streamrec.card import BlockPlan, ModelCard, Size, StepPlan
from streamrec.errors import ModelError, RuntimeMissingError, WeightsError
from streamrec.runtimes.native.binding import (
    ACTIVATIONS,
    MAX_CHANNELS,
    MAX_KERNEL,
    MAX_TAPS,
    BlockConfig,
    Floats,
    NetworkConfig,
    native_code,
)
from streamrec.types import Array

MAX_SIDE = 4096
"""Largest height and width of a picture, pixels: a damaged file must not ask for all memory."""

MAX_MAP = 2**28
"""Most floats in a map: the compiled part counts them with 32 bits."""

MAX_HIDDEN = 2**16
"""Largest width of the head's hidden layer."""

_MAX_COUNT = 2**24  # the counter of frames goes no further, so that a later horizon is none


class Network:
    """Packed weights in native memory, shared by all streams; freed with this object.

    Args:
        card: what the file says of itself.
        weights: its initializers.
        target: number of the instruction set, as in ``targets()``.
        bf16: round to bfloat16 what ``NativeRuntime`` says.

    Raises:
        RuntimeMissingError: the compiled part is missing, or lacks what this network needs.
        WeightsError: a weight is missing or has another shape than the plan says.
    """

    def __init__(
        self, card: ModelCard, weights: Mapping[str, Array], target: int, *, bf16: bool
    ) -> None:
        if card.plan is None:
            raise RuntimeMissingError(
                f"{card.spec.name} carries no plan, which the native runtime needs: it is no "
                "MoViNet, an 8-bit export, or one of an older version; take --runtime onnx"
            )
        check_plan(card)
        check_states(card)
        self.handle = _Builder(card, card.plan, weights).build(target, bf16)
        free_with(self, native_code().streamrec_network_free, self.handle)


def free_with(owner: object, free: Callable[[int], None], handle: int) -> None:
    """Free native memory when its owner goes; not at exit, where a thread may be within a step."""
    finalize(owner, free, handle).atexit = False


def check_plan(card: ModelCard) -> None:
    """Check what the compiled part trusts: that sizes fit each other, and that it has room.

    Raises:
        RuntimeMissingError: it has no room for them, or does not know an activation.
        WeightsError: they do not fit.
    """
    plan, name = card.plan, card.spec.name
    assert plan is not None
    for what, value, most in _sizes(card, plan):
        if value < 1:
            raise WeightsError(f"{name}: its plan says {what} of {value}; export the model again")
        if value > most:
            raise RuntimeMissingError(
                f"{name}: {what} of {value}, the native runtime takes up to {most}; "
                "take --runtime onnx"
            )
    _check_chain(name, plan)
    for act in (plan.activation, plan.gate, plan.head_activation):
        if act not in ACTIVATIONS:
            raise RuntimeMissingError(
                f"{name}: the native runtime does not know the activation {act!r}; "
                "take --runtime onnx"
            )


def _sizes(card: ModelCard, plan: StepPlan) -> Iterator[tuple[str, int, int]]:
    """Name every size, what it is, and what it may be."""
    yield "height or width", max(card.picture), MAX_SIDE
    for block in plan.blocks:
        yield "spatial kernel", block.kernel, MAX_KERNEL
        yield "stride", block.stride, MAX_KERNEL
        yield "temporal taps", block.taps, MAX_TAPS
        if block.hidden:
            yield "hidden channels", block.hidden, MAX_CHANNELS
    yield "hidden channels", plan.hidden, MAX_HIDDEN
    for channels, size in _maps(card, plan):
        yield "channels", channels, MAX_CHANNELS
        yield "floats in a map", channels * prod(size), MAX_MAP


def _maps(card: ModelCard, plan: StepPlan) -> Iterator[tuple[int, Size]]:
    """Return the channels and the size of every map."""
    sizes = plan.sizes(card.picture)
    yield plan.stem, sizes[0]
    for block, before, after in zip(plan.blocks, sizes, sizes[1:], strict=False):
        yield block.inputs, before
        yield block.width, after
        yield block.outputs, after
    yield plan.project, sizes[-1]


def _check_chain(name: str, plan: StepPlan) -> None:
    channels = plan.stem
    for index, block in enumerate(plan.blocks):
        same = block.stride == 1 and block.inputs == block.outputs
        if block.inputs != channels or not (block.skip or same):
            raise WeightsError(
                f"{name}: block {index} of its plan does not fit the one before, or its own skip; "
                "export the model again"
            )
        channels = block.outputs


class _Builder:
    """Collects checked arrays, which must live until the compiled part has copied them."""

    def __init__(self, card: ModelCard, plan: StepPlan, weights: Mapping[str, Array]) -> None:
        self._card, self._plan, self._weights = card, plan, weights
        self._kept: list[Array] = []

    def build(self, target: int, bf16: bool) -> int:
        blocks = [self._block(f"blocks.{i}", block) for i, block in enumerate(self._plan.blocks)]
        config = self._config(blocks, bf16)
        handle: int | None = native_code().streamrec_network(ctypes.byref(config), target)
        if handle is None:
            raise ModelError(f"no memory for the weights of {self._card.spec.name}")
        return handle

    def _config(self, blocks: list[BlockConfig], bf16: bool) -> NetworkConfig:
        plan, spec = self._plan, self._card.spec
        config = NetworkConfig(
            height=spec.preprocessing.height,
            width=spec.preprocessing.width,
            stem=plan.stem,
            project=plan.project,
            hidden=plan.hidden,
            classes=len(spec.labels),
            activation=ACTIVATIONS.index(plan.activation),
            gate=ACTIVATIONS.index(plan.gate),
            head_activation=ACTIVATIONS.index(plan.head_activation),
            horizon=min(spec.horizon or 0, _MAX_COUNT),
            bf16=bf16,
            block_count=len(blocks),
            blocks=(BlockConfig * len(blocks))(*blocks),
        )
        last = plan.blocks[-1].outputs if plan.blocks else plan.stem
        self._layer(config, "stem", "stem", plan.stem, 27)
        self._layer(config, "project", "head.project", plan.project, last)
        self._layer(config, "hidden", "head.hidden", plan.hidden, plan.project)
        self._layer(config, "classifier", "head.classifier", len(spec.labels), plan.hidden)
        return config

    def _block(self, name: str, plan: BlockPlan) -> BlockConfig:
        config = BlockConfig(
            inputs=plan.inputs,
            width=plan.width,
            outputs=plan.outputs,
            kernel=plan.kernel,
            stride=plan.stride,
            taps=plan.taps,
            hidden=plan.hidden,
            position_scale=plan.position_scale or 0.0,
        )
        self._layer(config, "expand", f"{name}.expand", plan.width, plan.inputs)
        self._layer(config, "space", f"{name}.spatial", plan.width, plan.kernel**2)
        self._layer(config, "project", f"{name}.project", plan.outputs, plan.width)
        if plan.taps > 1:
            self._temporal(config, f"{name}.temporal", plan)
        if plan.hidden:
            self._layer(config, "reduce", f"{name}.attention.reduce", plan.hidden, 2 * plan.width)
            self._layer(config, "gate", f"{name}.attention.expand", plan.width, plan.hidden)
        if plan.skip:
            self._layer(config, "skip", f"{name}.skip.project", plan.outputs, plan.inputs)
        return config

    def _temporal(self, config: BlockConfig, name: str, plan: BlockPlan) -> None:
        taps = [self._array(f"{name}.{i}.weight", plan.width) for i in range(plan.taps)]
        config.time_weight = self._keep(np.stack(taps, axis=1))
        config.time_bias = self._keep(self._array(f"{name}.bias", plan.width))

    def _layer(
        self, config: ctypes.Structure, field: str, name: str, outputs: int, taps: int
    ) -> None:
        setattr(config, f"{field}_weight", self._keep(self._array(f"{name}.weight", outputs, taps)))
        setattr(config, f"{field}_bias", self._keep(self._array(f"{name}.bias", outputs)))

    def _array(self, name: str, *shape: int) -> Array:
        array = self._weights.get(name)
        if array is None or array.size != prod(shape) or array.shape[:1] != shape[:1]:
            found = "missing" if array is None else f"of shape {list(array.shape)}"
            raise WeightsError(
                f"{self._card.spec.name}: {name} is {found}, its plan says {list(shape)}; "
                "export the model again"
            )
        return array.reshape(shape)

    def _keep(self, array: Array) -> object:
        array = np.ascontiguousarray(array, np.float32)
        self._kept.append(array)
        return array.ctypes.data_as(Floats)


def check_states(card: ModelCard) -> None:
    """Check that the states are those that the compiled part counts, in its order.

    Raises:
        WeightsError: they are not those of the plan.
    """
    if list(card.state_shapes.values()) != list(_planned_shapes(card)):
        raise WeightsError(
            f"{card.spec.name}: its states are not those of its plan; export the model again"
        )


def _planned_shapes(card: ModelCard) -> Iterator[tuple[int, ...]]:
    assert card.plan is not None
    yield (1, 1, 1, 1)
    sizes = card.plan.sizes(card.picture)
    for block, size in zip(card.plan.blocks, sizes[1:], strict=True):
        yield from [(1, block.width, *size)] * (block.taps - 1)
        if block.hidden:
            yield (1, block.width, 1, 1)
    yield (1, card.plan.project, 1, 1)
