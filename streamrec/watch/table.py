"""The live table of all sources."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from streamrec.client import Message, Subscriber
from streamrec.watch.pulse import Pulse
from streamrec.watch.row import Row
from streamrec.wire import HeartbeatMessage

REFRESH_S = 0.1
FORGET_AFTER_S = 60.0
FACTS_WIDTH = 18


class TableView:
    """A table with one row per source, painted in place.

    A source of which nothing is known but predictions and past events loses its row when it has
    been silent for ``FORGET_AFTER_S`` seconds.
    """

    def __init__(self, endpoint: str, subscriber: Subscriber[Message]) -> None:
        self._endpoint = endpoint
        self._subscriber = subscriber
        self._rows: dict[str, Row] = {}
        self._pulse = Pulse()
        self._live = Live(auto_refresh=False)
        self._painted_s = 0.0

    @contextmanager
    def live(self) -> Iterator[None]:
        """Return a context in which the view is shown; it stays, up to date, at the end."""
        with self._live:
            yield
            self._paint(time.monotonic())

    def show(self, message: Message | None) -> bool:
        """Take what came, if anything did, and repaint when it is time.

        Returns:
            Whether it is part of the table, as all but heartbeats are.
        """
        now_s = time.monotonic()
        is_shown = message is not None and self._take(message, now_s)
        if now_s - self._painted_s >= REFRESH_S:
            self._paint(now_s)
        return is_shown

    def _take(self, message: Message, now_s: float) -> bool:
        self._pulse.take(message, now_s)
        if isinstance(message, HeartbeatMessage):
            return False
        self._rows.setdefault(message.source, Row()).take(message, now_s)
        return True

    def _paint(self, now_s: float) -> None:
        self._live.update(self.render(now_s), refresh=True)
        self._painted_s = now_s

    def render(self, now_s: float) -> RenderableType:
        """Return the view as of ``now_s``, on the clock of ``time.monotonic``."""
        self._rows = {
            source: row
            for source, row in self._rows.items()
            if row.stays or row.silent_s(now_s) < FORGET_AFTER_S
        }
        if not self._rows:
            waiting = Text(f"waiting for messages from {self._endpoint}, Ctrl-C ends")
            return Group(waiting, *self._silence(now_s))
        table = Table(show_header=False)
        table.add_column(min_width=FACTS_WIDTH, max_width=FACTS_WIDTH, overflow="fold")
        for source in sorted(self._rows):
            row = self._rows[source]
            table.add_row(row.facts(source, now_s), row.answers(now_s), end_section=True)
        lost, invalid = self._subscriber.lost, self._subscriber.invalid
        facts = Text(f"{self._endpoint}  lost {lost}  unreadable {invalid}")
        return Group(table, facts, *self._silence(now_s))

    def _silence(self, now_s: float) -> list[Text]:
        silence = self._pulse.silence(now_s)
        return [Text(silence, "bold red")] if silence else []
