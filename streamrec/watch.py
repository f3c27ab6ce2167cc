"""What ``streamrec watch`` shows: a live table of all sources, or one JSON line per message."""

import errno
import os
import statistics
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from streamrec.client import Message, PredictionMessage, Subscriber
from streamrec.errors import OptionError, OutputError, SinkError
from streamrec.sinks.wire import encode
from streamrec.types import DEFAULT_ENDPOINT

REFRESH_S = 0.1
SILENT_AFTER_S = 2.0
FORGET_AFTER_S = 60.0
RECENT_MESSAGES = 60
BAR_WIDTH = 16
MAX_LABEL_WIDTH = 32
FACTS_WIDTH = 18


def watch(
    endpoint: str = DEFAULT_ENDPOINT,
    source: str | None = None,
    json: bool = False,
    count: int | None = None,
    timeout_s: float | None = None,
) -> int:
    """Show what a publisher says until ``count`` messages came, silence, or Ctrl-C.

    Args:
        endpoint: where the publisher is bound; it may start later.
        source: show this source only.
        json: print one JSON object per line instead of the table.
        count: stop after so many messages.
        timeout_s: stop after so many seconds without a message.

    Returns:
        The exit code 0, also when the reader of standard output has gone.

    Raises:
        EndpointError: the endpoint is malformed.
        OptionError: a count below 1, or a time-out that is not positive.
        SinkError: silence before ``count`` messages came, or before any came.
        OutputError: standard output cannot be written.
    """
    if count is not None and count < 1:
        raise OptionError(f"a count is 1 or more, got {count}")
    if timeout_s is not None and not timeout_s > 0:
        raise OptionError(f"a time-out is more than 0 seconds, got {timeout_s:g}")
    with Subscriber(endpoint, source) as subscriber:
        view = _view(endpoint, subscriber, json)
        try:
            received = _show(view, _ticks(subscriber, timeout_s), count)
        except KeyboardInterrupt:
            return 0
        except OSError as error:
            _end_output(error)
            return 0
    if received < (count or 1):
        raise SinkError(
            f"{received} messages from {endpoint}, then none for {timeout_s} s; is a publisher "
            "running there, and does it publish that source?"
        )
    return 0


class LineView:
    """One JSON object per line, UTF-8, written out at once."""

    def live(self) -> AbstractContextManager[object]:
        """Return a context in which the view is shown."""
        return nullcontext()

    def show(self, message: Message | None) -> None:
        """Take what came, if anything did.

        Raises:
            OSError: standard output is closed or full.
        """
        if message is not None:
            sys.stdout.buffer.write(encode(message) + b"\n")
            sys.stdout.buffer.flush()


class ChangeView:
    """One line for people whenever another class leads: what a log file can hold."""

    def __init__(self) -> None:
        self._leading: dict[str, str] = {}

    def live(self) -> AbstractContextManager[object]:
        """Return a context in which the view is shown."""
        return nullcontext()

    def show(self, message: Message | None) -> None:
        """Take what came, if anything did.

        Raises:
            OSError: standard output is closed or full.
        """
        if message is None or not message.top:
            return
        best = message.top[0]
        if self._leading.get(message.source) != best.label:
            self._leading[message.source] = best.label
            line = f"{message.source}  {_printable(best.label)}  {best.score:.0%}\n"
            sys.stdout.buffer.write(line.encode())
            sys.stdout.buffer.flush()


class TableView:
    """A table with one row per source, painted in place.

    A source that is silent for ``FORGET_AFTER_S`` seconds loses its row.
    """

    def __init__(self, endpoint: str, subscriber: Subscriber) -> None:
        self._endpoint = endpoint
        self._subscriber = subscriber
        self._rows: dict[str, Row] = {}
        self._live = Live(auto_refresh=False)
        self._painted_s = 0.0

    @contextmanager
    def live(self) -> Iterator[None]:
        """Return a context in which the view is shown; it stays, up to date, at the end."""
        with self._live:
            yield
            self._paint(time.monotonic())

    def show(self, message: Message | None) -> None:
        """Take what came, if anything did, and repaint when it is time."""
        now_s = time.monotonic()
        if message is not None:
            self._rows.setdefault(message.source, Row()).take(message, now_s)
        if now_s - self._painted_s >= REFRESH_S:
            self._paint(now_s)

    def _paint(self, now_s: float) -> None:
        self._live.update(self.render(now_s), refresh=True)
        self._painted_s = now_s

    def render(self, now_s: float) -> RenderableType:
        """Return the view as of ``now_s``, on the clock of ``time.monotonic``."""
        self._rows = {
            source: row
            for source, row in self._rows.items()
            if row.silent_s(now_s) < FORGET_AFTER_S
        }
        if not self._rows:
            return Text(f"waiting for messages from {self._endpoint}, Ctrl-C ends")
        table = Table(show_header=False)
        table.add_column(min_width=FACTS_WIDTH, max_width=FACTS_WIDTH, overflow="fold")
        for source in sorted(self._rows):
            row = self._rows[source]
            table.add_row(row.facts(source, now_s), row.bars(), end_section=True)
        lost, invalid = self._subscriber.lost, self._subscriber.invalid
        return Group(table, Text(f"{self._endpoint}  lost {lost}  unreadable {invalid}"))


class Row:
    """The recent messages of one source."""

    def __init__(self) -> None:
        self._recent: deque[PredictionMessage] = deque(maxlen=RECENT_MESSAGES)
        self._seen_s = 0.0
        self._label_width = 0

    def take(self, message: PredictionMessage, now_s: float) -> None:
        """Remember a message that came at ``now_s``; a new session starts anew."""
        if self._recent and self._recent[-1].session != message.session:
            self._recent.clear()
        self._recent.append(message)
        self._seen_s = now_s
        widest = max((cell_len(top.label) for top in message.top), default=0)
        self._label_width = max(self._label_width, min(widest, MAX_LABEL_WIDTH))

    def silent_s(self, now_s: float) -> float:
        """Seconds since the last message."""
        return now_s - self._seen_s

    def facts(self, source: str, now_s: float) -> Text:
        """Return what there is to say beside the scores."""
        last = self._recent[-1]
        latency_ms = statistics.median(message.latency.total_ms for message in self._recent)
        return Text("\n").join(
            [
                Text(source, style="bold"),
                _condition(last, self.silent_s(now_s)),
                Text(f"{self.rate_hz():.1f}/s  {latency_ms:.0f} ms"),
                Text(f"lanes {last.lanes}/{last.lanes_wanted}"),
                Text(f"dropped {last.dropped}"),
            ]
        )

    def bars(self) -> Table:
        """Return one line per class; its width never shrinks, so that the table stands still."""
        grid = Table.grid(padding=(0, 1))
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True)
        grid.add_column(min_width=self._label_width)
        for rank, top in enumerate(self._recent[-1].top):
            bar = ProgressBar(total=1.0, completed=top.score, width=BAR_WIDTH)
            label = Text(_printable(top.label), "bold" if rank == 0 else "", no_wrap=True)
            label.overflow = "ellipsis"
            grid.add_row(bar, f"{top.score:4.0%}", label)
        return grid

    def rate_hz(self) -> float:
        """Predictions per second of capture time, 0.0 where it is not known yet."""
        span_s = self._recent[-1].captured_s - self._recent[0].captured_s
        return (len(self._recent) - 1) / span_s if span_s > 0 else 0.0


def _printable(label: str) -> str:
    """Replace control characters, which could steer the terminal."""
    return "".join(c if c.isprintable() else "?" for c in label)


def _condition(message: PredictionMessage, silent_s: float) -> Text:
    if silent_s > SILENT_AFTER_S:
        return Text(f"silent {silent_s:.0f} s", style="red")
    if message.warm_up:
        return Text("warm-up", style="yellow")
    return Text("live", style="green")


def _ticks(subscriber: Subscriber, timeout_s: float | None) -> Iterator[Message | None]:
    """Yield messages, and None now and then while there are none, until silence."""
    heard_s = time.monotonic()
    while timeout_s is None or time.monotonic() - heard_s < timeout_s:
        message = subscriber.receive(REFRESH_S)
        yield message
        if message is not None:
            heard_s = time.monotonic()  # showing it may have taken long: a pipe that is full


def _view(endpoint: str, subscriber: Subscriber, json: bool) -> LineView | ChangeView | TableView:
    """Choose what fits the output: JSON, a table on a terminal, or lines for a file or pipe."""
    if json:
        return LineView()
    return TableView(endpoint, subscriber) if sys.stdout.isatty() else ChangeView()


def _show(
    view: LineView | ChangeView | TableView, ticks: Iterator[Message | None], count: int | None
) -> int:
    """Return how many messages were shown: ``count``, or fewer where the ticks ended."""
    received = 0
    with view.live():
        for message in ticks:
            received += message is not None
            view.show(message)
            if received == count:
                break
    return received


def _end_output(error: OSError) -> None:
    """Write no more; accept that the reader of a pipe has gone (EINVAL on Windows)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno not in (errno.EPIPE, errno.EINVAL):
        raise OutputError(f"cannot write to standard output: {error.strerror}") from None
