"""Draws a prediction onto its picture: label bars, frame rate, latency."""

from collections import deque

import numpy as np

from streamrec.opencv import cv2
from streamrec.types import Frame, Image, Prediction, Score

MIN_SIDE, MAX_ENLARGED_SIDE = 480, 1920
"""A picture is enlarged until its shorter side is readable, or its longer one large enough."""

_FONT = cv2.FONT_HERSHEY_DUPLEX
_REFERENCE_SIDE = 480  # the sizes below are for a picture whose shorter side has so many pixels
_MARGIN, _PAD, _ROW, _BAR, _PANEL_WIDTH = 14, 9, 36, 30, 300
_TEXT_SCALE, _SMALL_SCALE = 0.58, 0.48
_WHITE, _PANEL, _TRACK = (255, 255, 255), (28, 24, 22), (70, 62, 58)  # BGR
_BEST, _OTHER, _WARMING_UP = (112, 158, 22), (140, 104, 62), (20, 130, 235)
_OPACITY = 0.8
_RATE_FRAMES = 30  # the frame rate is a mean over so many predictions


class Overlay:
    """Draws predictions on their frames, with the rate at which the frames come."""

    def __init__(self, *, top: int = 3) -> None:
        self._top = top
        self._captured_s: deque[float] = deque(maxlen=_RATE_FRAMES)

    def __call__(self, frame: Frame, prediction: Prediction | None) -> Image:
        """Return a copy of the frame's picture with prediction and frame rate; see `draw`."""
        self._captured_s.append(frame.captured_s)
        seconds = self._captured_s[-1] - self._captured_s[0]
        fps = (len(self._captured_s) - 1) / seconds if seconds > 0 else None
        return draw(frame.image, prediction, fps=fps, top=self._top)


def draw(
    image: Image, prediction: Prediction | None, *, fps: float | None = None, top: int = 3
) -> Image:
    """Return a copy of the picture with the prediction drawn on it.

    Args:
        image: uint8 [H, W, 3], BGR; not changed.
        prediction: what to show: its best classes, model, latency and warm-up; None: nothing yet.
        fps: frames per second to show, None: not shown.
        top: number of classes.

    Returns:
        uint8 [H', W', 3], BGR; larger than ``image`` if that is too small to write on.
    """
    canvas = _readable_copy(image)
    unit = min(canvas.shape[:2]) / _REFERENCE_SIDE
    _draw_tag(canvas, _status(prediction, fps), unit, top=_MARGIN, color=_PANEL)
    if prediction is None or prediction.warm_up:
        _draw_tag(canvas, "warming up", unit, top=_MARGIN + _ROW, color=_WARMING_UP)
    if prediction is not None:
        _draw_scores(canvas, prediction.top(top), unit)
    return canvas


def _readable_copy(image: Image) -> Image:
    short, long = min(image.shape[:2]), max(image.shape[:2])
    factor = min(MIN_SIDE / short, MAX_ENLARGED_SIDE / long)
    if factor <= 1:
        return image.copy()
    size = (round(image.shape[1] * factor), round(image.shape[0] * factor))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC))


def _status(prediction: Prediction | None, fps: float | None) -> str:
    parts = [] if prediction is None else [prediction.model]
    parts += [] if fps is None else [f"{fps:.1f} fps"]
    parts += [] if prediction is None else [f"{prediction.latency.total_ms:.0f} ms"]
    return "  ".join(parts) or "streamrec"


def _draw_tag(
    canvas: Image, text: str, unit: float, *, top: int, color: tuple[int, int, int]
) -> None:
    """Write a short text on a box of its own width, at the left."""
    scale = _SMALL_SCALE * unit
    width = _text_width(text, scale) + round(2 * _PAD * unit)
    left, y, height = round(_MARGIN * unit), round(top * unit), round(_BAR * unit)
    _shade(canvas, left, y, width, height, color)
    _write(canvas, text, left + round(_PAD * unit), y, height, scale)


def _draw_scores(canvas: Image, scores: tuple[Score, ...], unit: float) -> None:
    """One bar a class, from the bottom left corner upwards, the best on top."""
    margin, row, height = (round(size * unit) for size in (_MARGIN, _ROW, _BAR))
    width = min(round(_PANEL_WIDTH * unit), canvas.shape[1] - 2 * margin)
    first = canvas.shape[0] - margin - row * len(scores)
    for rank, score in enumerate(scores):
        top = first + rank * row
        _shade(canvas, margin, top, width, height, _TRACK)
        filled = round(width * min(max(score.score, 0.0), 1.0))
        _shade(canvas, margin, top, filled, height, _OTHER if rank else _BEST, opacity=0.9)
        _label_bar(canvas, score, margin, top, width, height, unit)


def _label_bar(
    canvas: Image, score: Score, left: int, top: int, width: int, height: int, unit: float
) -> None:
    scale, pad = _TEXT_SCALE * unit, round(_PAD * unit)
    percent = f"{score.score:.0%}"
    percent_left = left + width - pad - _text_width(percent, scale)
    label = _shortened(score.label, percent_left - left - 2 * pad, scale)
    _write(canvas, label, left + pad, top, height, scale)
    _write(canvas, percent, percent_left, top, height, scale)


def _shortened(text: str, width: int, scale: float) -> str:
    if _text_width(text, scale) <= width:
        return text
    while text and _text_width(text + "...", scale) > width:
        text = text[:-1]
    return text.rstrip() + "..." if text else ""


def _text_width(text: str, scale: float) -> int:
    return int(cv2.getTextSize(text, _FONT, scale, 1)[0][0])


def _write(canvas: Image, text: str, left: int, top: int, height: int, scale: float) -> None:
    """Write in the middle of a line that is ``height`` high."""
    capital = cv2.getTextSize("H", _FONT, scale, 1)[0][1]
    baseline = top + (height + capital) // 2
    cv2.putText(canvas, text, (left, baseline), _FONT, scale, _WHITE, 1, cv2.LINE_AA)


def _shade(
    canvas: Image,
    left: int,
    top: int,
    width: int,
    height: int,
    color: tuple[int, int, int],
    *,
    opacity: float = _OPACITY,
) -> None:
    """Blend a box into the picture; what lies outside is left out."""
    box = canvas[max(top, 0) : max(top + height, 0), left : left + width]
    if box.size:
        tint = np.full_like(box, color)
        box[:] = cv2.addWeighted(tint, opacity, box, 1 - opacity, 0)
