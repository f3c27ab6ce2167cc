"""The picture of a network's first filters: what its first layers look for."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from streamrec.inspection.facts import Inspection
from streamrec.inspection.network import inspect
from streamrec.plot import require_plot, save_figure
from streamrec.types import Array
from streamrec.weights.model_weights import ModelWeights

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LANDSCAPE = 3.0
_LEAST_SIDE, _THIN, _WIDE = 24, 1, 6
"""Pixels: a filter, the line between its moments, and between filters."""

_WIDTH, _DPI = 10.0, 110
_COLOURS, _FLOW = 3, 2


@dataclass(frozen=True, slots=True, eq=False)
class Filters:
    """The filters of a first layer.

    Attributes:
        layer: its name.
        values: float32 [filters, moments, channels, height, width]; the channels are red, green
            and blue, or flow x and y.
    """

    layer: str
    values: Array


def first_filters(weights: ModelWeights) -> list[Filters]:
    """Return the filters that see the input: of one layer, or of one of each branch."""
    inspection = inspect(weights.architecture)
    found = [_filters(name, weights) for name in _first_layers(inspection)]
    if weights.preprocessing.color == "bgr":
        return [Filters(each.layer, each.values[:, :, ::-1]) for each in found]
    return found


def _first_layers(inspection: Inspection) -> Iterator[str]:
    for branch in dict.fromkeys(block.branch for block in inspection.blocks):
        names = [layer.name for layer in inspection.layers if layer.name.startswith(branch)]
        if branch or len(names) == len(inspection.layers):
            yield names[0]


def _filters(layer: str, weights: ModelWeights) -> Filters:
    """Bring [filters, channels, moments, height, width] and its like into one form.

    Where the channels are not three colours, they are x and y of one flow frame after another.
    """
    names = (f"{layer}.weight", f"{layer}.conv.weight")
    values = next(weights.tensors[name] for name in names if name in weights.tensors)
    if values.ndim == 4:
        values = values[:, :, None]
    count, channels, moments, *size = values.shape
    colours = _COLOURS if channels == _COLOURS else _FLOW
    frames = values.reshape(count, channels // colours, colours, moments, *size)
    order = frames.transpose(0, 1, 3, 2, 4, 5)
    return Filters(layer, order.reshape(count, -1, colours, *size))


def draw_filters(weights: ModelWeights, name: str, path: Path) -> None:
    """Draw the first filters and write a picture; the suffix tells its format.

    Raises:
        RuntimeMissingError: matplotlib is not installed.
        OutputError: the file cannot be written, or is of no known format.
    """
    require_plot(path)
    from matplotlib.figure import Figure

    found = first_filters(weights)
    mosaics = [mosaic(each.values) for each in found]
    heights = [_WIDTH * picture.shape[0] / picture.shape[1] + 0.9 for picture in mosaics]
    figure = Figure(figsize=(_WIDTH, sum(heights)), dpi=_DPI, layout="constrained")
    rows = figure.subplots(len(found), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, filters, picture in zip(rows, found, mosaics, strict=True):
        _draw(axes, filters, picture, name)
    save_figure(figure, path)


def _draw(axes: "Axes", filters: Filters, picture: Array, name: str) -> None:
    count, moments, channels, height, width = filters.values.shape
    colours = "colours as in the picture" if channels == _COLOURS else "red is flow x, blue flow y"
    over_time = f"; {moments} moments from left to right" if moments > 1 else ""
    title = f"{name}: the {count} filters of {filters.layer}, {height} x {width}"
    note = f"{colours}{over_time}; each filter on a scale of its own, grey is 0"
    axes.imshow(picture, interpolation="nearest")
    axes.set_title(title, loc="left", parse_math=False, pad=20)
    axes.text(0, 1.01, note, transform=axes.transAxes, fontsize=9, color="#666666", va="bottom")
    axes.set_axis_off()


def mosaic(filters: Array) -> Array:
    """Lay filters out in rows: [filters, moments, channels, H, W] -> a picture [rows, columns, 3].

    The moments of a filter stand side by side, with thin lines between them.
    """
    count, moments, _, height, width = filters.shape
    columns = round(sqrt(count * height / (moments * width) * _LANDSCAPE))
    columns = max(1, min(count, columns))
    zoom = ceil(_LEAST_SIDE / height)
    pictures = _pictures(filters).repeat(zoom, 2).repeat(zoom, 3)
    strips = np.stack([_row(moments, _THIN) for moments in pictures])
    blank = np.ones((-count % columns, *strips.shape[1:]), np.float32)
    cells = np.concatenate([strips, blank]).reshape(-1, columns, *strips.shape[1:])
    rows = np.stack([_row(cells_of_row, _WIDE) for cells_of_row in cells])
    return _row(rows.swapaxes(1, 2), _WIDE).swapaxes(0, 1)


def _row(pictures: Array, gap: int) -> Array:
    """Put pictures side by side, white between them: [n, H, W, 3] -> [H, n * (W + gap), 3]."""
    spaced = np.pad(pictures, ((0, 0), (0, 0), (0, gap), (0, 0)), constant_values=1.0)
    return np.concatenate(list(spaced), axis=1)


def _pictures(filters: Array) -> Array:
    """[filters, moments, channels, H, W] -> red, green and blue in [0, 1], channels last."""
    largest = np.abs(filters).max((1, 2, 3, 4), keepdims=True)
    values = 0.5 + filters / (2 * np.maximum(largest, np.finfo(np.float32).tiny))
    if values.shape[2] == _FLOW:
        grey = np.full_like(values[:, :, :1], 0.5)
        values = np.concatenate([values[:, :, :1], grey, values[:, :, 1:]], axis=2)
    pictures: Array = np.moveaxis(values, 2, -1).astype(np.float32, copy=False)
    return pictures
