"""Observations -> the figures of a comparison."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from streamrec.comparison.entry import Run
from streamrec.comparison.observe import Observation
from streamrec.smoothing import flicker_per_minute

TOP = 5


def class_key(label: str) -> str:
    """Return what equal names of a class have in common: neither case nor surrounding space."""
    return label.strip().casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFigures:
    """How well a model did on one file.

    Attributes:
        label: what the file shows; None: nobody said.
        start_s: when that begins, seconds of media time.
        knows_label: whether that is one of the model's classes.
        top1, top5: whether it is the best class for the whole file, or among the best five; None:
            cannot be judged.
        first_right_s: time from the action's start until a stream first shows the label as its
            best class, seconds of media time; infinite: never; None: cannot be judged.
        flicker_per_minute: how often the best class that a stream shows changes.
    """

    label: str | None
    start_s: float
    knows_label: bool
    top1: bool | None
    top5: bool | None
    first_right_s: float | None
    flicker_per_minute: float


def file_figures(observation: Observation, label: str | None, start_s: float = 0.0) -> FileFigures:
    """Return the figures of one file, whose action begins at ``start_s`` seconds."""
    answer = observation.answer
    right = [label is not None and class_key(name) == class_key(label) for name in answer.labels]
    knows_label = any(right)
    best = [right[score.id] for score in answer.top(TOP)]
    return FileFigures(
        label=label,
        start_s=start_s,
        knows_label=knows_label,
        top1=best[0] if knows_label else None,
        top5=any(best) if knows_label else None,
        first_right_s=_first_right_s(observation, right, start_s) if knows_label else None,
        flicker_per_minute=flicker_per_minute(observation.best, answer.times_s),
    )


def _unjudged(figures: FileFigures) -> FileFigures:
    return replace(figures, knows_label=False, top1=None, top5=None, first_right_s=None)


def _first_right_s(observation: Observation, right: Sequence[bool], start_s: float) -> float:
    moments = zip(observation.answer.times_s, observation.best, strict=True)
    found = (time_s - start_s for time_s, best in moments if right[best] and time_s >= start_s)
    return next(found, math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How well a model did on all files, and what it costs.

    Attributes:
        judged: how many files have a label that the model knows.
        top1, top5: in how many of them it is the best class, or among the best five.
        first_right_s: median of theirs; infinite: never, in half of them; None: none was judged.
        flicker_per_minute: over all files.
        ms_per_prediction: preprocessing and inference that lead to a prediction, of all frames
            since the one before; median, milliseconds.
        ms_per_frame: the same for each frame of the files.
        macs_per_s: multiply-adds for each second of the files; None: not known.
    """

    judged: int
    top1: int
    top5: int
    first_right_s: float | None
    flicker_per_minute: float
    ms_per_prediction: float
    ms_per_frame: float
    macs_per_s: float | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Result:
    """A model, what it did, and how well: on each file, and on all."""

    run: Run
    of_files: tuple[FileFigures, ...]
    overall: Figures


def judge(run: Run, labels: Sequence[str | None], start_s: float = 0.0) -> Result:
    """Return how well a model did on files that show ``labels`` from ``start_s`` seconds on.

    A model without training is not judged.
    """
    of_files = tuple(
        file_figures(observation, label, start_s)
        for observation, label in zip(run.observations, labels, strict=True)
    )
    if run.entry.untrained:
        of_files = tuple(map(_unjudged, of_files))
    return Result(run=run, of_files=of_files, overall=_overall(run, of_files))


def _overall(run: Run, of_files: Sequence[FileFigures]) -> Figures:
    first_right_s = [each.first_right_s for each in of_files if each.first_right_s is not None]
    spans_s = [_span_s(observation) for observation in run.observations]
    spent_s = [spent for observation in run.observations for spent in observation.spent_s]
    frames = sum(observation.answer.frames for observation in run.observations)
    ms_per_prediction = 1e3 * median(spent_s)
    return Figures(
        judged=len(first_right_s),
        top1=sum(bool(each.top1) for each in of_files),
        top5=sum(bool(each.top5) for each in of_files),
        first_right_s=median(first_right_s) if first_right_s else None,
        flicker_per_minute=_mean([each.flicker_per_minute for each in of_files], spans_s),
        ms_per_prediction=ms_per_prediction,
        ms_per_frame=ms_per_prediction * len(spent_s) / frames,
        macs_per_s=_macs_per_s(run, len(spent_s)),
    )


def _span_s(observation: Observation) -> float:
    times_s = observation.answer.times_s
    return times_s[-1] - times_s[0]


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return float(np.average(values, weights=weights)) if any(weights) else 0.0


def _macs_per_s(run: Run, predictions: int) -> float | None:
    duration_s = sum(observation.answer.duration_s for observation in run.observations)
    if run.entry.cost.macs is None or duration_s == 0:
        return None
    return run.entry.cost.macs * predictions / duration_s
