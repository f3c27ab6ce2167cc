"""Whether the service is heard."""

import logging
from collections.abc import Callable

SILENCE_S = 5.0
"""A service that says nothing for so long is called offline."""

_log = logging.getLogger("streamrec")


class Presence:
    """Logs it once when the service is heard, and when it is not, or not any more.

    Args:
        now_s: monotonic seconds; likewise below.

    Attributes:
        is_heard: whether it has said something in the last ``SILENCE_S`` seconds.
    """

    def __init__(self, now_s: float) -> None:
        self.is_heard = False
        self._since_s, self._is_missed = now_s, False

    def hear(self, now_s: float) -> None:
        """Something has come."""
        self._since_s, self._is_missed = now_s, False
        if not self.is_heard:
            self.is_heard = True
            _log.info("the service is heard")

    def look(self, now_s: float, why: Callable[[], str]) -> None:
        """Take how late it is.

        Args:
            now_s: the time.
            why: asked for what could be wrong, if that is to be logged.
        """
        if now_s - self._since_s >= SILENCE_S and not self._is_missed:
            self.is_heard, self._is_missed = False, True
            _log.warning("the service is not heard: %s", why())
