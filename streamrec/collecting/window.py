"""A window that shows what is filmed and what is recorded of it, and takes keys."""

from collections.abc import Sequence

import numpy as np

from streamrec.errors import OutputError
from streamrec.opencv import cv2
from streamrec.sinks.window import has_display
from streamrec.types import Image

END_KEY = "q"
"""What the close button stands for."""

_MOST = 1280, 720
_FONT = cv2.FONT_HERSHEY_DUPLEX
_LINES = 20  # as many lines of text would fill the picture
_WHITE, _DARK, _RED = (255, 255, 255), (28, 24, 22), (40, 40, 230)  # BGR


class KeyWindow:
    """Shows pictures with lines of text.

    Raises:
        OutputError: no window can be opened here; so do the methods where it fails.
    """

    def __init__(self, title: str) -> None:
        if not has_display():
            raise OutputError(
                "no window can be opened: there is no display here, or OpenCV was built without "
                "windows; run without --show in a terminal, which takes the keys, too"
            )
        self._title, self._opened = title, False

    def show(self, image: Image, lines: Sequence[str], *, red: int) -> None:
        """Show a picture, uint8 [H, W, 3] BGR; the first ``red`` lines stand on red."""
        canvas = drawn(image, lines, red)
        try:
            if not self._opened:
                self._open(canvas)
            cv2.imshow(self._title, canvas)
        except cv2.error as error:
            raise OutputError(f"the window failed: {error.err or error}") from None

    def keys(self) -> str:
        """Return the key that was pressed; that which ends, where the window was closed."""
        if not self._opened:
            return ""
        key = cv2.waitKey(1)
        if not self._is_visible():
            return END_KEY
        return "" if key < 0 else chr(key & 0xFF)

    def close(self) -> None:
        """Close the window."""
        if self._opened and self._is_visible():
            cv2.destroyWindow(self._title)
        self._opened = False

    def _open(self, canvas: Image) -> None:
        style = cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL
        cv2.namedWindow(self._title, style)
        height, width = canvas.shape[:2]
        factor = min(1.0, _MOST[0] / width, _MOST[1] / height)
        cv2.resizeWindow(self._title, max(1, round(width * factor)), max(1, round(height * factor)))
        self._opened = True

    def _is_visible(self) -> bool:
        try:
            return bool(cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1)
        except cv2.error:  # Qt, once its last window is gone
            return False


def drawn(image: Image, lines: Sequence[str], red: int) -> Image:
    """Return a copy of the picture, 480 rows at least, with lines of text at its top left."""
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
