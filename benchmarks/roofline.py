"""What bounds a step: arithmetic and memory, and how near the native runtime comes, on one thread.

Arithmetic is counted at the speed of a large matrix product, memory at that of a dot product over
as many bytes: a step reads every weight and every past frame once, and they do not fit into a
core's own cache. The two add up as far as a step does not do both at once.
"""

from collections.abc import Callable
from functools import partial
from math import prod
from time import perf_counter

import numpy as np
from engines import noise, opened, set_torch_threads
from models import Model, random_model
from options import MissingError, Options
from timing import Row, Variant, interleave

from streamrec.card import BlockPlan, ModelCard, StepPlan
from streamrec.inspection.network import inspect
from streamrec.runtimes.onnx import OnnxRuntime

_SIDE = 1024
"""Of the square matrices that are multiplied."""


def measure(options: Options) -> list[Row]:
    """Return the two bounds of each stream model, and the measured step.

    Raises:
        MissingError: the native runtime is not there.
    """
    set_torch_threads(1)
    gflops = _best(_multiply, options.rounds)
    return [_row(name, gflops, options) for name in options.models]


def _row(name: str, gflops: float, options: Options) -> Row:
    model = random_model(name, options.folder)
    card = OnnxRuntime(model.path).card
    macs, megabytes = inspect(model.weights.architecture).macs, step_bytes(card) / 1e6
    bandwidth = _best(lambda: _read(megabytes), options.rounds)
    arithmetic_ms, memory_ms = 2e-6 * macs / gflops, megabytes / bandwidth
    step_ms = _native_ms(model, options)
    return {
        "model": name,
        "million MACs": macs / 1e6,
        "MB read": megabytes,
        "GFLOP/s": gflops,
        "GB/s": bandwidth,
        "arithmetic ms": arithmetic_ms,
        "memory ms": memory_ms,
        "native ms": step_ms,
        "native / (arithmetic + memory)": step_ms / (arithmetic_ms + memory_ms),
    }


def step_bytes(card: ModelCard) -> int:
    """Count the bytes of weights and states, each read once a step in float32."""
    plan = _plan(card)
    weights = 27 * plan.stem + plan.blocks[-1].outputs * plan.project
    weights += plan.hidden * (plan.project + len(card.spec.labels))
    for block in plan.blocks:
        weights += block.width * (block.inputs + block.kernel**2 + block.outputs)
        weights += block.width * _temporal_taps(block)
        weights += 3 * block.width * block.hidden + block.inputs * block.outputs * block.skip
    return 4 * (weights + sum(prod(ring.shape) * len(ring.inputs) for ring in card.rings))


def _temporal_taps(block: BlockPlan) -> int:
    return block.taps if block.taps > 1 else 0


def _plan(card: ModelCard) -> StepPlan:
    assert card.plan is not None
    return card.plan


def _best(rate: Callable[[], float], rounds: int) -> float:
    return max(rate() for _ in range(rounds))


def _multiply() -> float:
    """Multiply two matrices; return GFLOP/s."""
    import torch

    one = torch.full((_SIDE, _SIDE), 0.5)
    started_s = perf_counter()
    torch.mm(one, one)
    return 2e-9 * _SIDE**3 / (perf_counter() - started_s)


def _read(megabytes: float) -> float:
    """Read as much as a step does, again and again; return GB/s."""
    import torch

    numbers = torch.ones(int(megabytes * 1e6 / 4) // 2)
    others, repeats = torch.ones_like(numbers), 5
    torch.dot(numbers, others)
    started_s = perf_counter()
    for _ in range(repeats):
        torch.dot(numbers, others)
    return 1e-3 * megabytes * repeats / (perf_counter() - started_s)


def _native_ms(model: Model, options: Options) -> float:
    frame = noise(model.spec)
    for engine, start in opened(model, 1, ["native"]):
        variant = Variant(facts={"engine": engine}, group=engine, step=partial(start(), frame))
        rows = interleave([variant], rounds=options.rounds, steps=options.steps)
        return float(np.median([row["median_ms"] for row in rows]))
    raise MissingError("the native runtime is not there")
