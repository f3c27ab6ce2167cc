"""The frames that were waiting already when a source opened: they are not of now."""

BACKLOG_S = 3.0
"""What comes quickly for longer than this after opening is just quick, seconds."""

QUICK_SHARE = 0.25
"""A frame that was waited for takes longer than this share of the time between two frames."""


class Backlog:
    """Tells the frames that came while a source opened, by how quickly they are had.

    The first that had to be waited for ends the backlog.

    Args:
        fps: the source's rate.
    """

    def __init__(self, fps: float) -> None:
        self._quick_s = QUICK_SHARE / fps
        self._began_s: float | None = None
        self._over = False

    def holds(self, asked_s: float, came_s: float) -> bool:
        """Tell whether the frame that was asked for and came at these times is one of them."""
        self._began_s = asked_s if self._began_s is None else self._began_s
        waited = came_s - asked_s >= self._quick_s
        self._over = self._over or waited or came_s - self._began_s > BACKLOG_S
        return not self._over
