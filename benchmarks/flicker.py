"""Flicker on real clips: how often a minute the best class changes, for each kind of smoothing."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from report import save
from rich.console import Console
from rich.table import Column, Table

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


def recognize(recognizer: Recognizer, clip: str) -> list[Prediction]:
    """Return the model's predictions for every frame of a clip, warmed up or not."""
    with open_source(clip) as source:
        stream = recognizer.stream(declared_fps=source.fps)
        pushed = [stream.push(frame) for frame in source]
    return [prediction for prediction in pushed if prediction is not None]


def flicker(predictions: list[Prediction], smoother: Smoother[Any]) -> float:
    """Return the changes a minute once the raw scores have gone through ``smoother``."""
    state, top_ids = smoother.initial(), []
    for prediction in predictions:
        scores, state = smoother.step(prediction.raw, prediction.time_s, state)
        top_ids.append(int(np.argmax(scores)))
    return flicker_per_minute(top_ids, [prediction.time_s for prediction in predictions])


def show(results: Sequence[Mapping[str, Any]]) -> None:
    """Print one row for each kind of smoothing; the figures of each clip are in the JSON."""
    table = Table("smoothing", *(Column(name, justify="right") for name in ("mean", "worst clip")))
    for name in SMOOTHERS:
        figures = [result[name] for result in results]
        table.add_row(name, f"{np.mean(figures):.1f}", f"{max(figures):.1f}")
    Console().print(table, f"changes of the best class a minute, {len(results)} clips")


def main() -> None:
    """Parse the options, run, report."""
    parser = argparse.ArgumentParser(description="Flicker on real clips, by smoothing.")
    parser.add_argument("--model", required=True, help="model name or file")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("clips", nargs="+", metavar="CLIP")
    options = parser.parse_args()
    recognizer = load(options.model)
    results: list[dict[str, Any]] = []
    for clip in options.clips:
        predictions = recognize(recognizer, clip)
        figures = {name: flicker(predictions, kind) for name, kind in SMOOTHERS.items()}
        results.append({"clip": Path(clip).name, **figures})
    show(results)
    if options.json:
        save(options.json, results)


if __name__ == "__main__":
    main()
