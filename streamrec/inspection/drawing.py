"""The picture of a network: its parts in order, and the shapes of what passes between them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import ceil, prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamrec.inspection.facts import Block, Inspection, Shape
from streamrec.plot import require_plot, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Inches.
_BOX_WIDTH, _BOX_HEIGHT, _BAR_HEIGHT = 2.9, 0.56, 0.06
_COLUMN, _ROW = 3.55, 0.98
_LEFT, _TOP, _BOTTOM = 0.45, 1.55, 1.0
_LEAD = 0.34
"""Of the arrow into the first box of a column."""

_TIMES = "\N{MULTIPLICATION SIGN}"
_DPI = 110
_MOST_ROWS = 9
_MAPS, _DENSE, _POOL = "#dbe8f6", "#fbe3cc", "#ececec"
_BAR, _LINE, _QUIET = "#3b76b0", "#555555", "#666666"


def draw_network(name: str, inspection: Inspection, path: Path) -> None:
    """Draw the parts of a network and write a picture; the suffix tells its format.

    Raises:
        RuntimeMissingError: matplotlib is not installed.
        OutputError: the file cannot be written, or is of no known format.
    """
    require_plot(path)
    from matplotlib.figure import Figure

    columns = _columns(inspection.blocks)
    width = 2 * _LEFT + _COLUMN * len(columns) - (_COLUMN - _BOX_WIDTH)
    height = _TOP + _ROW * max(len(column.blocks) for column in columns) + _BOTTOM
    figure = Figure(figsize=(width, height), dpi=_DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    _draw_words(axes, name, inspection, height)
    for column in columns:
        _draw_column(axes, column, max(block.macs for block in inspection.blocks))
    _draw_links(axes, columns, height - _BOTTOM)
    save_figure(figure, path)


@dataclass(frozen=True, slots=True)
class _Column:
    """Some parts of one branch, drawn below each other."""

    index: int
    branch: str
    blocks: Sequence[Block]

    @property
    def centre(self) -> float:
        return _LEFT + self.index * _COLUMN + _BOX_WIDTH / 2

    @property
    def end(self) -> float:
        """Where the last box ends."""
        return _top_of(len(self.blocks) - 1) + _BOX_HEIGHT


def _top_of(row: int) -> float:
    return _TOP + row * _ROW


def _columns(blocks: Sequence[Block]) -> list[_Column]:
    parts = [
        (branch, part)
        for branch, members in groupby(blocks, lambda block: block.branch)
        for part in _shares(list(members))
    ]
    return [_Column(index, branch, part) for index, (branch, part) in enumerate(parts)]


def _shares(blocks: list[Block]) -> Iterator[list[Block]]:
    """Share parts out to few columns that are about as long."""
    rows = ceil(len(blocks) / ceil(len(blocks) / _MOST_ROWS))
    for start in range(0, len(blocks), rows):
        yield blocks[start : start + rows]


def _draw_words(axes: "Axes", name: str, inspection: Inspection, height: float) -> None:
    figures = (
        f"{_short(inspection.parameters)} parameters, "
        f"{_short(inspection.macs)} multiply-adds a {inspection.unit}"
    )
    _write(axes, _LEFT, 0.36, name, size=15, weight="bold")
    _write(axes, _LEFT, 0.68, figures, size=9.5, color=_QUIET)
    shape = f" {_TIMES} ".join(("channels", "frames", "height", "width"))
    legend = (
        f"Beside arrows: {shape}.\n"
        "At the right: multiply-adds, also as blue bars; parameters.\n"
        f"{_TIMES} 3: three alike in a row, counted together."
    )
    _write(axes, _LEFT, height - 0.38, legend, size=8, color=_QUIET)


def _draw_column(axes: "Axes", column: _Column, most_macs: int) -> None:
    for row, block in enumerate(column.blocks):
        _draw_box(axes, column.centre - _BOX_WIDTH / 2, _top_of(row), block, most_macs)
    for row, (above, below) in enumerate(pairwise(column.blocks)):
        points = [(column.centre, _top_of(row) + _BOX_HEIGHT), (column.centre, _top_of(row + 1))]
        _draw_arrow(axes, points, _passing(above.shape, below.input))


def _draw_box(axes: "Axes", x: float, y: float, block: Block, most_macs: int) -> None:
    from matplotlib.patches import Rectangle

    colour = _POOL if block.parameters == 0 else _DENSE if len(block.shape) == 1 else _MAPS
    size = _BOX_WIDTH, _BOX_HEIGHT
    axes.add_patch(Rectangle((x, y), *size, facecolor=colour, edgecolor=_LINE, linewidth=0.8))
    share = block.macs / most_macs * _BOX_WIDTH
    bar = (x, y + _BOX_HEIGHT - _BAR_HEIGHT)
    axes.add_patch(Rectangle(bar, share, _BAR_HEIGHT, facecolor=_BAR, linewidth=0))
    name = block.name.removeprefix(f"{block.branch}.")
    times = f"  {_TIMES} {block.repeats}" if block.repeats > 1 else ""
    _write(axes, x + 0.1, y + 0.17, name + times, size=9, weight="bold")
    _write(axes, x + 0.1, y + 0.36, _contents(block), size=7.5)
    if block.parameters:
        right = {"size": 7.5, "color": _QUIET, "ha": "right"}
        _write(axes, x + _BOX_WIDTH - 0.1, y + 0.17, _short(block.macs), **right)
        _write(axes, x + _BOX_WIDTH - 0.1, y + 0.36, _short(block.parameters), **right)


def _contents(block: Block) -> str:
    kernels = dict.fromkeys(_sizes(kernel) for kernel in block.kernels)
    width = f"{block.width} wide" if block.width > block.shape[0] else ""
    return ", ".join(filter(None, [f"{block.kind} {', '.join(kernels)}".rstrip(), width]))


def _short(number: float) -> str:
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:g}"


def _passing(before: Shape, after: Shape) -> str:
    """Say what passes, and what happens to it on the way."""
    if before == after:
        return _sizes(after)
    done = "flattened" if prod(before) == prod(after) else "mean"
    return f"{_sizes(before)}\n{done}: {_sizes(after)}"


def _sizes(shape: Shape) -> str:
    return _TIMES.join(map(str, shape))


def _draw_links(axes: "Axes", columns: list[_Column], lane: float) -> None:
    """Draw the arrows between columns, into the first and out of the last one.

    Branches meet in the ``lane`` below all boxes.
    """
    for column in columns:
        block, before = column.blocks[0], columns[: column.index]
        if before and before[-1].branch == column.branch:
            passing = _passing(before[-1].blocks[-1].shape, block.input)
            _link(axes, before[-1], column, before[-1].end + 0.2, passing)
        elif before and not column.branch:
            for last in _lasts(before):
                _link(axes, last, column, lane, "")
            _link(axes, before[-1], column, lane, f"together: {_sizes(block.input)}")
        else:
            _enter(axes, column, f"input {_sizes(block.input)}")
    if columns[-1].branch:
        for last in _lasts(columns):
            _leave(axes, last)
    else:
        _leave(axes, columns[-1])


def _lasts(columns: Sequence[_Column]) -> list[_Column]:
    """Return the last column of each branch."""
    return list({column.branch: column for column in columns}.values())


def _enter(axes: "Axes", column: _Column, label: str) -> None:
    branch = f"{column.branch}: " if column.branch else ""
    start = (column.centre, _TOP - _LEAD)
    _draw_arrow(axes, [start, (column.centre, _TOP)], branch + label)


def _leave(axes: "Axes", column: _Column) -> None:
    points = [(column.centre, column.end), (column.centre, column.end + _LEAD)]
    _draw_arrow(axes, points, _sizes(column.blocks[-1].shape))


def _link(axes: "Axes", before: _Column, column: _Column, lane: float, label: str) -> None:
    gap = column.centre - _BOX_WIDTH / 2 - (_COLUMN - _BOX_WIDTH) / 2
    start, end = (before.centre, before.end), (column.centre, _TOP)
    way = [(before.centre, lane), (gap, lane), (gap, _TOP - _LEAD), (column.centre, _TOP - _LEAD)]
    _draw_arrow(axes, [start, *way, end], label)


def _draw_arrow(axes: "Axes", points: list[tuple[float, float]], label: str) -> None:
    """Draw a line along points with a head at the last one, and a label beside that."""
    x, y = zip(*points, strict=True)
    axes.plot(x[:-1], y[:-1], color=_LINE, linewidth=1, solid_joinstyle="miter")
    axes.annotate(
        "",
        points[-1],
        points[-2],
        arrowprops={"arrowstyle": "-|>", "color": _LINE, "shrinkA": 0, "shrinkB": 0},
    )
    _write(axes, x[-1] + 0.1, (y[-1] + y[-2]) / 2, label, size=8)


def _write(axes: "Axes", x: float, y: float, text: str, **style: Any) -> None:
    axes.text(x, y, text, va="center", parse_math=False, **style)
