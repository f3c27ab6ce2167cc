"""What a sliding window costs: a whole clip at each hop, against one step of the stream model."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np
from engines import ENGINES, noise
from models import Model, random_model
from options import Options
from timing import Row, Variant, interleave

from streamrec.runtimes.base import ClipRuntime

BASELINE = "a step of its stream model"


def _onnx(model: Model) -> ClipRuntime:
    from streamrec.runtimes.onnx import OnnxClip

    return OnnxClip(model.path)


def _torch(model: Model) -> ClipRuntime:
    from streamrec.runtimes.torch import TorchClip

    return TorchClip(model.network(), model.spec, device="cpu")


CLIP_ENGINES: Mapping[str, Callable[[Model], ClipRuntime]] = MappingProxyType(
    {"onnx": _onnx, "torch": _torch}
)


def measure(options: Options) -> list[Row]:
    """Time whole clips and single steps by turns, one thread; PyTorch on the first model only."""
    variants = [v for name in options.clip_models for v in _variants(name, options)]
    return interleave(variants, rounds=max(2, options.rounds // 3), steps=options.steps)


def _variants(name: str, options: Options) -> Iterator[Variant]:
    whole = random_model(name, options.folder)
    stream = random_model(name.replace("-base", "-stream"), options.folder)
    clip = np.concatenate([noise(whole.spec, seed) for seed in range(options.clip_frames)])
    engines = CLIP_ENGINES if name == options.clip_models[0] else ("onnx",)
    for engine in engines:
        facts = {"model": name, "engine": engine}
        group = (name, engine)
        runtime = CLIP_ENGINES[engine](whole)
        yield Variant(
            facts={**facts, "frames": len(clip)},
            group=group,
            step=partial(runtime.run, clip),
            steps=1,
            warm_up=1,
        )
        step = ENGINES[engine].open(stream, 1)()
        yield Variant(
            facts={"model": stream.path.stem, "engine": engine, "frames": 1},
            group=group,
            step=partial(step, noise(stream.spec)),
            baseline=BASELINE,
        )
