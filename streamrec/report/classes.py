"""Precision, recall and F1 of each class."""

from collections.abc import Sequence
from pathlib import Path

from streamrec.evaluation.metrics import ClassFigures
from streamrec.report.look import BLUE, GREEN, ORANGE, QUIET, chart, no_math, plain, short

MOST_CLASSES = 30
"""That a picture shows, and a table before it is unfolded."""


def worst_first(classes: Sequence[ClassFigures]) -> list[ClassFigures]:
    """Sort classes by F1, the lowest first, and by clips; those that no clip shows come last."""
    return sorted(classes, key=lambda each: (not each.support, each.f1, -each.support))


def draw_classes(classes: Sequence[ClassFigures], path: Path) -> None:
    """Draw the classes that are told worst, the worst at the top.

    Raises:
        OutputError: the picture cannot be written.
    """
    drawn = [each for each in worst_first(classes) if each.support][:MOST_CLASSES]
    rows = range(len(drawn))
    with chart(path, 1.4 + 0.26 * len(drawn)) as figure:
        axes = figure.subplots()
        spans = [(each.precision, each.recall) for each in drawn]
        axes.hlines(rows, [min(span) for span in spans], [max(span) for span in spans], QUIET, lw=1)
        axes.plot([span[0] for span in spans], rows, ">", color=ORANGE, label="precision")
        axes.plot([span[1] for span in spans], rows, "o", color=GREEN, label="recall")
        axes.plot([each.f1 for each in drawn], rows, "D", color=BLUE, markersize=7, label="F1")
        axes.set_yticks(rows, [f"{short(each.label)} ({each.support})" for each in drawn])
        no_math(axes.get_yticklabels())
        axes.set(xlim=(-0.02, 1.02), ylim=(len(drawn) - 0.5, -0.5))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        figure.legend(loc="outside upper right", ncols=3, frameon=False)
        plain(axes, grid="both")
