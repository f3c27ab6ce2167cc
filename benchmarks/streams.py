"""Cost of a step against the number of streams that take turns on one loaded model."""

from functools import partial
from itertools import cycle

from engines import OURS, Start, Step, noise, opened
from models import random_model
from options import Options
from timing import Row, Variant, interleave

from streamrec.types import Array


def measure(options: Options) -> list[Row]:
    """Time our engines on the first model; each turn reaches every stream."""
    model = random_model(options.models[0], options.folder)
    variants = [
        Variant(
            facts={"engine": engine, "streams": count},
            group=engine,
            step=partial(_next_step, cycle(_started(start, count)), noise(model.spec)),
            baseline=f"{count} stream" if count == options.streams[0] else "",
        )
        for engine, start in opened(model, 1, options.engines or OURS)
        for count in options.streams
    ]
    return interleave(
        variants,
        rounds=max(2, options.rounds // 3),
        steps=max(options.steps, *options.streams),
        warm_up=max(options.streams),
    )


def _started(start: Start, count: int) -> list[Step]:
    return [start() for _ in range(count)]


def _next_step(turns: "cycle[Step]", frame: Array) -> Array:
    return next(turns)(frame)
