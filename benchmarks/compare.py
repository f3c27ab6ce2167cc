"""What ``streamrec compare`` says of the labelled clips: one trained model, others beside it.

Each model runs in a fresh process. Where no trained weights are at hand they are random: what such
a model says means nothing, what it costs does.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from clips import labelled_clips, trained_file
from options import Options
from timing import Row

from streamrec.comparison.alone import run_alone
from streamrec.comparison.entry import enter, run_entry
from streamrec.comparison.figures import Result, judge
from streamrec.config import ModelOptions, WindowOptions
from streamrec.model_source import UNTRAINED
from streamrec.weights.labels import embedded_labels
from streamrec.weights.store import HOME_VARIABLE, Store

TRAINED = "movinet-a0-mobile"


def measure(options: Options) -> list[Row]:
    """Run each model over the clips; the trained one comes first.

    Raises:
        MissingError: no trained weights, or no clips, are given.
    """
    clips, weights = labelled_clips(options), trained_file(options)
    os.environ[HOME_VARIABLE] = str(options.folder / "home")
    Store().import_file(weights, TRAINED, labels=embedded_labels("kinetics600"))
    names = (TRAINED, *(f"{UNTRAINED}{name}" for name in options.compared))
    return [_row(_result(name, clips)) for name in names]


def _result(name: str, clips: Mapping[Path, str]) -> Result:
    entry = enter(name, ModelOptions(), WindowOptions(), allow_untrained=False)
    run = run_alone(run_entry, entry, [str(clip) for clip in clips], False, tell=lambda: None)
    return judge(run, list(clips.values()), 0.0)


def _row(result: Result) -> Row:
    entry, overall, memory = result.run.entry, result.overall, result.run.peak_memory_bytes
    trained = not entry.untrained
    return {
        "model": entry.model,
        "top-1": f"{overall.top1} of {overall.judged}" if trained else "untrained",
        "first right, s": overall.first_right_s if trained else None,
        "changes a minute": overall.flicker_per_minute if trained else None,
        "ms per prediction": overall.ms_per_prediction,
        "ms per frame": overall.ms_per_frame,
        "peak MB": None if memory is None else memory / 1e6,
        "million parameters": entry.cost.parameters / 1e6,
        "million MACs per prediction": None if entry.cost.macs is None else entry.cost.macs / 1e6,
    }
