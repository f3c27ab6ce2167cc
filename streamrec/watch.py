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

from streamrec.client import Message, PredictionMessage, StatusMessage, Subscriber
from streamrec.errors import OptionError, OutputError, SinkError
from streamrec.types import DEFAULT_ENDPOINT, CameraState
from streamrec.types import now_s as unix_s
from streamrec.wire import KINDS, encode

REFRESH_S = 0.1
SILENT_AFTER_S = 2.0
FORGET_AFTER_S = 60.0
RECENT_MESSAGES = 60
BAR_WIDTH = 16
MAX_LABEL_WIDTH = 32
FACTS_WIDTH = 18

ENOUGH_SHARE = 0.9
"""Of the predictions that are wanted, below which the table says how many there are."""

_STYLES = {
    CameraState.CONNECTING: "yellow",
    CameraState.STALLED: "yellow",
    CameraState.LOST: "red",
    CameraState.BACKING_OFF: "red",
    CameraState.DISABLED: "dim",
}


def watch(
    endpoint: str = DEFAULT_ENDPOINT,
    source: str | None = None,
    json: bool = False,
    count: int | None = None,
    timeout_s: float | None = None,
    kind: str | None = None,
) -> int:
    """Show what a publisher says until ``count`` messages came, silence, or Ctrl-C.

    Args:
        endpoint: where the publisher is bound; it may start later.
        source: show this source only.
        json: print one JSON object per line instead of the table.
        count: stop after so many messages.
        timeout_s: stop after so many seconds without a message.
        kind: show messages of this kind: ``prediction``, ``status`` or ``all``; None: all, and
            predictions only where ``json`` is set.

    Returns:
        The exit code 0, also when the reader of standard output has gone.

    Raises:
        EndpointError: the endpoint is malformed.
        OptionError: a count below 1, a time-out that is not positive, or a kind that is unknown.
        SinkError: silence before ``count`` messages came, or before any came.
        OutputError: standard output cannot be written.
    """
    if count is not None and count < 1:
        raise OptionError(f"a count is 1 or more, got {count}")
    if timeout_s is not None and not timeout_s > 0:
        raise OptionError(f"a time-out is more than 0 seconds, got {timeout_s:g}")
    with Subscriber(endpoint, source, kinds=_kinds(kind, json)) as subscriber:
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
    """One line for people whenever another class leads or a camera's state changes.

    That is what a log file can hold.
    """

    def __init__(self) -> None:
        self._leading: dict[str, str] = {}
        self._states: dict[str, str] = {}

    def live(self) -> AbstractContextManager[object]:
        """Return a context in which the view is shown."""
        return nullcontext()

    def show(self, message: Message | None) -> None:
        """Take what came, if anything did.

        Raises:
            OSError: standard output is closed or full.
        """
        line = None
        if isinstance(message, StatusMessage):
            line = self._changed(message)
        elif message is not None and message.top:
            line = self._led(message)
        if message is not None and line is not None:
            sys.stdout.buffer.write(f"{message.source}  {line}\n".encode())
            sys.stdout.buffer.flush()

    def _led(self, message: PredictionMessage) -> str | None:
        best = message.top[0]
        if self._leading.get(message.source) == best.label:
            return None
        self._leading[message.source] = best.label
        return f"{_printable(best.label)}  {best.score:.0%}"

    def _changed(self, message: StatusMessage) -> str | None:
        state = _state(message)
        if self._states.get(message.source) == state:
            return None
        self._states[message.source] = state
        self._leading.pop(message.source, None)  # what it sees afterwards is news
        return f"{state}  {_printable(message.reason)}".rstrip()


class TableView:
    """A table with one row per source, painted in place.

    A source of which nothing is known but predictions loses its row when it has been silent for
    ``FORGET_AFTER_S`` seconds.
    """

    def __init__(self, endpoint: str, subscriber: Subscriber[Message]) -> None:
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
            if row.has_status or row.silent_s(now_s) < FORGET_AFTER_S
        }
        if not self._rows:
            return Text(f"waiting for messages from {self._endpoint}, Ctrl-C ends")
        table = Table(show_header=False)
        table.add_column(min_width=FACTS_WIDTH, max_width=FACTS_WIDTH, overflow="fold")
        for source in sorted(self._rows):
            row = self._rows[source]
            table.add_row(row.facts(source, now_s), row.answers(), end_section=True)
        lost, invalid = self._subscriber.lost, self._subscriber.invalid
        return Group(table, Text(f"{self._endpoint}  lost {lost}  unreadable {invalid}"))


class Row:
    """The recent messages of one source."""

    def __init__(self) -> None:
        self._session = ""
        self._recent: deque[PredictionMessage] = deque(maxlen=RECENT_MESSAGES)
        self._status: StatusMessage | None = None
        self._seen_s = self._retry_s = 0.0
        self._label_width = 0

    @property
    def has_status(self) -> bool:
        """Whether its publisher says how it stands."""
        return self._status is not None

    def take(self, message: Message, now_s: float) -> None:
        """Remember a message that came at ``now_s``; a new session starts anew."""
        if self._session != message.session:
            self._session, self._status = message.session, None
            self._recent.clear()
        if isinstance(message, StatusMessage):
            self._take_status(message, now_s)
        else:
            self._take_prediction(message, now_s)

    def _take_prediction(self, message: PredictionMessage, now_s: float) -> None:
        self._recent.append(message)
        self._seen_s = now_s
        widest = max((cell_len(top.label) for top in message.top), default=0)
        self._label_width = max(self._label_width, min(widest, MAX_LABEL_WIDTH))

    def _take_status(self, message: StatusMessage, now_s: float) -> None:
        if self._status is None or self._status.state != message.state:
            self._seen_s = now_s
        if message.state != CameraState.LIVE:
            self._recent.clear()
        self._status = message
        self._retry_s = now_s + (message.retry_s or 0.0) - unix_s()

    def silent_s(self, now_s: float) -> float:
        """Seconds since the last prediction, or since its state changed."""
        return now_s - self._seen_s

    def facts(self, source: str, now_s: float) -> Text:
        """Return what there is to say beside the scores."""
        lines = [Text(source, style="bold"), self._condition(now_s)]
        if self._is_live:
            lines += self._pace()
        return Text("\n").join(lines)

    def answers(self) -> RenderableType:
        """Return why the camera is in its state, and the scores if it is live."""
        parts: list[RenderableType] = []
        if self._status is not None and self._status.reason:
            parts.append(Text(_printable(self._status.reason)))
        if self._is_live and self._recent:
            parts.append(self.bars())
        return Group(*parts)

    @property
    def _is_live(self) -> bool:
        return self._status is None or self._status.state == CameraState.LIVE

    def _condition(self, now_s: float) -> Text:
        status = self._status
        if status is not None and status.state != CameraState.LIVE:
            wait = "" if status.retry_s is None else f" {max(self._retry_s - now_s, 0.0):.0f} s"
            return Text(f"{status.state}{wait}", _STYLES[status.state])
        if status is not None and status.defect is not None:
            return Text(f"{status.defect} picture", "yellow")
        if self.silent_s(now_s) > SILENT_AFTER_S:
            return Text(f"silent {self.silent_s(now_s):.0f} s", "red")
        if not self._recent or self._recent[-1].warm_up:
            return Text("warm-up", "yellow")
        return Text("live", "green")

    def _pace(self) -> Iterator[Text]:
        """Yield what tells whether machine and network keep up."""
        if self._recent:
            last = self._recent[-1]
            latency_ms = statistics.median(message.latency.total_ms for message in self._recent)
            yield Text(f"{self.rate_hz():.1f}/s  {latency_ms:.0f} ms")
            yield Text(f"lanes {last.lanes}/{last.lanes_wanted}")
            yield Text(f"dropped {last.dropped}")
        if (status := self._status) is None:
            return
        got, wanted = status.predictions_hz, status.wanted_hz
        if got is not None and wanted is not None and got < ENOUGH_SHARE * wanted:
            yield Text(f"{got:.1f} of {wanted:.1f}/s", "yellow")
        fps = "" if status.fps is None else f"{status.fps:.0f} fps  "
        yield Text(f"{fps}lag {status.lag_ms:.0f} ms")

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


def _state(message: StatusMessage) -> str:
    """Return the state in words, with what is wrong with the pictures."""
    return f"{message.state}, {message.defect} picture" if message.defect else str(message.state)


def _kinds(kind: str | None, json: bool) -> tuple[str, ...]:
    kind = kind or ("prediction" if json else "all")
    return KINDS if kind == "all" else (kind,)


def _ticks(subscriber: Subscriber[Message], timeout_s: float | None) -> Iterator[Message | None]:
    """Yield messages, and None now and then while there are none, until silence."""
    heard_s = time.monotonic()
    while timeout_s is None or time.monotonic() - heard_s < timeout_s:
        message = subscriber.receive(REFRESH_S)
        yield message
        if message is not None:
            heard_s = time.monotonic()  # showing it may have taken long: a pipe that is full


def _view(
    endpoint: str, subscriber: Subscriber[Message], json: bool
) -> LineView | ChangeView | TableView:
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
