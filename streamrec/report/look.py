"""How all charts of a report look."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

from streamrec.plot import DPI, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

# Colours that people who cannot tell all of them apart tell apart (Okabe and Ito 2008).
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
QUIET = "#777777"

WIDTH = 5.6
"""Of a chart, inches; two stand side by side on a desk, one on a phone."""

_FALLBACKS = (
    "Noto Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans Arabic",
    "Noto Sans Devanagari",
    "Segoe UI",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Nirmala UI",
    "Arial Unicode MS",
    "Hiragino Sans",
)
"""For letters that the charts' own font lacks; those that are installed are taken."""

_MOST_LETTERS = 28


@contextmanager
def chart(path: Path, height: float, width: float = WIDTH) -> Iterator["Figure"]:
    """Give an empty figure, which is written as a PNG at the end of the block; sizes in inches.

    Raises:
        OutputError: it cannot be written.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    fonts = ["DejaVu Sans", *(name for name in _FALLBACKS if name in installed)]
    with rc_context({"font.family": fonts, "font.size": 10}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # boxes stand for letters that no font has
        figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
        yield figure
        save_figure(figure, path)


def plain(axes: "Axes", grid: str = "y") -> None:
    """Take away what tells nothing; ``grid`` is x, y or both."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis=grid, alpha=0.3)  # type: ignore[arg-type]
    axes.set_axisbelow(True)


def no_math(texts: "Iterable[Text]") -> None:
    """Show names as they are: a dollar sign in a name begins no formula."""
    for text in texts:
        text.set_parse_math(False)


def short(name: str) -> str:
    """Return a name that fits beside an axis."""
    printable = name.encode("utf-8", "replace").decode("utf-8")
    return shorten(printable, _MOST_LETTERS, placeholder="\N{HORIZONTAL ELLIPSIS}") or "?"
