"""The map of files: those of which a network makes the same lie close to each other."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from streamrec.errors import OptionError, RuntimeMissingError
from streamrec.inspection.features import FileFeatures
from streamrec.plot import require_plot, save_figure
from streamrec.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_FILES = 3
_NEIGHBOURS = 30.0
"""The perplexity of large maps, as van der Maaten and Hinton 2008 take it."""

_SEED = 0
_SIDE, _LARGEST_PICTURE, _DPI = 10.0, 1.5, 110
"""Inches, inches, dots an inch."""

_LONGEST_NAME = 22


def require_map(path: Path, files: int) -> None:
    """Check, before the work is done, that a map can be drawn there.

    Raises:
        RuntimeMissingError: matplotlib or scikit-learn is not installed.
        OutputError: no folder to write to, or no known format.
        OptionError: too few files.
    """
    require_plot(path)
    try:
        import sklearn.manifold  # noqa: F401
    except ImportError:
        raise RuntimeMissingError(
            'maps are laid out by scikit-learn: in the checkout, pip install ".[features]"'
        ) from None
    if files < LEAST_FILES:
        raise OptionError(f"a map takes at least {LEAST_FILES} files, got {files}")


def positions(vectors: Array) -> Array:
    """Lay vectors [n, features] out on a plane, [n, 2], in [0, 1]; the same each time.

    By t-SNE (van der Maaten and Hinton 2008) on the angles between vectors.
    """
    from sklearn.manifold import TSNE

    perplexity = min(_NEIGHBOURS, (len(vectors) - 1) / 3)
    layout = TSNE(perplexity=perplexity, metric="cosine", init="random", random_state=_SEED)
    places = layout.fit_transform(vectors)
    spread = np.ptp(places, axis=0)
    scaled: Array = (places - places.min(0)) / np.where(spread > 0, spread, 1)
    return scaled.astype(np.float32)


def draw_map(features: Sequence[FileFeatures], model: str, path: Path) -> None:
    """Draw files on a map, each as a picture of it; the suffix tells the format.

    Raises:
        RuntimeMissingError, OutputError, OptionError: as ``require_map``; or it cannot be written.
    """
    require_map(path, len(features))
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_SIDE, _SIDE), dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    axes.set_title(f"what {model} makes of {len(features)} files", loc="left", parse_math=False)
    axes.set(xlim=(-0.12, 1.12), ylim=(-0.12, 1.12), xticks=[], yticks=[], aspect="equal")
    axes.set_xlabel("t-SNE: near is alike; distances between far ones mean little", loc="left")
    places = positions(np.stack([each.vector for each in features]))
    for each, place in zip(features, places, strict=True):
        _draw_file(axes, each, place, len(features))
    save_figure(figure, path)


def _draw_file(axes: "Axes", features: FileFeatures, place: Array, files: int) -> None:
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    picture = features.picture[:, :, ::-1]
    inches = min(_LARGEST_PICTURE, _SIDE / (2.2 * np.sqrt(files)))
    zoom = inches * 72 / max(picture.shape[:2])
    frame = AnnotationBbox(
        OffsetImage(picture, zoom=zoom), tuple(place), pad=0.15, bboxprops={"edgecolor": "#999999"}
    )
    axes.add_artist(frame)
    below = -(zoom * picture.shape[0] / 2 + 10)
    axes.annotate(
        _short(Path(features.file).stem),
        tuple(place),
        (0, below),
        textcoords="offset points",
        ha="center",
        fontsize=7,
        parse_math=False,
        zorder=4,  # above the pictures
        bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.5},
    )


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."
