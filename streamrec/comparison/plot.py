"""The picture of a comparison: the models' probabilities over time, above the video's pictures."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, product
from pathlib import Path, PurePath
from statistics import median
from textwrap import shorten
from typing import TYPE_CHECKING

from streamrec.comparison.entry import Run
from streamrec.comparison.figures import FileFigures, Result, class_key
from streamrec.comparison.observe import Observation
from streamrec.plot import DPI, MIN_SPAN_S, draw_thumbnails, require_plot, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Colours that people who cannot tell all of them apart tell apart (Okabe and Ito 2008).
_RIGHT = "#009E73"
_COLORS = ("#0072B2", "#D55E00", "#CC79A7", "#E69F00", "#56B4E9", "#7A5195")
_QUIET, _SHADE = "#999999", "#eeeeee"
_DASHES = ("-", "--", ":")

# Inches.
_WIDTH, _ROW, _LOW_ROW, _PICTURES, _HEAD = 13.0, 1.45, 0.7, 1.1, 0.6
_LINE = 0.2
"""Of a legend."""

_MOST_LETTERS = 30
_MOST_MARKS = 150

Style = tuple[str, str]
"""Colour and dashes."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one model said of the file, and how well it did."""

    run: Run
    observation: Observation
    figures: FileFigures

    def classes(self, top: int) -> dict[int, str]:
        """Return the names of the classes to draw by their numbers: the best, and the right one."""
        answer = self.observation.answer
        best = {score.id: score.label for score in answer.top(top)}
        right = {index: name for index, name in enumerate(answer.labels) if self.is_right(name)}
        return {**best, **right}

    def is_right(self, name: str) -> bool:
        """Tell whether a class is what the file shows."""
        label = self.figures.label
        return label is not None and class_key(name) == class_key(label)


def save_comparison_plot(results: Sequence[Result], file: int, path: Path, top: int) -> None:
    """Draw what the models say of one file, and write a picture; the suffix tells its format.

    Args:
        results: the models, from top to bottom.
        file: which of their files, from 0.
        path: where to.
        top: how many classes of each model; the labelled class is drawn in any case.

    Raises:
        RuntimeMissingError, OutputError: as ``require_plot``; or the file cannot be written.
    """
    require_plot(path)
    from matplotlib.figure import Figure

    rows = [Row(each.run, each.run.observations[file], each.of_files[file]) for each in results]
    heights = [_height(row, top) for row in rows] + [_PICTURES]
    figure = Figure(figsize=(_WIDTH, sum(heights) + _HEAD), dpi=DPI, layout="constrained")
    *axes, pictures = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    answer = rows[0].observation.answer
    pictures.set_xlim(0.0, max(answer.duration_s, MIN_SPAN_S))
    styles = _styles(rows, top)
    for each, row in zip(axes, rows, strict=True):
        _draw_row(each, row, top, styles)
    figure.supylabel("probability", fontsize=9)
    figure.suptitle(_title(rows[0]), x=0.01, ha="left", weight="bold", parse_math=False)
    draw_thumbnails(figure, pictures, answer.thumbnails)
    save_figure(figure, path)


def _height(row: Row, top: int) -> float:
    """Return what a row needs, inches."""
    return _LOW_ROW if row.run.entry.untrained else max(_ROW, _LINE * (len(row.classes(top)) + 2))


def _title(row: Row) -> str:
    name, label = PurePath(row.observation.answer.file).name, row.figures.label
    return name if label is None else f"{name}: {label}"


def _styles(rows: Sequence[Row], top: int) -> Mapping[str, Style]:
    """Give every class one look in all rows; the labelled one keeps a colour for itself."""
    drawn = [name for row in rows if not row.run.entry.untrained for name in _wrong(row, top)]
    looks = cycle((color, dash) for dash, color in product(_DASHES, _COLORS))
    return dict(zip(dict.fromkeys(drawn), looks, strict=False))


def _wrong(row: Row, top: int) -> list[str]:
    return [class_key(name) for name in row.classes(top).values() if not row.is_right(name)]


def _draw_row(axes: "Axes", row: Row, top: int, styles: Mapping[str, Style]) -> None:
    untrained = row.run.entry.untrained
    _shade_warm_up(axes, row.observation)
    if untrained:
        _draw_quietly(axes, row, top)
    else:
        _draw_classes(axes, row, top, styles)
        _mark_first_right(axes, row.figures)
    color = _QUIET if untrained else "black"
    axes.set_title(row.run.entry.model, loc="left", weight="bold", color=color, parse_math=False)
    axes.set_title(_words(row), loc="right", fontsize=9, color=color)
    axes.set(ylim=(0, 1.03), yticks=(0, 1) if untrained else (0, 0.5, 1))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.tick_params(axis="both", labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)


def _words(row: Row) -> str:
    words = [f"{1e3 * median(row.observation.spent_s):.3g} ms per prediction"]
    if row.run.entry.untrained:
        return " \N{MIDDLE DOT} ".join(["untrained, so what it says means nothing", *words])
    figures = row.figures
    words.insert(0, f"{figures.flicker_per_minute:.0f} changes a minute")
    if figures.first_right_s is not None:
        never = math.isinf(figures.first_right_s)
        words.insert(0, "never right" if never else f"right after {figures.first_right_s:.1f} s")
    return " \N{MIDDLE DOT} ".join(words)


def _shade_warm_up(axes: "Axes", observation: Observation) -> None:
    begin_s, file_end_s = axes.get_xlim()
    end_s = min(observation.warm_up_end_s, file_end_s)
    if end_s > observation.answer.times_s[0]:
        axes.axvspan(begin_s, end_s, color=_SHADE, linewidth=0, zorder=0)
        _note(axes, begin_s, 0.9, "warm-up", _QUIET)


def _note(axes: "Axes", time_s: float, height: float, text: str, color: str) -> None:
    """Write small words to the right of a moment."""
    axes.annotate(
        text,
        (time_s, height),
        xytext=(4, 0),
        textcoords="offset points",
        va="top",
        fontsize=7,
        color=color,
    )


def _mark_first_right(axes: "Axes", figures: FileFigures) -> None:
    """Draw a line where the right class is first the best, and one where the action begins."""
    if figures.start_s > 0:
        axes.axvline(figures.start_s, color="black", linestyle="--", linewidth=1)
        _note(axes, figures.start_s, 0.75, "start", "black")
    if figures.first_right_s is not None and math.isfinite(figures.first_right_s):
        time_s = figures.start_s + figures.first_right_s
        axes.axvline(time_s, color=_RIGHT, linestyle=":", linewidth=1.5)


def _draw_quietly(axes: "Axes", row: Row, top: int) -> None:
    for index in row.classes(top):
        curve = row.observation.smoothed[:, index]
        axes.plot(row.observation.answer.times_s, curve, color=_QUIET, linewidth=1)


def _draw_classes(axes: "Axes", row: Row, top: int, styles: Mapping[str, Style]) -> None:
    times_s = row.observation.answer.times_s
    for index, name in row.classes(top).items():
        curve, right = row.observation.smoothed[:, index], row.is_right(name)
        color, dash = (_RIGHT, "-") if right else styles[class_key(name)]
        label = shorten(name, _MOST_LETTERS, placeholder="\N{HORIZONTAL ELLIPSIS}")
        axes.plot(
            times_s,
            curve,
            color=color,
            linestyle=dash,
            linewidth=3 if right else 1.5,
            marker="o" if len(times_s) <= _MOST_MARKS else None,
            markersize=4 if right else 2.5,
            label=f"{label} {row.observation.answer.scores[index]:.0%}",
        )
        if right:
            axes.fill_between(times_s, curve, color=color, alpha=0.12, linewidth=0)
    _draw_legend(axes)


def _draw_legend(axes: "Axes") -> None:
    legend = axes.legend(
        title="for the whole file",
        title_fontsize=8,
        alignment="left",
        loc="upper left",
        bbox_to_anchor=(1.0, 1.15),
        borderaxespad=0.0,
        frameon=False,
        fontsize=9,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)  # a dollar sign in a name begins no formula
