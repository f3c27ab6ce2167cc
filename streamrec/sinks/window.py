"""A window that shows the frames with what is recognised in them."""

import os
import subprocess
import sys
from functools import cache

from streamrec.errors import OutputError
from streamrec.opencv import cv2
from streamrec.sinks.overlay import Overlay
from streamrec.types import Frame, Prediction

_END_KEYS = (ord("q"), ord("Q"), 27)  # 27: Esc
_PROBE = "import cv2; cv2.namedWindow('streamrec')"
_PROBE_TIMEOUT_S = 20.0


class WindowViewer:
    """Shows every frame with the latest prediction. ``q``, Esc or the close button ends it.

    Attributes:
        closed: True once the user has ended it.

    Raises:
        OutputError: no window can be opened here.
    """

    def __init__(self, title: str = "streamrec", *, top: int = 3) -> None:
        _require_display()
        self.closed = False
        self._title = title
        self._overlay = Overlay(top=top)
        self._opened = False

    def show(self, frame: Frame, prediction: Prediction | None) -> None:
        """Show one frame and look for a key.

        Raises:
            OutputError: the window system failed.
        """
        if self.closed:
            return
        try:
            self._display(frame, prediction)
        except cv2.error as error:
            raise OutputError(f"the window failed: {error.err or error}") from None

    def close(self) -> None:
        """Close the window."""
        self.closed = True
        if self._opened and self._is_visible():
            cv2.destroyWindow(self._title)
        self._opened = False

    def _display(self, frame: Frame, prediction: Prediction | None) -> None:
        image = self._overlay(frame, prediction)
        if not self._opened:
            style = cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL
            cv2.namedWindow(self._title, style)
            cv2.resizeWindow(self._title, *_fitting(image.shape[1], image.shape[0]))
            self._opened = True
        cv2.imshow(self._title, image)
        key = cv2.waitKey(1) & 0xFF
        self.closed = key in _END_KEYS or not self._is_visible()

    def _is_visible(self) -> bool:
        try:
            return bool(cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1)
        except cv2.error:  # Qt, once its last window is gone
            return False


def _fitting(width: int, height: int, limit: tuple[int, int] = (1280, 720)) -> tuple[int, int]:
    """Shrink a size, its aspect ratio kept, until it fits on a usual screen."""
    factor = min(1.0, limit[0] / width, limit[1] / height)
    return max(1, round(width * factor)), max(1, round(height * factor))


def _require_display() -> None:
    if not has_display():
        raise OutputError(
            "no window can be opened: there is no display here (DISPLAY="
            f"{os.environ.get('DISPLAY', '')!r}), or OpenCV was built without windows; "
            "run without --show, or record with --record FILE.mp4"
        )


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
