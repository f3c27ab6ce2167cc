"""What is said to somebody who sees nothing."""

import sys
import time
from collections.abc import Collection

from streamrec.client import Message, Subscriber

PATIENCE_S = 3.0
"""Seconds without anything to show, after which somebody who waits is told why that may be."""


class Silence:
    """Says once, on standard error, what is waited for.

    Args:
        endpoint: of the publisher.
        subscriber: what has been heard of it.
        source: the only one that is shown; None: all are.
        kinds: of messages that are shown.
    """

    def __init__(
        self,
        endpoint: str,
        subscriber: Subscriber[Message],
        source: str | None,
        kinds: Collection[str],
    ) -> None:
        self._endpoint, self._subscriber = endpoint, subscriber
        self._source, self._kinds = source, kinds
        self._began_s, self._told = time.monotonic(), False

    def look(self, now_s: float) -> None:
        """Take that nothing has been shown until ``now_s``, on the clock of ``time.monotonic``."""
        if not self._told and now_s - self._began_s >= PATIENCE_S:
            self._told = True
            sys.stderr.write(f"waiting: {self.why()}\n")

    def why(self) -> str:
        """Return what could be wrong; connects to the publisher where it is not heard."""
        if not self._subscriber.alive:
            return self._subscriber.why_silent()
        kinds = " or ".join(self._kinds)
        if self._source is None:
            return f"{self._endpoint} is heard, and has sent no {kinds} to show"
        return (
            f"{self._endpoint} is heard, and has sent no {kinds} of {self._source!r} to show; "
            "does it publish that source?"
        )
