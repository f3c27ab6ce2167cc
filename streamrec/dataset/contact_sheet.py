"""One picture of a data set: some clips of each class, some frames of each clip."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from streamrec.atomic import atomic_path
from streamrec.dataset.clips import Dataset
from streamrec.dataset.frames import read_frames
from streamrec.dataset.scan import ClipFacts
from streamrec.errors import RuntimeMissingError, SourceError
from streamrec.opencv import cv2
from streamrec.types import Image

FRAMES, COLUMNS = 5, 3
"""Of each clip, and clips side by side."""

MAX_ROWS, MAX_LINES = 40, 4
"""Lines of clips in all, and of one class."""

NO_CLASS = "(no class)"

_WIDTH, _HEIGHT = 112, 84
_GAP, _HEADING, _CAPTION = 8, 34, 18
_BACKGROUND = 255
_DPI = 100


@dataclass(frozen=True, slots=True)
class _Text:
    """What is written where, pixels from the left and from the top."""

    x: int
    y: int
    text: str
    size: float = 7.5
    weight: str = "normal"


def save_contact_sheet(dataset: Dataset, facts: Sequence[ClipFacts], path: Path) -> None:
    """Draw clips of each class, spread over the data set, and frames of each, spread over time.

    The picture has at most ``MAX_ROWS`` lines of clips, whatever there is; it says what is not
    shown.

    Args:
        dataset: what was scanned.
        facts: of its clips; those with a fault are not shown.
        path: where to; the suffix tells the format.

    Raises:
        RuntimeMissingError: matplotlib is not installed.
        OutputError: it cannot be written.
    """
    classes = [(label, shown) for label in [*dataset.labels, None] if (shown := _of(facts, label))]
    lines = max(1, min(MAX_LINES, MAX_ROWS // max(1, len(classes))))
    columns = min(COLUMNS, max((len(shown) for _, shown in classes), default=1))
    parts = [_class_part(label, shown, lines, columns) for label, shown in classes[:MAX_ROWS]]
    heights = [image.shape[0] for image, _ in parts]
    tops = np.cumsum([_HEADING, *heights]).tolist()
    texts = [_Text(_GAP, 10, _title(dataset, facts, len(classes)), 11, "bold")]
    for top, (_, part) in zip(tops, parts, strict=False):
        texts += [_Text(one.x, one.y + top, one.text, one.size, one.weight) for one in part]
    head = np.full((_HEADING, _line_width(columns), 3), _BACKGROUND, np.uint8)
    _write(np.vstack([head, *(image for image, _ in parts)]), texts, path)


def _of(facts: Sequence[ClipFacts], label: str | None) -> list[ClipFacts]:
    """Return the clips of a class, or of none, that can be shown."""
    return [
        one
        for one in facts
        if one.fault is None and (label in one.clip.labels if label else not one.clip.labels)
    ]


def _title(dataset: Dataset, facts: Sequence[ClipFacts], classes: int) -> str:
    left_out = f", the first {MAX_ROWS} shown" if classes > MAX_ROWS else ""
    return f"{dataset.name}: {_clips(len(facts))}, classes: {len(dataset.labels)}{left_out}"


def _clips(count: int) -> str:
    return "1 clip" if count == 1 else f"{count} clips"


def _class_part(
    label: str | None, facts: Sequence[ClipFacts], lines: int, columns: int
) -> tuple[Image, list[_Text]]:
    """Draw some clips of one class below its name."""
    count = min(len(facts), lines * columns)
    shown = [facts[i * len(facts) // count] for i in range(count)]
    rows = [shown[i : i + columns] for i in range(0, count, columns)]
    pitch = _CAPTION + _HEIGHT + _GAP
    image = np.full((_HEADING + pitch * len(rows), _line_width(columns), 3), _BACKGROUND, np.uint8)
    name = f"{label or NO_CLASS}  ({_clips(len(facts))})"
    texts = [_Text(_GAP, _HEADING // 2, name, 11, "bold")]
    for line, row in enumerate(rows):
        for column, one in enumerate(row):
            x, y = _GAP + column * (_strip_width() + 2 * _GAP), _HEADING + line * pitch
            caption = f"{one.clip.path.name[-44:]}  {one.duration_s:.1f} s"
            texts.append(_Text(x, y + 2, caption))
            strip = _strip(one)
            top = y + _CAPTION
            image[top : top + _HEIGHT, x : x + strip.shape[1]] = strip
    return image, texts


def _strip(facts: ClipFacts) -> Image:
    """Return frames of a clip side by side; fewer where the file can no longer be read."""
    fps = min(FRAMES / facts.duration_s, 100.0) if facts.duration_s > 0.0 else 1.0
    try:
        frames = read_frames(facts.clip, fps, _thumbnail)[:FRAMES]
    except SourceError:
        frames = []
    return np.hstack([*frames, *[_blank()] * (FRAMES - len(frames))])


def _thumbnail(image: Image) -> Image:
    """Fit a whole picture into a thumbnail."""
    scale = min(_WIDTH / image.shape[1], _HEIGHT / image.shape[0])
    width, height = (max(1, round(side * scale)) for side in image.shape[1::-1])
    x, y = (_WIDTH - width) // 2, (_HEIGHT - height) // 2
    thumbnail = _blank()
    thumbnail[y : y + height, x : x + width] = cv2.resize(
        image, (width, height), interpolation=cv2.INTER_AREA
    )
    return thumbnail


def _blank() -> Image:
    return np.full((_HEIGHT, _WIDTH, 3), 235, np.uint8)


def _strip_width() -> int:
    return FRAMES * _WIDTH


def _line_width(columns: int) -> int:
    return columns * (_strip_width() + 2 * _GAP)


def _write(image: Image, texts: Sequence[_Text], path: Path) -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise RuntimeMissingError(
            'pictures are drawn by matplotlib: in the checkout, pip install ".[plot]"'
        ) from None
    height, width = image.shape[:2]
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI)
    figure.figimage(image[:, :, ::-1])
    for one in texts:
        text = figure.text(one.x / width, 1.0 - one.y / height, one.text, va="top")
        text.set(fontsize=one.size, fontweight=one.weight, parse_math=False)
    with atomic_path(path) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of letters that the font does not have
        figure.savefig(temporary, dpi=_DPI)
