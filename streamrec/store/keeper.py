"""The store as the service has it: it takes records at once, whatever its process does."""

import logging
import selectors
import time
from collections import deque
from importlib.util import find_spec

import msgspec
from msgspec.structs import replace

from streamrec.child import Child, LineClosedError, restart_wait_s
from streamrec.config import StoreOptions
from streamrec.errors import MessageError, RuntimeMissingError
from streamrec.store.messages import (
    FromStore,
    Interrupted,
    Keep,
    Kept,
    Open,
    Record,
    StoreHealth,
)
from streamrec.store.owner import require_unclaimed
from streamrec.store.place import StorePlace, make_own_folder
from streamrec.types import now_s
from streamrec.wire import StatusMessage, encode

PROCESS = "streamrec.store.process"
MOST_RECORDS = 10_000
"""So many wait here at most."""

SILENCE_S = 20.0
"""A process that says nothing for so long hangs; it says every second how it stands."""

CLAIM_S = 8.0
"""For so long the process of a service that was killed may deliver, and has the store."""

# What has been sent and not acknowledged: it fits the smallest buffer that a socket has, macOS's
# of 8 KiB, so that sending never waits for a process that hangs.
_WINDOW_BYTES = 6 << 10
_SETTLED_S = 60.0
_HANGING_S = 3.0
_LAST_WORDS_S = 0.1
_MOST_MESSAGES = 1000

_encode = msgspec.msgpack.Encoder().encode
_log = logging.getLogger("streamrec")


def require_driver(place: StorePlace) -> None:
    """Check that what reaches the database is installed.

    Raises:
        RuntimeMissingError: it is not.
    """
    if place.url.startswith("postgresql") and find_spec("psycopg") is None:
        raise RuntimeMissingError(
            'PostgreSQL is reached by psycopg: in the checkout, pip install ".[postgres]"'
        )


class Keeper:
    """Hands records to the process that keeps them, and starts that again when it ends.

    Args:
        place: where.
        options: for how long.
        module: what the process runs.

    Attributes:
        starts: how often the process was started.

    Raises:
        StoreError: another service has this store, or its folder is not there or cannot be
            written to; the user's data folder is made.
        RuntimeMissingError: the driver of the database is not installed.
    """

    def __init__(self, place: StorePlace, options: StoreOptions, *, module: str = PROCESS) -> None:
        require_driver(place)
        make_own_folder(place)
        require_unclaimed(place.spool, CLAIM_S)
        self._open = Open(
            url=place.url,
            spool=str(place.spool),
            keep_days=options.keep_days,
            media=str(place.media),
            media_days=options.media_days,
            media_gib=options.media_gib,
        )
        self.starts, self._module = 0, module
        self._queue: deque[Record] = deque()
        self._sent: deque[tuple[Record, int]] = deque()
        self._heard: list[FromStore] = []
        self._health, self._remark = StoreHealth(0.0, 0, 0, 0), ""
        self._lost = self._lost_before = self._deaths = 0
        self._has_told_interrupted = False
        self._child: Child[FromStore] | None = None
        self._listens = self._closed = False
        self._start_s = self._started_s = self._heard_s = 0.0
        self.turn()

    @property
    def pid(self) -> int | None:
        """The process's number; None: there is none."""
        return None if self._child is None else self._child.pid

    def fileno(self) -> int | None:
        """What pollers wait for; None: nothing."""
        return None if self._child is None or self._closed else self._child.line.fileno()

    def keep(self, record: Record) -> None:
        """Take a record; never waits. One that can be kept nowhere is lost, and counted."""
        try:
            encode(record.message)
        except MessageError as error:
            self._lost += 1
            _log.warning("%s: cannot be stored: %s", record.message.source, error)
            return
        self._queue.append(record)
        if len(self._queue) > MOST_RECORDS:
            self._lose_one()
        self._send()

    def hear(self) -> list[FromStore]:
        """Return what the process has said since; never waits."""
        for _ in range(_MOST_MESSAGES):
            message = self._receive()
            if message is None:
                break
            self._take(message)
        self._send()
        heard, self._heard = self._heard, []
        return heard

    def turn(self) -> None:
        """Start the process where it does not run, end it where it hangs."""
        now = time.monotonic()
        if self._child is not None and (failure := self._failure(now)):
            self._fail(failure, now)
        if self._child is None and now >= self._start_s:
            self._start(now)

    def close(self, patience_s: float) -> None:
        """Wait until everything has been kept, for so many seconds at most, and hang up.

        What the process has said in this time is there to be heard. Where it needs longer it is
        left to end by itself, once it has kept all that it was sent; where it hangs it is killed.
        """
        end_s = time.monotonic() + patience_s
        self._listens = True  # one that is just starting reads it later
        self._send()
        while (self._queue or self._sent) and (left_s := end_s - time.monotonic()) > 0:
            self._heard = self.hear()
            self.turn()
            self._await_news(min(left_s, 0.1))
        if self._child is not None:
            self._child.line.close()
            ended = self._child.await_end(max(0.2, end_s - time.monotonic())) is not None
            if not ended and time.monotonic() - self._heard_s > _HANGING_S:
                self._child.kill()
            self._child = None

    def _start(self, now: float) -> None:
        self.starts += 1
        try:
            self._child = Child(self._module, FromStore)
        except OSError as error:  # no memory, no process or no file descriptor is left
            self._fail(f"cannot be started: {error}", now)
            return
        self._started_s = self._heard_s = now
        self._listens = self._closed = False
        self._queue.extendleft(record for record, _ in reversed(self._sent))
        self._sent.clear()
        self._tell(self._open)

    def _failure(self, now: float) -> str:
        """Return how the process failed; nothing where it did not."""
        assert self._child is not None
        if self._closed:
            self._child.await_end(_LAST_WORDS_S)
        if (status := self._child.ended()) is not None:
            return f"ended with status {status}"
        if self._closed:
            return "hung up"
        return f"said nothing for {SILENCE_S:g} s" if now - self._heard_s > SILENCE_S else ""

    def _fail(self, failure: str, now: float) -> None:
        """Start another process, after a wait if it fails again and again."""
        if self._child is not None:
            self._child.kill()
            self._child = None
        self._deaths = 1 if now - self._started_s > _SETTLED_S else self._deaths + 1
        self._start_s = now + restart_wait_s(self._deaths)
        self._lost_before += self._health.lost
        self._say(replace(self._health, lost=0, error=f"the process that stores events {failure}"))

    def _tell(self, message: Open | Keep) -> None:
        if self._child is None or self._closed:
            return
        try:
            self._child.line.send(message)
        except LineClosedError:
            self._closed = True

    def _send(self) -> None:
        """Send what fits the window, to a process that listens."""
        records, used = [], sum(size for _, size in self._sent)
        while self._listens and self._queue:
            size = len(_encode(self._queue[0]))
            if used and used + size > _WINDOW_BYTES:
                break
            used += size
            records.append(self._queue.popleft())
            self._sent.append((records[-1], size))
        if records:
            self._tell(Keep(tuple(records)))

    def _receive(self) -> FromStore | None:
        if self._child is None or self._closed:
            return None
        try:
            message = self._child.line.receive(0.0)
        except LineClosedError:
            self._closed = True
            return None
        if message is not None:
            self._listens, self._heard_s = True, time.monotonic()
        return message

    def _take(self, message: FromStore) -> None:
        match message:
            case Kept(number):
                while self._sent and self._sent[0][0].number <= number:
                    self._sent.popleft()
                self._heard.append(message)
            case Interrupted() if not self._has_told_interrupted:  # once, whoever found them
                self._has_told_interrupted = True
                self._heard.append(message)
            case StoreHealth():
                self._say(message)

    def _say(self, health: StoreHealth) -> None:
        """Pass on how it stands, and log it when that changes."""
        if health.error and health.error != self._health.error:
            _log.warning("events cannot be stored now: %s", health.error)
        elif self._health.error and not health.error:
            _log.info("events are stored again")
        if health.remark not in ("", self._remark):
            self._remark = health.remark
            _log.warning("%s", health.remark)
        self._health = health
        oldest = self._sent[0][0] if self._sent else self._queue[0] if self._queue else None
        lag_s = 0.0 if oldest is None else now_s() - oldest.number / 1e6
        lost = health.lost + self._lost_before + self._lost
        self._heard.append(replace(health, lag_s=max(health.lag_s, lag_s), lost=lost))

    def _lose_one(self) -> None:
        """Lose the newest change of a camera, or the newest record where there is none."""
        self._lost += 1
        for i in reversed(range(len(self._queue))):
            if isinstance(self._queue[i].message, StatusMessage):
                del self._queue[i]
                return
        self._queue.pop()

    def _await_news(self, patience_s: float) -> None:
        if (waiting := self.fileno()) is None:
            time.sleep(patience_s)
            return
        with selectors.DefaultSelector() as selector:
            selector.register(waiting, selectors.EVENT_READ)
            selector.select(patience_s)
