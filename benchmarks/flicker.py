"""Flicker on real clips: how often a minute the best class changes, for each kind of smoothing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from clips import labelled_clips, trained_file
from models import read_model
from options import Options
from tables import Table
from timing import Row

from streamrec import Prediction, Recognizer, load, open_source
from streamrec.smoothing import (
    Exponential,
    NoSmoothing,
    Smoother,
    WindowedMean,
    flicker_per_minute,
)

SMOOTHERS: Mapping[str, Smoother[Any]] = {
    "none": NoSmoothing(),
    "exponential 0.25 s": Exponential(0.25),
    "exponential 0.5 s": Exponential(0.5),
    "exponential 1 s": Exponential(1.0),
    "window 0.5 s": WindowedMean(0.5),
    "window 1 s": WindowedMean(1.0),
}


def measure(options: Options) -> list[Row]:
    """Return the changes a minute in each clip, by kind of smoothing."""
    clips = labelled_clips(options)
    recognizer = load(str(read_model(trained_file(options), options.folder).path))
    return [clip_row(recognizer, clip) for clip in clips]


def clip_row(recognizer: Recognizer, clip: Path) -> Row:
    """Return the figures of one clip."""
    predictions = recognize(recognizer, str(clip))
    return {"clip": clip.name} | {
        name: flicker(predictions, kind) for name, kind in SMOOTHERS.items()
    }


def recognize(recognizer: Recognizer, clip: str) -> list[Prediction]:
    """Return the model's predictions for every frame of a clip, warmed up or not."""
    with open_source(clip) as source:
        stream = recognizer.stream(declared_fps=source.fps)
        pushed = [stream.push(frame) for frame in source]
    return [prediction for prediction in pushed if prediction is not None]


def flicker(predictions: Sequence[Prediction], smoother: Smoother[Any]) -> float:
    """Return the changes a minute once the raw scores have gone through ``smoother``."""
    state, top_ids = smoother.initial(), []
    for prediction in predictions:
        scores, state = smoother.step(prediction.raw, prediction.time_s, state)
        top_ids.append(int(np.argmax(scores)))
    return flicker_per_minute(top_ids, [prediction.time_s for prediction in predictions])


def table(rows: Sequence[Row]) -> Table:
    """Return one line for each kind of smoothing; the figures of each clip are in the JSON."""
    lines = []
    for name in SMOOTHERS:
        figures = [row[name] for row in rows]
        lines.append((name, f"{np.mean(figures):.1f}", f"{max(figures):.1f}"))
    return Table(("smoothing", "changes a minute, mean", "worst clip"), tuple(lines))
