"""Loss and accuracy over the steps of a training run."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from streamrec.report.curves import Point
from streamrec.report.look import BLUE, ORANGE, chart, plain
from streamrec.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SPLITS = {"train": ("clips it learns from", ORANGE), "val": ("validation clips", BLUE)}

_MOST_POINTS = 80
"""A curve of more points is drawn pale, with the means of so many pieces on top."""


def draw_curve(points: Sequence[Point], name: str, path: Path) -> bool:
    """Draw one value for each split; a ring marks the best one on validation clips.

    Args:
        points: of a run; those of other names are not looked at.
        name: "loss" or "accuracy".
        path: where to.

    Returns:
        Whether there was something to draw.

    Raises:
        OutputError: the picture cannot be written.
    """
    curves = {split: _curve(points, split, name) for split in _SPLITS}
    if not any(len(values) for _, values in curves.values()):
        return False
    with chart(path, 3.3) as figure:
        axes = figure.subplots()
        for split, (steps, values) in curves.items():
            if len(values):
                _draw(axes, steps, values, *_SPLITS[split])
        _ring(axes, *curves["val"], lowest=name == "loss")
        axes.set(xlabel="step", ylabel=name)
        if name == "accuracy":
            axes.set_ylim(0, 1.03)
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.legend(frameon=False)
        plain(axes)
    return True


def _curve(points: Sequence[Point], split: str, name: str) -> tuple[Array, Array]:
    its = [(each.step, each.value) for each in points if (each.split, each.name) == (split, name)]
    steps, values = np.array(its, np.float32).reshape(-1, 2).T
    return steps, values


def _draw(axes: "Axes", steps: Array, values: Array, label: str, color: str) -> None:
    if len(steps) > _MOST_POINTS:
        axes.plot(steps, values, color=color, alpha=0.25, linewidth=0.8)
        steps, values = _means(steps), _means(values)
    axes.plot(steps, values, color=color, linewidth=2, marker=".", label=label)


def _means(values: Array) -> Array:
    return np.array([piece.mean() for piece in np.array_split(values, _MOST_POINTS)], np.float32)


def _ring(axes: "Axes", steps: Array, values: Array, *, lowest: bool) -> None:
    if np.isfinite(values).any():
        best = np.nanargmin(values) if lowest else np.nanargmax(values)
        shown = f"{values[best]:.3g}" if lowest else f"{values[best]:.1%}"
        axes.plot(
            steps[best],
            values[best],
            "o",
            color=BLUE,
            markersize=11,
            fillstyle="none",
            label=f"best on them: {shown}, step {steps[best]:.0f}",
        )
