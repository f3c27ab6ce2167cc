"""A window on the screen that shows pictures and takes keys."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from streamrec.errors import OutputError
from streamrec.opencv import cv2
from streamrec.types import Image

END_KEY = "q"
"""What the close button stands for."""

_PROBE = "import cv2; cv2.namedWindow('streamrec')"
_PROBE_TIMEOUT_S = 20.0


class Window:
    """Opens with the first picture, as large as that, or as fits on a usual screen.

    Args:
        title: what stands above it.
        instead: what the user can do where no window can be opened.

    Raises:
        OutputError: no window can be opened here; so do ``show`` and ``key`` where it fails.
    """

    def __init__(self, title: str, *, instead: str) -> None:
        if not has_display():
            raise OutputError(
                "no window can be opened: there is no display here (DISPLAY="
                f"{os.environ.get('DISPLAY', '')!r}), or OpenCV was built without windows; "
                f"{instead}"
            )
        self._title, self._opened = title, False

    def show(self, image: Image) -> None:
        """Show a picture, uint8 [H, W, 3] BGR."""
        with _failures_told():
            if not self._opened:
                self._open(image)
            cv2.imshow(self._title, image)

    def key(self) -> str:
        """Return the key that was pressed, "" for none; ``END_KEY`` where it was closed."""
        if not self._opened:
            return ""
        with _failures_told():
            key = cv2.waitKey(1)
        if not self._is_visible():
            return END_KEY
        return "" if key < 0 else chr(key & 0xFF)

    def close(self) -> None:
        """Close the window."""
        if self._opened and self._is_visible():
            cv2.destroyWindow(self._title)
        self._opened = False

    def _open(self, image: Image) -> None:
        style = cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL
        cv2.namedWindow(self._title, style)
        cv2.resizeWindow(self._title, *_fitting(image.shape[1], image.shape[0]))
        self._opened = True

    def _is_visible(self) -> bool:
        try:
            return bool(cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1)
        except cv2.error:  # Qt, once its last window is gone
            return False


@contextmanager
def _failures_told() -> Iterator[None]:
    try:
        yield
    except cv2.error as error:
        raise OutputError(f"the window failed: {error.err or error}") from None


def _fitting(width: int, height: int, limit: tuple[int, int] = (1280, 720)) -> tuple[int, int]:
    """Shrink a size, its aspect ratio kept, until it fits on a usual screen."""
    factor = min(1.0, limit[0] / width, limit[1] / height)
    return max(1, round(width * factor)), max(1, round(height * factor))


@cache
def has_display() -> bool:
    """Tell whether a window can be opened here.

    Headless builds of OpenCV have no windows. Where a build has them, they open on Windows and
    macOS; on Linux one is tried in another process, as the toolkit ends a process that has no
    display.
    """
    os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false")  # missing fonts, mostly
    if not cv2.currentUIFramework():
        return False
    if not sys.platform.startswith("linux"):
        return True
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        probe = subprocess.run(
            [sys.executable, "-c", _PROBE], capture_output=True, timeout=_PROBE_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return False
    return probe.returncode == 0
