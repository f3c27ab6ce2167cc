"""Messages as lines, for programs and for log files."""

import sys
import time
from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext

from streamrec.types import EventPhase
from streamrec.watch.pulse import Pulse
from streamrec.watch.words import end_of, printable, state_of
from streamrec.wire import (
    EventMessage,
    HeartbeatMessage,
    Message,
    PredictionMessage,
    StatusMessage,
    encode,
    topic_of,
)


class LineView:
    """One JSON object per line, UTF-8, written out at once.

    Args:
        kinds: of messages that are shown.
    """

    def __init__(self, kinds: Collection[str]) -> None:
        self._kinds = kinds

    def live(self) -> AbstractContextManager[object]:
        """Return a context in which the view is shown."""
        return nullcontext()

    def show(self, message: Message | None) -> bool:
        """Take what came, if anything did; return whether it is shown.

        Raises:
            OSError: standard output is closed or full.
        """
        if message is None or topic_of(message).kind not in self._kinds:
            return False
        sys.stdout.buffer.write(encode(message) + b"\n")
        sys.stdout.buffer.flush()
        return True


class ChangeView:
    """One line for people whenever something changes, as a log file can hold it.

    That is: another class leads, an event begins or ends, or goes on that was not known, a camera's
    state changes, or the publisher falls silent or comes back.

    Args:
        heartbeats: whether each of those is a line, too.
    """

    def __init__(self, heartbeats: bool = False) -> None:
        self._heartbeats = heartbeats
        self._pulse, self._silent = Pulse(), False
        self._leading: dict[str, str] = {}
        self._states: dict[str, str] = {}
        self._open: set[str] = set()  # events, by id

    def live(self) -> AbstractContextManager[object]:
        """Return a context in which the view is shown."""
        return nullcontext()

    def show(self, message: Message | None) -> bool:
        """Take what came, if anything did; return whether it is a line.

        Raises:
            OSError: standard output is closed or full.
        """
        now_s = time.monotonic()
        line = None
        if message is not None:
            self._pulse.take(message, now_s)
            line = self._line(message)
            if line is not None:
                _write(f"{message.source}  {line}")
        self._tell_silence(now_s)
        return line is not None

    def _tell_silence(self, now_s: float) -> None:
        silence = self._pulse.silence(now_s)
        if bool(silence) != self._silent:
            self._silent = bool(silence)
            _write(silence or "publisher is back")

    def _line(self, message: Message) -> str | None:
        match message:
            case StatusMessage():
                return self._changed(message)
            case EventMessage():
                return self._told(message)
            case PredictionMessage():
                return self._led(message) if message.top else None
            case HeartbeatMessage():
                cameras = f"{message.live} of {message.cameras} cameras live"
                return cameras if self._heartbeats else None

    def _led(self, message: PredictionMessage) -> str | None:
        best = message.top[0]
        if self._leading.get(message.source) == best.label:
            return None
        self._leading[message.source] = best.label
        return f"{printable(best.label)}  {best.score:.0%}"

    def _changed(self, message: StatusMessage) -> str | None:
        state = state_of(message)
        if self._states.get(message.source) == state:
            return None
        self._states[message.source] = state
        self._leading.pop(message.source, None)  # what it sees afterwards is news
        return f"{state}  {printable(message.reason)}".rstrip()

    def _told(self, event: EventMessage) -> str | None:
        label, is_known = printable(event.label), event.id in self._open
        self._open.add(event.id)
        match event.phase:
            case EventPhase.START:
                return f"{label} begins  {event.score:.0%}"
            case EventPhase.END:
                self._open.discard(event.id)
                return f"{label} ends  {end_of(event)}"
            case EventPhase.UPDATE:
                return None if is_known else f"{label} goes on, {event.duration_s:.0f} s"


def _write(line: str) -> None:
    sys.stdout.buffer.write(f"{line}\n".encode())
    sys.stdout.buffer.flush()
