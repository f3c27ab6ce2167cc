"""Which classes are taken for which: a picture, and the pairs that are mistaken most often."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from streamrec.report.look import QUIET, chart, no_math, plain, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Counts = npt.NDArray[np.int64]
"""Clips by true class (rows) and said class (columns)."""

MOST_CLASSES = 30
"""That a picture shows; of more, those that are confused most."""

MOST_PAIRS = 15
MOST_NUMBERED = 15
"""Classes up to which the picture has numbers in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Clips of one class that were taken for another; ``of``: how many the class has."""

    true: str
    said: str
    clips: int
    of: int


def worst_pairs(counts: Counts, labels: tuple[str, ...]) -> list[Pair]:
    """Return the most frequent mistakes, by their number, then by their share of the class."""
    wrong = counts - np.diag(np.diag(counts))
    totals = counts.sum(1)
    shares = wrong / np.maximum(totals, 1)[:, None]
    order = np.lexsort((-shares.ravel(), -wrong.ravel()))[:MOST_PAIRS]
    return [
        Pair(
            true=labels[row],
            said=labels[column],
            clips=int(wrong[row, column]),
            of=int(totals[row]),
        )
        for row, column in zip(*np.unravel_index(order, wrong.shape), strict=True)
        if wrong[row, column]
    ]


def shown_classes(counts: Counts) -> npt.NDArray[np.intp]:
    """Return the classes to draw, in score order: all, or those that are confused most."""
    wrong = counts - np.diag(np.diag(counts))
    if len(counts) <= MOST_CLASSES:
        return np.arange(len(counts))
    return np.sort(np.argsort(-(wrong.sum(0) + wrong.sum(1)), kind="stable")[:MOST_CLASSES])


def draw_confusion(counts: Counts, labels: tuple[str, ...], path: Path) -> None:
    """Draw shares of each true class; of few classes, with numbers of clips.

    Raises:
        OutputError: the picture cannot be written.
    """
    shown = shown_classes(counts)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    names = [short(labels[i]) for i in shown]
    side = max(3.6, 2.4 + 0.27 * len(shown))
    with chart(path, side, side + 1.0) as figure:
        axes = figure.subplots()
        image = axes.imshow(shares[np.ix_(shown, shown)], cmap="Blues", vmin=0, vmax=1)
        bar = figure.colorbar(image, shrink=0.7, format=lambda value, _: f"{value:.0%}")
        bar.set_label("share of the true class")
        bar.outline.set_visible(False)
        _name(axes, names)
        if len(shown) <= MOST_NUMBERED:
            _number(axes, counts, shares)


def _name(axes: "Axes", names: list[str]) -> None:
    ticks = range(len(names))
    longest = max(map(len, names))
    axes.set_xticks(ticks, names, rotation=0 if longest * len(names) < 30 else 90)
    axes.set_yticks(ticks, names)
    no_math([*axes.get_xticklabels(), *axes.get_yticklabels()])
    axes.set(xlabel="what the model says", ylabel="what the clip shows")
    plain(axes, grid="both")
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _number(axes: "Axes", counts: Counts, shares: npt.NDArray[np.float64]) -> None:
    for (row, column), count in np.ndenumerate(counts):
        color = "white" if shares[row, column] > 0.5 else "black" if count else QUIET
        axes.text(column, row, str(count), color=color, ha="center", va="center")
