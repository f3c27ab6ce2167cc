"""Real clips whose Kinetics-600 label is known, and what a model sees of them."""

import csv
from pathlib import Path

from options import MissingError, Options

from streamrec.grid_inputs import grid_inputs
from streamrec.sources.open import open_source
from streamrec.types import Array, StreamSpec


def labelled_clips(options: Options) -> dict[Path, str]:
    """Return the clips of ``labels.csv`` that have a ``kinetics600_label``, with that label.

    Raises:
        MissingError: no folder is given.
    """
    if options.clips is None:
        raise MissingError("give --clips FOLDER, with clips and their labels.csv")
    with (options.clips / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kinetics600_label"]]
    return {options.clips / row["file"]: row["kinetics600_label"] for row in rows}


def trained_file(options: Options) -> Path:
    """Return the file of trained weights.

    Raises:
        MissingError: none is given.
    """
    if options.trained is None:
        raise MissingError("give --trained FILE.tflite, a stream model trained on Kinetics-600")
    return options.trained


def model_inputs(clip: Path, spec: StreamSpec) -> list[Array]:
    """Return the frames, float32 [1, 3, H, W], that a model sees of a clip at its own rate."""
    with open_source(str(clip)) as source:
        return list(grid_inputs(source, spec))
