"""The recent messages of one source, as the table shows them."""

import statistics
from collections import deque
from collections.abc import Iterator
from typing import TypeAlias

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from streamrec.types import NO_ACTION, CameraState
from streamrec.types import now_s as unix_s
from streamrec.watch.events import MAX_LABEL_WIDTH, RowEvents
from streamrec.watch.words import printable
from streamrec.wire import EventMessage, PredictionMessage, StatusMessage

RowMessage: TypeAlias = PredictionMessage | EventMessage | StatusMessage

SILENT_AFTER_S = 2.0
RECENT_MESSAGES = 60
BAR_WIDTH = 16

ENOUGH_SHARE = 0.9
"""Of the predictions that are wanted, below which the table says how many there are."""

_STYLES = {
    CameraState.CONNECTING: "yellow",
    CameraState.STALLED: "yellow",
    CameraState.LOST: "red",
    CameraState.BACKING_OFF: "red",
    CameraState.DISABLED: "dim",
}


class Row:
    """The recent messages of one source."""

    def __init__(self) -> None:
        self._session = ""
        self._recent: deque[PredictionMessage] = deque(maxlen=RECENT_MESSAGES)
        self._status: StatusMessage | None = None
        self._events = RowEvents()
        self._seen_s = self._retry_s = 0.0
        self._label_width = 0

    @property
    def stays(self) -> bool:
        """Whether there is something to say of it while no prediction comes."""
        return self._status is not None or self._events.any_open

    def take(self, message: RowMessage, now_s: float) -> None:
        """Remember a message that came at ``now_s``; a new session starts anew."""
        if self._session != message.session:
            self._session, self._status = message.session, None
            self._recent.clear()
            self._events.forget_open()
        match message:
            case StatusMessage():
                self._take_status(message, now_s)
            case EventMessage():
                self._take_event(message, now_s)
            case PredictionMessage():
                self._take_prediction(message, now_s)

    def _take_prediction(self, message: PredictionMessage, now_s: float) -> None:
        if message.action == NO_ACTION:  # it may be that an end was missed
            self._events.forget_open()
        self._recent.append(message)
        self._seen_s = now_s
        widest = max((cell_len(top.label) for top in message.top), default=0)
        self._label_width = max(self._label_width, min(widest, MAX_LABEL_WIDTH))

    def _take_event(self, message: EventMessage, now_s: float) -> None:
        self._events.take(message, now_s)
        if self._only_events:
            self._seen_s = now_s

    def _take_status(self, message: StatusMessage, now_s: float) -> None:
        if self._status is None or self._status.state != message.state:
            self._seen_s = now_s
        if message.state != CameraState.LIVE:
            self._recent.clear()
        self._status = message
        self._retry_s = now_s + (message.retry_s or 0.0) - unix_s()

    def silent_s(self, now_s: float) -> float:
        """Seconds since the last prediction, since its state changed, or since the last event."""
        return now_s - self._seen_s

    def facts(self, source: str, now_s: float) -> Text:
        """Return what there is to say beside the scores."""
        lines = [Text(source, style="bold"), self._condition(now_s)]
        if self._is_live:
            lines += self._pace()
        return Text("\n").join(lines)

    def answers(self, now_s: float) -> RenderableType:
        """Return why the camera is in its state, its events, and the scores if it is live."""
        parts: list[RenderableType] = []
        if self._status is not None and self._status.reason:
            parts.append(Text(printable(self._status.reason)))
        parts += self._events.lines(now_s)
        if self._is_live and self._recent:
            parts.append(self.bars())
        return Group(*parts)

    @property
    def _only_events(self) -> bool:
        """Whether neither predictions nor statuses have come: they may not be subscribed to."""
        return self._status is None and not self._recent

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
        if self._only_events:
            return Text("events only", "dim")
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
            label = Text(printable(top.label), "bold" if rank == 0 else "", no_wrap=True)
            label.overflow = "ellipsis"
            grid.add_row(bar, f"{top.score:4.0%}", label)
        return grid

    def rate_hz(self) -> float:
        """Predictions per second of capture time, 0.0 where it is not known yet."""
        span_s = self._recent[-1].captured_s - self._recent[0].captured_s
        return (len(self._recent) - 1) / span_s if span_s > 0 else 0.0
