"""A window that shows the frames with what is recognised in them."""

from streamrec.sinks.overlay import Overlay
from streamrec.types import Frame, Prediction
from streamrec.window import END_KEY, Window

_END_KEYS = (END_KEY, "Q", "\x1b")  # the last: Esc


class WindowViewer:
    """Shows every frame with the latest prediction. ``q``, Esc or the close button ends it.

    Attributes:
        closed: True once the user has ended it.

    Raises:
        OutputError: no window can be opened here.
    """

    def __init__(self, title: str = "streamrec", *, top: int = 3) -> None:
        instead = "run without --show, or record with --record FILE.mp4"
        self._window = Window(title, instead=instead)
        self._overlay = Overlay(top=top)
        self.closed = False

    def show(self, frame: Frame, prediction: Prediction | None) -> None:
        """Show one frame and look for a key.

        Raises:
            OutputError: the window system failed.
        """
        if self.closed:
            return
        self._window.show(self._overlay(frame, prediction))
        self.closed = self._window.key() in _END_KEYS

    def close(self) -> None:
        """Close the window."""
        self.closed = True
        self._window.close()
