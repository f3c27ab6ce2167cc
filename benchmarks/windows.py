"""What a prediction costs by each model: a whole window of frames, or one step of a stream.

A window is computed anew for each prediction, so that the ratio is that of the processor time for
the same number of predictions. One thread, random weights, noise for pictures; optical flow, where
a model sees it, is not counted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from types import MappingProxyType

import numpy as np
from engines import noise, opened
from models import Model, random_model
from options import Options
from tables import Table, pivot
from timing import Row, Variant, interleave

from streamrec.inspection.facts import Inspection
from streamrec.inspection.network import inspect
from streamrec.models.registry import ARCHITECTURES
from streamrec.runtimes.window import HOPS_PER_WINDOW
from streamrec.types import Array, StreamSpec
from streamrec.weights.published import PUBLISHED

Predict = Callable[[], object]


def _onnx(model: Model) -> Predict:
    from streamrec.runtimes.onnx import OnnxClip

    return partial(OnnxClip(model.path).run, _clip(model.spec))


def _torch(model: Model) -> Predict:
    from streamrec.runtimes.torch import TorchClip

    return partial(TorchClip(model.network(), model.spec, device="cpu").run, _clip(model.spec))


CLIP_ENGINES: Mapping[str, Callable[[Model], Predict]] = MappingProxyType(
    {"onnx": _onnx, "torch": _torch}
)


def measure(options: Options) -> list[Row]:
    """Time one prediction of each model and engine by turns; the first one is the baseline."""
    first, *others = (variant for name in options.windows for variant in _variants(name, options))
    variants = [replace(first, baseline=f"a step of {options.windows[0]}"), *others]
    return interleave(variants, rounds=max(2, options.rounds // 3), steps=options.steps)


def _variants(name: str, options: Options) -> Iterator[Variant]:
    model = random_model(name, options.folder)
    engines = options.engines or ("native", "onnx", "torch")
    if model.spec.windowed:
        for engine in (engine for engine in engines if engine in CLIP_ENGINES):
            yield _variant(name, engine, CLIP_ENGINES[engine](model), steps=1, warm_up=1)
        return
    for engine, start in opened(model, 1, engines):
        yield _variant(name, engine, partial(start(), noise(model.spec)))


def _variant(
    name: str, engine: str, predict: Predict, steps: int | None = None, warm_up: int | None = None
) -> Variant:
    facts = {**_facts(name), "engine": engine}
    return Variant(facts=facts, group="all", step=predict, steps=steps, warm_up=warm_up)


@cache
def _facts(name: str) -> dict[str, str | float]:
    record, inside = ARCHITECTURES[name], _inside(name)
    frames = 1 if record.causal else record.clip_frames
    channels, height, width = inside.input
    stated = PUBLISHED[name].accuracy if name in PUBLISHED else None
    return {
        "model": name,
        "sees": f"{frames} x {height} x {width}" + (", flow" if channels != 3 else ""),
        "million parameters": inside.parameters / 1e6,
        "million MACs": inside.macs / 1e6,
        "seconds a hop": (1 if record.causal else max(1, frames // HOPS_PER_WINDOW)) / record.fps,
        "published top-1": f"{stated.top1:g} {stated.data}" if stated else "",
    }


@cache
def _inside(name: str) -> Inspection:
    return inspect(ARCHITECTURES[name])


def _clip(spec: StreamSpec) -> Array:
    shape = (spec.clip_frames, *spec.frame_shape)
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def table(rows: Sequence[Row]) -> Table:
    """Return a line a model, a column an engine."""
    down = (
        *("model", "sees", "million parameters", "million MACs", "seconds a hop"),
        "published top-1",
    )
    return pivot(rows, "engine", down, [*rows[1]["ratios"]])
