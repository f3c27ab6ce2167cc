"""The picture of an answer: probabilities over time, with frames below."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from streamrec.atomic import atomic_path
from streamrec.classify import FileAnswer
from streamrec.errors import OutputError, RuntimeMissingError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_THUMBNAILS = 8
_DPI = 120

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

    figure = Figure(figsize=(10, 5), dpi=_DPI, layout="constrained")
    _draw(figure, answer, top)
    with atomic_path(path) as temporary:
        figure.savefig(temporary)


def _draw(figure: "Figure", answer: FileAnswer, top: int) -> None:
    rows: Any = figure.subfigures(2, 1, height_ratios=(3, 1))
    curves = rows[0].subplots()
    for score in answer.top(top):
        label = f"{score.label} ({score.score:.0%})"
        curves.plot(answer.times_s, answer.timeline[:, score.id], linewidth=2, label=label)
    curves.set(ylim=(0, 1), xlabel="time, s", ylabel="probability")
    curves.set_xlim(answer.times_s[0], max(answer.times_s[-1], answer.times_s[0] + 1e-3))
    curves.set_title(f"{answer.file}: {answer.model}", loc="left", parse_math=False)
    curves.spines[["top", "right"]].set_visible(False)
    curves.grid(axis="y", alpha=0.3)
    for text in curves.legend(loc="upper left", frameon=False).get_texts():
        text.set_parse_math(False)  # a dollar sign in a name begins no formula
    _draw_frames(rows[1], answer)


def _draw_frames(row: Any, answer: FileAnswer) -> None:
    count = min(_THUMBNAILS, len(answer.thumbnails))
    chosen = np.linspace(0, len(answer.thumbnails) - 1, count).round().astype(int)
    axes = row.subplots(1, count, squeeze=False)[0]
    for axis, index in zip(axes, chosen, strict=True):
        time_s, image = answer.thumbnails[index]
        axis.imshow(image[:, :, ::-1])
        axis.set_title(f"{time_s:.1f} s", fontsize=8)
        axis.set_axis_off()
