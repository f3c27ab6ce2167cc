"""Cost of a step against the age of the stream: it has to be flat."""

from functools import partial

from engines import OURS, Start, Step, noise, opened
from models import random_model
from options import Options
from timing import Row, Variant, interleave

from streamrec.types import Array

YOUNG_FRAMES = 100


class _Fresh:
    """A stream that begins anew at each turn."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._step: Step = start()

    def begin(self) -> None:
        self._step = self._start()

    def step(self, frame: Array) -> Array:
        return self._step(frame)


def measure(options: Options) -> list[Row]:
    """Time the first frames of fresh streams and the next ones of an old one by turns."""
    model = random_model(options.models[0], options.folder)
    frames = [noise(model.spec, seed) for seed in range(2)]
    variants = []
    for engine, start in opened(model, 1, options.engines or OURS):
        fresh, old = _Fresh(start), start()
        for number in range(options.age):
            old(frames[number % 2])
        young = min(YOUNG_FRAMES, options.age)
        variants += [
            Variant(
                facts={"engine": engine, "frames": f"the first {young}"},
                group=engine,
                step=partial(fresh.step, frames[0]),
                baseline=f"the first {young}",
                prepare=fresh.begin,
            ),
            Variant(
                facts={"engine": engine, "frames": f"after {options.age}"},
                group=engine,
                step=partial(old, frames[0]),
            ),
        ]
    return interleave(
        variants, rounds=options.rounds, steps=min(YOUNG_FRAMES, options.age), warm_up=0
    )
