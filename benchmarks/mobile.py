"""The mobile variant with its trained weights: LiteRT as published, ours in float32.

Top-1 is the best class after the last frame of each labelled clip.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from clips import labelled_clips, model_inputs, trained_file
from engines import ENGINES, Start, Step, opened, streaming
from models import read_model
from options import Options
from timing import Row, Variant, interleave

from streamrec.types import Array
from streamrec.weights.labels import embedded_labels

Clips = Mapping[str, Sequence[Array]]
"""What the model sees of each clip, by the clip's label."""


class _Player:
    """Plays the longest clip over and over; each turn begins a fresh stream."""

    def __init__(self, start: Start, frames: Sequence[Array]) -> None:
        self._start, self._frames = start, frames
        self.begin()

    def begin(self) -> None:
        self._step: Step = self._start()
        self._turns = cycle(self._frames)

    def step(self) -> Array:
        return self._step(next(self._turns))


def measure(options: Options) -> list[Row]:
    """Classify the clips with every engine, and time all engines by turns."""
    file, files = trained_file(options), labelled_clips(options)
    model = read_model(file, options.folder)
    clips = {label: model_inputs(clip, model.spec) for clip, label in files.items()}
    ours = opened(model, 1, streaming(options.engines))
    variants = [*_litert(file, clips), *(_variant(name, start, clips) for name, start in ours)]
    return interleave(variants, rounds=options.rounds, steps=options.steps)


def _litert(file: Path, clips: Clips) -> Iterator[Variant]:
    try:
        from peer_litert import LiteRt, channels_last
    except ImportError:
        return
    peer = LiteRt(file)

    def start() -> Callable[[Array], Array]:
        peer.reset()
        return peer.step

    its_clips = {label: [*map(channels_last, frames)] for label, frames in clips.items()}
    yield _variant(f"{peer.name}, as published", start, its_clips)


def _variant(name: str, start: Start, clips: Clips) -> Variant:
    player = _Player(start, max(clips.values(), key=len))
    return Variant(
        facts={"engine": name, "right": f"{_right(start, clips)} of {len(clips)}"},
        group="mobile",
        step=player.step,
        prepare=player.begin,
        baseline="" if name in ENGINES else name,
    )


def _right(start: Start, clips: Clips) -> int:
    labels = embedded_labels("kinetics600")
    return sum(labels[_best(start(), frames)] == label for label, frames in clips.items())


def _best(step: Step, frames: Sequence[Array]) -> int:
    return int(np.argmax([step(frame) for frame in frames][-1]))
