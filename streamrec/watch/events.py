"""The events of one source, as the table shows them."""

from collections.abc import Iterator

from rich.text import Text

from streamrec.types import EventPhase
from streamrec.watch.words import end_of, printable
from streamrec.wire import EventMessage

SHOWN_EVENTS = 5
MAX_LABEL_WIDTH = 32


class RowEvents:
    """Those that are open, and the one that ended last; each with when it came."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[EventMessage, float]] = {}
        self._ended: tuple[EventMessage, float] | None = None

    @property
    def any_open(self) -> bool:
        """Whether one is open."""
        return bool(self._open)

    def take(self, event: EventMessage, now_s: float) -> None:
        """Remember an event that came at ``now_s``."""
        if event.phase == EventPhase.END:
            self._open.pop(event.id, None)
            self._ended = event, now_s
        else:
            self._open[event.id] = event, now_s

    def forget_open(self) -> None:
        """Forget those that are open: their ends do not come any more."""
        self._open.clear()

    def lines(self, now_s: float) -> Iterator[Text]:
        """Yield one line for each that is open, and one for the last that ended."""
        for event, came_s in list(self._open.values())[:SHOWN_EVENTS]:
            lasted_s = event.duration_s + now_s - came_s
            yield _one_line(f"{_short(event.label)}  for {lasted_s:.0f} s", "bold")
        if len(self._open) > SHOWN_EVENTS:
            yield Text(f"and {len(self._open) - SHOWN_EVENTS} events more", "bold")
        if self._ended is not None:
            event, came_s = self._ended
            ago_s = now_s - came_s
            text = f"{_short(event.label)}  ended {ago_s:.0f} s ago, {end_of(event)}"
            yield _one_line(text, "dim")


def _short(label: str) -> str:
    text = Text(printable(label))
    text.truncate(MAX_LABEL_WIDTH, overflow="ellipsis")
    return text.plain


def _one_line(text: str, style: str) -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")
