"""A pretrained model learns other actions: what each part of it that learns is worth."""

import time
from dataclasses import asdict
from pathlib import Path
from statistics import fmean, stdev

from clips import trained_file
from options import MissingError, Options
from timing import Row

from streamrec.config import AugmentOptions, DataOptions, MachineOptions, RecipeOptions
from streamrec.training.options import TrainingOptions
from streamrec.training.run import train
from streamrec.training.summary import score
from streamrec.training.teller import Nobody

FOLDS = 5

PARTS: tuple[RecipeOptions, ...] = (
    RecipeOptions(trained="classifier"),
    RecipeOptions(trained="head"),
    RecipeOptions(trained="blocks", blocks=2),
)
"""What learns, with the options' own defaults."""


def measure(options: Options) -> list[Row]:
    """Return a row for each of ``PARTS``: accuracy over folds that keep groups together."""
    if options.labelled is None:
        raise MissingError("give --labelled LIST.csv, clips with the columns path, label, group")
    model = trained_file(options)
    return [_row(recipe, model, options.labelled, options) for recipe in PARTS]


def _row(recipe: RecipeOptions, model: Path, labelled: Path, options: Options) -> Row:
    name = recipe.trained if recipe.trained != "blocks" else f"last {recipe.blocks} blocks"
    chosen = TrainingOptions(
        data=DataOptions(data=str(labelled), folds=FOLDS),
        recipe=RecipeOptions(**{**asdict(recipe), "model": str(model), "epochs": options.epochs}),
        augment=AugmentOptions(),
        machine=MachineOptions(out=str(options.folder / name.replace(" ", "-"))),
    )
    began_s = time.monotonic()
    run = train(chosen, Nobody())
    assert run is not None, "one process"
    scores = [score(part.answers) for part in run.trained]
    return {
        "learns": name,
        "clips": len(run.material.dataset.clips),
        "accuracy": fmean(scores),
        "spread": stdev(scores),
        "worst_fold": min(scores),
        "minutes": (time.monotonic() - began_s) / 60,
    }
