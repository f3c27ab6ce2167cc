"""A model and clips that are small enough to learn within a test."""

import csv
from dataclasses import replace
from pathlib import Path

from support import tiny_architecture

from streamrec.config import AugmentOptions, DataOptions, MachineOptions, RecipeOptions
from streamrec.training.options import TrainingOptions
from streamrec.weights.model_file import save_model
from streamrec.weights.untrained import untrained
from tests.evaluation.color_model import color_video

COLORS = ("red", "blue")


def model_file(folder: Path, **changes: object) -> Path:
    """Write a tiny stream model with random weights."""
    architecture = replace(tiny_architecture("stream"), fps=5.0, image_size=32, **changes)
    path = folder / "tiny.safetensors"
    save_model(path, untrained(architecture, seed=1))
    return path


def color_list(folder: Path, count: int = 4, labels: dict[str, str] | None = None) -> Path:
    """Write so many clips of each colour, each a group of its own, and their list."""
    rows = []
    for color in COLORS:
        for number in range(count):
            path = color_video(folder / f"{color}{number}.avi", (color, 1.0))
            rows.append((path.name, (labels or {}).get(color, color), f"{color}{number}"))
    table = folder / "clips.csv"
    with table.open("w", newline="") as lines:
        csv.writer(lines).writerows([("path", "label", "group"), *rows])
    return table


def options(folder: Path, data: Path, model: Path | str, **changes: object) -> TrainingOptions:
    """Options of a short training; ``changes`` by name, whatever record they are in."""
    plain = {
        "data": str(data),
        "out": str(folder / "run"),
        "model": str(model),
        "val": 0.25,
        "epochs": 3,
        "batch": 4,
        "views": 2,
        "rate": 0.05,
        "color": 0.0,
        "threads": 1,
        "device": "cpu",
    }
    values = {**plain, **changes}
    kinds = (DataOptions, RecipeOptions, AugmentOptions, MachineOptions)
    records = [
        kind(**{name: values[name] for name in kind.__dataclass_fields__ if name in values})
        for kind in kinds
    ]
    return TrainingOptions(*records)
