"""Cost of a step against the size of the picture."""

from functools import partial

from engines import OURS, noise, opened
from models import random_model
from options import Options
from timing import Row, Variant, interleave


def measure(options: Options) -> list[Row]:
    """Time our engines on the first model, made for several sizes."""
    name, baseline = options.models[0], options.image_sizes[0]
    variants = [
        Variant(
            facts={"engine": engine, "size": size, "kilopixels": size * size / 1000},
            group=engine,
            step=partial(start(), noise(model.spec)),
            baseline=f"{size} x {size}" if size == baseline else "",
        )
        for size in options.image_sizes
        for model in [random_model(name, options.folder, size)]
        for engine, start in opened(model, 1, options.engines or OURS)
    ]
    variants.sort(key=lambda variant: (variant.facts["engine"], variant.facts["size"]))
    return interleave(variants, rounds=options.rounds, steps=options.steps)
