"""Lines of text on a picture: what is recorded of it, and what can be."""

from collections.abc import Sequence

import numpy as np

from streamrec.opencv import cv2
from streamrec.types import Image

_FONT = cv2.FONT_HERSHEY_DUPLEX
_LINES = 20  # as many lines of text would fill the picture
_WHITE, _DARK, _RED = (255, 255, 255), (28, 24, 22), (40, 40, 230)  # BGR


def with_lines(image: Image, lines: Sequence[str], *, red: int) -> Image:
    """Return a copy of the picture, 480 rows at least, with lines of text at its top left.

    Args:
        image: uint8 [H, W, 3] BGR.
        lines: from the top.
        red: so many of the first stand on red.
    """
    factor = max(1.0, 480 / image.shape[0])
    size = round(image.shape[1] * factor), round(image.shape[0] * factor)
    canvas = image.copy() if factor == 1 else np.asarray(cv2.resize(image, size))
    row = canvas.shape[0] / max(_LINES, len(lines) + 1)
    for number, line in enumerate(lines):
        _write(canvas, line, row * (number + 0.5), row, _RED if number < red else _DARK)
    return canvas


def _write(canvas: Image, text: str, top: float, row: float, color: tuple[int, int, int]) -> None:
    scale = row / 40
    (width, height), _ = cv2.getTextSize(text, _FONT, scale, 1)
    left, bottom = round(row / 2), round(top + row * 0.9)
    right = left + width + round(row * 0.6)
    cv2.rectangle(canvas, (left, round(top)), (right, bottom), color, cv2.FILLED)
    baseline = round(top + (row * 0.9 + height) / 2)
    cv2.putText(
        canvas, text, (left + round(row * 0.3), baseline), _FONT, scale, _WHITE, 1, cv2.LINE_AA
    )
