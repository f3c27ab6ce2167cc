"""The picture of an answer: probabilities over time, with pictures below at their times."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from streamrec.atomic import atomic_path
from streamrec.classify import FileAnswer
from streamrec.errors import OutputError, RuntimeMissingError
from streamrec.types import Image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 120
MIN_SPAN_S = 1e-3
"""Of a time axis, so that a single picture has one too."""

_GAP = 1.05
"""From one picture to the next, in widths of a picture."""

FORMATS = (".png", ".svg", ".pdf", ".jpg")


def require_plot(path: Path) -> None:
    """Check, before the work is done, that a picture can be drawn there.

    Raises:
        RuntimeMissingError: matplotlib is not installed.
        OutputError: no folder to write to, or no known format.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise RuntimeMissingError(
            'pictures are drawn by matplotlib: in the checkout, pip install ".[plot]"'
        ) from None
    if path.suffix.lower() not in FORMATS:
        raise OutputError(f"cannot draw {path}: take one of {', '.join(FORMATS)}")
    if not path.parent.is_dir():
        raise OutputError(f"cannot write {path}: there is no folder {path.parent}")


def save_plot(answer: FileAnswer, path: Path, top: int) -> None:
    """Draw the ``top`` classes over time and write a picture; the suffix tells its format.

    Raises:
        RuntimeMissingError, OutputError: as ``require_plot``; or the file cannot be written.
    """
    require_plot(path)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 5), dpi=DPI, layout="constrained")
    curves, pictures = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    _draw_curves(curves, answer, top)
    draw_thumbnails(figure, pictures, answer.thumbnails)
    save_figure(figure, path)


def save_figure(figure: "Figure", path: Path) -> None:
    """Write a picture, whole or not at all; the suffix tells its format.

    Raises:
        OutputError: the file cannot be written.
    """
    with atomic_path(path) as temporary:
        figure.savefig(temporary)


def _draw_curves(curves: "Axes", answer: FileAnswer, top: int) -> None:
    for score in answer.top(top):
        label = f"{score.label} ({score.score:.0%})"
        curves.plot(answer.times_s, answer.timeline[:, score.id], linewidth=2, label=label)
    curves.set(ylim=(0, 1), ylabel="probability")
    curves.set_xlim(answer.times_s[0], max(answer.times_s[-1], answer.times_s[0] + MIN_SPAN_S))
    curves.set_title(f"{answer.file}: {answer.model}", loc="left", parse_math=False)
    curves.spines[["top", "right"]].set_visible(False)
    curves.grid(axis="y", alpha=0.3)
    for text in curves.legend(loc="upper left", frameon=False).get_texts():
        text.set_parse_math(False)  # a dollar sign in a name begins no formula


def draw_thumbnails(
    figure: "Figure", axes: "Axes", thumbnails: Sequence[tuple[float, Image]]
) -> None:
    """Put pictures at their times, as many as fit side by side; a mark tells the exact moment.

    Args:
        figure: the picture of which ``axes`` are the lowest part.
        axes: where to; the limits of their time axis are set.
        thumbnails: pictures and their times, seconds.
    """
    figure.draw_without_rendering()  # settles how large the axes are
    box, (begin_s, end_s) = axes.get_window_extent(), axes.get_xlim()
    height, width = thumbnails[0][1].shape[:2]
    width_s = (end_s - begin_s) * min(1.0, box.height / box.width * width / height)
    for time_s, image in _side_by_side(thumbnails, begin_s, end_s, width_s):
        left_s = min(max(time_s - width_s / 2, begin_s), end_s - width_s)
        axes.imshow(image[:, :, ::-1], extent=(left_s, left_s + width_s, 0, 1), aspect="auto")
        axes.plot(time_s, 1.0, marker=7, color="black", markersize=5, clip_on=False)
    axes.set(xlim=(begin_s, end_s), ylim=(0, 1), yticks=[], xlabel="time, s")
    axes.spines[["top", "left", "right"]].set_visible(False)


def _side_by_side(
    thumbnails: Sequence[tuple[float, Image]], begin_s: float, end_s: float, width_s: float
) -> list[tuple[float, Image]]:
    """Choose pictures that are seen whole and do not cover each other; at least one."""
    chosen: list[tuple[float, Image]] = []
    free_s = begin_s
    for time_s, image in thumbnails:
        if time_s - width_s / 2 >= free_s and time_s + width_s / 2 <= end_s:
            chosen.append((time_s, image))
            free_s = time_s + width_s * (_GAP - 0.5)
    return chosen or [thumbnails[len(thumbnails) // 2]]
