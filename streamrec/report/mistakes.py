"""Clips that the model gets wrong, and is sure of."""

import base64
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from streamrec.dataset.clips import LabelledClip
from streamrec.dataset.frames import read_frames
from streamrec.errors import FrameError, SourceError
from streamrec.evaluation.answers import Answers
from streamrec.opencv import cv2
from streamrec.report.links import link_to
from streamrec.types import Image

MOST = 12
"""Mistakes shown."""

_PICTURES = 4
_FPS = 4.0
_HEIGHT, _MOST_WIDTH = 120, 214  # pixels
_QUALITY = 80
_GAP = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A clip, and what the model took it for.

    Attributes:
        name: of its file; ``link``: its address.
        true: what it shows; ``true_score``: the highest probability that the model gave to it.
        said: what the model says; ``score``: its probability.
        strip: pictures of it, left to right in time, as a data address; empty: none can be read.
        size: width and height of the strip, pixels.
    """

    name: str
    link: str
    true: tuple[str, ...]
    true_score: float
    said: str
    score: float
    strip: str = field(repr=False)
    size: tuple[int, int]


def worst_mistakes(answers: Answers, folder: Path) -> list[Mistake]:
    """Return the mistakes that the model is most sure of; links are relative to ``folder``."""
    answers = answers.known()
    said = answers.scores.argmax(1)
    rows = np.arange(len(said))
    wrong = np.flatnonzero(~answers.truth[rows, said])
    order = wrong[np.argsort(-answers.scores[wrong, said[wrong]], kind="stable")]
    return [_mistake(answers, int(row), int(said[row]), folder) for row in order[:MOST]]


def _mistake(answers: Answers, row: int, said: int, folder: Path) -> Mistake:
    clip = answers.clips[row]
    strip, size = _strip(clip)
    return Mistake(
        name=clip.path.name + clip.name.removeprefix(str(clip.path)),
        link=link_to(clip, folder),
        true=clip.labels,
        true_score=float(answers.scores[row][answers.truth[row]].max()),
        said=answers.labels[said],
        score=float(answers.scores[row, said]),
        strip=strip,
        size=size,
    )


def _strip(clip: LabelledClip) -> tuple[str, tuple[int, int]]:
    """Return pictures of a clip side by side, and their width and height."""
    try:
        pictures = read_frames(clip, _FPS, _thumbnail)
    except (SourceError, FrameError):
        return "", (0, 0)
    chosen = np.linspace(0, len(pictures) - 1, min(_PICTURES, len(pictures))).round().astype(int)
    gap = np.full((_HEIGHT, _GAP, 3), 255, np.uint8)
    row = np.hstack([part for i in chosen for part in (pictures[i], gap)][:-1])
    _, encoded = cv2.imencode(".jpg", row, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    text = base64.b64encode(encoded.tobytes()).decode("ascii")
    return f"data:image/jpeg;base64,{text}", (row.shape[1], row.shape[0])


def _thumbnail(image: Image) -> Image:
    height, width = image.shape[:2]
    width = min(max(1, round(width * _HEIGHT / height)), _MOST_WIDTH)
    return np.asarray(cv2.resize(image, (width, _HEIGHT), interpolation=cv2.INTER_AREA))
