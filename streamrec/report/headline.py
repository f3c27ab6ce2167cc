"""The answer in one line: how good, how sure, and against what."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from streamrec.evaluation.bootstrap import Interval
from streamrec.report.record import Fold, Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """How good a model is.

    Attributes:
        measure: what the value is called.
        value: accuracy, or mean average precision where clips have several labels.
        interval: how sure it is; None: not known.
        clips: how many judge it.
        chance: what saying always the same would reach.
        always: what would be said always; empty where there is no one answer.
        spread: standard deviation over the folds of a cross-validation; None: there are none.
    """

    measure: str
    value: float
    interval: Interval | None
    clips: int
    chance: float
    always: str
    spread: float | None

    @property
    def better(self) -> bool:
        """Whether the model is surely better than saying always the same."""
        return (self.value if self.interval is None else self.interval.low) > self.chance


def headline(judged: Judgement, folds: Sequence[Fold] = ()) -> Headline:
    """Return the answer in one line."""
    figures = judged.figures
    most = max(figures.classes, key=lambda each: each.support)
    name, value = "top1", figures.top1
    chance, always = most.support / figures.clips, most.label
    if figures.multi_label and figures.mean_average_precision is not None:
        shown = [each.support for each in figures.classes if each.support]
        name, value = "mean_average_precision", figures.mean_average_precision
        chance, always = mean(shown) / figures.clips, ""
    scores = [fold.score for fold in folds]
    return Headline(
        measure="accuracy" if name == "top1" else "mean average precision",
        value=value,
        interval=judged.intervals.get(name),
        clips=figures.clips,
        chance=chance,
        always=always,
        spread=stdev(scores) if len(scores) > 1 else None,
    )
