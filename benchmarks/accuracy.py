"""How far each engine's answers are from PyTorch's on one long stream of real clips.

The stream plays the clips one after the other, again and again: what drifts would show.
"""

from collections.abc import Iterator, Sequence
from itertools import cycle, islice

import numpy as np
from clips import labelled_clips, model_inputs, trained_file
from engines import Step, opened, streaming
from models import read_model
from options import Options
from timing import Row

from streamrec.lanes import softmax
from streamrec.types import Array

FRAMES = 2_000


def measure(options: Options) -> list[Row]:
    """Run all engines beside PyTorch."""
    files = labelled_clips(options)
    model = read_model(trained_file(options), options.folder)
    inputs = [x for clip in files for x in model_inputs(clip, model.spec)]
    frames = list(islice(cycle(inputs), min(FRAMES, options.age)))
    names = [name for name in streaming(options.engines) if name != "torch"]
    (_, reference), *_ = opened(model, 1, ["torch"])
    expected = list(_answers(reference(), frames))
    return [
        _row(name, list(_answers(start(), frames)), expected)
        for name, start in opened(model, 1, names)
    ]


def _answers(step: Step, frames: Sequence[Array]) -> Iterator[Array]:
    return (step(frame) for frame in frames)


def _row(name: str, found: Sequence[Array], expected: Sequence[Array]) -> Row:
    differences = np.abs(np.subtract(found, expected)).max(axis=1)
    last = max(len(differences) // 20, 1)
    same = np.argmax(found, axis=1) == np.argmax(expected, axis=1)
    probabilities = [softmax(a) - softmax(b) for a, b in zip(found, expected, strict=True)]
    return {
        "engine": name,
        "frames": len(found),
        "largest logit": f"{np.abs(expected).max():.1f}",
        "largest difference": f"{differences.max():.1e}",
        "of the first twentieth": f"{differences[:last].max():.1e}",
        "of the last": f"{differences[-last:].max():.1e}",
        "mean difference of a probability": f"{np.abs(probabilities).mean():.1e}",
        "same best class": f"{same.mean():.1%}",
    }
