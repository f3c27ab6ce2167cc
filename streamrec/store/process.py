"""The process that keeps events: in the database, or in the spool until that takes them.

It hangs and dies without any harm to the service, which sends again what was not acknowledged.
"""

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from streamrec.child import Line, LineClosedError
from streamrec.errors import StoreError
from streamrec.store.messages import Keep, Kept, Open, Record, StoreHealth, ToStore
from streamrec.store.owner import Claim
from streamrec.store.place import cannot_write
from streamrec.store.spool import Spool
from streamrec.store.sweeper import start_sweeping
from streamrec.store.writer import Writer
from streamrec.types import now_s
from streamrec.wire import EventMessage

HEALTH_S = 1.0
DATABASE_S = 0.5
"""For so long a record waits for the database before it goes into the spool."""

DELIVERY_S = 4.0
"""At the end, for so long the database may take what is in the spool."""

_TURN_S = 0.2
_POLL_S = 0.02
_LAST_WORDS_S = 1.0
_MOST_MESSAGES = 1000

T = TypeVar("T")


def serve(connected: socket.socket) -> None:
    """Keep what comes over the line, to its end."""
    line: Line[ToStore] = Line(connected, ToStore)
    place = line.receive()
    if isinstance(place, Open):
        claim = _until_done(lambda: _claimed(Path(place.spool)), line)
        spool = _until_done(lambda: _spool(Path(place.spool)), line)
        start_sweeping(place)
        _Process(line, place, spool).run()
        claim.release()
    raise LineClosedError("everything has been kept")  # without a wait for a thread that hangs


class _Process:
    """Hands records to the database, or else to the spool, and says how it stands."""

    def __init__(self, line: Line[ToStore], place: Open, spool: Spool) -> None:
        self._line, self._spool = line, spool
        self._writer = Writer(place.url, spool, place.keep_days, self._say)
        self._waiting: list[Record] = []
        self._lost, self._failure = 0, ""
        self._told_s, self._told = 0.0, ("", False)

    def run(self) -> None:
        """Go round until the owner has hung up, and keep everything; a dead writer ends it, too."""
        self._tell()
        while self._hear() and self._writer.is_alive:
            self._keep()
            self._tell()
        self._keep()
        self._await_delivery()
        self._writer.end(_LAST_WORDS_S)

    def _await_delivery(self) -> None:
        """Let the database take what is in the spool, unless it is away."""
        end_s = time.monotonic() + DELIVERY_S
        while self._spool.count and not self._writer.error and time.monotonic() < end_s:
            time.sleep(_POLL_S)

    def _hear(self) -> bool:
        """Take what has come; False: there is no more."""
        try:
            message = self._line.receive(_TURN_S)
            for _ in range(_MOST_MESSAGES):
                if not isinstance(message, Keep):
                    break
                self._waiting += message.records
                message = self._line.receive(0.0)
        except LineClosedError:
            return False
        return True

    def _keep(self) -> None:
        if not self._waiting:
            return
        last = self._waiting[-1].number
        if self._writer.write(self._waiting, DATABASE_S) or self._put_aside():
            self._waiting = []
            self._say(Kept(last))

    def _put_aside(self) -> bool:
        """Put what waits into the spool; where that is full, changes of cameras are lost first."""
        if self._append():
            return True
        events = [r for r in self._waiting if isinstance(r.message, EventMessage)]
        self._lost += len(self._waiting) - len(events)
        self._waiting = events
        return not events or self._append()

    def _append(self) -> bool:
        try:
            self._spool.append(self._waiting)
        except OSError as error:
            self._failure = f"; nor does the spool: {error.strerror or error}"
            return False
        self._failure = ""
        return True

    def _tell(self) -> None:
        """Say how it stands, every second and when that changes."""
        error = self._writer.error and self._writer.error + self._failure
        told = error, self._spool.count > 0
        if told != self._told or time.monotonic() - self._told_s >= HEALTH_S:
            self._told, self._told_s = told, time.monotonic()
            self._say(
                StoreHealth(
                    lag_s=self._lag_s(),
                    spooled=self._spool.count,
                    lost=self._lost + self._spool.unread + self._writer.refused,
                    written=self._writer.written,
                    error=error,
                    remark=self._spool.remark,
                )
            )

    def _lag_s(self) -> float:
        oldest = (*self._spool.oldest(1).records, *self._waiting[:1])
        return max(0.0, now_s() - oldest[0].number / 1e6) if oldest else 0.0

    def _say(self, message: Struct) -> None:
        with suppress(LineClosedError):  # it is heard when the line is read to its end
            self._line.send(message)


def _claimed(spool: Path) -> Claim:
    claim = Claim(spool, os.getppid())
    claim.take(HEALTH_S)
    return claim


def _spool(path: Path) -> Spool:
    try:
        return Spool(path)
    except OSError as error:
        raise cannot_write(path.parent, error) from None


def _until_done(attempt: Callable[[], T], line: Line[ToStore]) -> T:
    """Try again and again, and say why; the owner keeps its records meanwhile."""
    while True:
        try:
            return attempt()
        except StoreError as error:
            line.send(StoreHealth(0.0, 0, 0, 0, str(error)))
            time.sleep(_TURN_S)
