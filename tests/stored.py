"""Records for stores, and an owner that turns its keeper as a service does."""

import time
import uuid
from collections.abc import Callable
from itertools import count

from msgspec.structs import replace

from streamrec.store.keeper import Keeper
from streamrec.store.messages import FromStore, Interrupted, Kept, Record, StoreHealth
from streamrec.types import CameraState, CameraStatus, EventEnd, EventPhase, now_s
from streamrec.wire import EventMessage, status_message_of

PATIENCE_S = 30.0
_numbers = count(round(now_s() * 1e6))


def event_record(event: str = "", *, number: int = 0, **values: object) -> Record:
    """Return the start of an event, or whatever ``values`` make of it."""
    number = number or next(_numbers)
    facts = {
        "id": event or str(uuid.uuid4()),
        "label": "wave",
        "phase": EventPhase.START,
        "model": "scripted",
        "started_s": now_s(),
        "pts_s": None,
        "captured_s": now_s(),
        "ended_s": None,
        "duration_s": 0.0,
        "score": 0.5,
        "peak": 0.5,
        "peak_s": now_s(),
        "mean": 0.5,
        "predictions": 1,
        "reason": None,
    }
    message = EventMessage(sequence=0, session="", source="cam", number=number, **facts | values)
    return Record(number, message)


def end_of(record: Record, reason: EventEnd = EventEnd.SCORE) -> Record:
    """Return an event's end."""
    number = next(_numbers)
    facts = {"phase": EventPhase.END, "ended_s": record.message.captured_s, "reason": reason}
    return Record(number, replace(record.message, number=number, **facts))


def status_record(state: CameraState = CameraState.LIVE, **values: object) -> Record:
    """Return what has changed with a camera."""
    status = CameraStatus(source="cam", state=state, since_s=now_s())
    return Record(next(_numbers), replace(status_message_of(status), **values))


def numbers_in(url: str) -> list[int]:
    """Return the numbers of all messages in a database, in order."""
    from sqlalchemy import create_engine, select
    from sqlalchemy.pool import NullPool

    from streamrec.store.tables import messages, statuses

    with create_engine(url, poolclass=NullPool).connect() as connection:
        return sorted(
            number
            for table in (messages, statuses)
            for number in connection.scalars(select(table.c.number))
        )


class Owner:
    """A keeper whose news are remembered."""

    def __init__(self, *keeper: object, **options: object) -> None:
        self.keeper = Keeper(*keeper, **options)
        self.kept = 0
        self.interrupted: list[Interrupted] = []
        self.health = StoreHealth(0.0, 0, 0, 0)
        self.errors: list[str] = []
        self.longest_s = 0.0

    def keep(self, *records: Record) -> None:
        """Hand over records; notes how long that takes."""
        for record in records:
            begun_s = time.perf_counter()
            self.keeper.keep(record)
            self.longest_s = max(self.longest_s, time.perf_counter() - begun_s)

    def turn(self, wait_s: float = 0.01) -> None:
        """Go round once."""
        time.sleep(wait_s)
        for message in self.keeper.hear():
            self._take(message)
        self.keeper.turn()

    def wait(self, condition: Callable[["Owner"], bool]) -> None:
        """Go round until the store is as it should be."""
        end_s = time.monotonic() + PATIENCE_S
        while not condition(self):
            assert time.monotonic() < end_s, self.health
            self.turn()

    def wait_kept(self, record: Record) -> None:
        """Go round until a record is on disk."""
        self.wait(lambda owner: owner.kept >= record.number)

    def wait_stored(self) -> None:
        """Go round until everything is in the database."""
        self.health = StoreHealth(1.0, 1, 0, 0)
        self.wait(lambda o: o.interrupted and o._is_stored())

    def close(self, patience_s: float = 10.0) -> None:
        """End the store's process."""
        self.keeper.close(patience_s)
        for message in self.keeper.hear():
            self._take(message)

    def _is_stored(self) -> bool:
        return not (self.health.error or self.health.spooled or self.health.lag_s)

    def _take(self, message: FromStore) -> None:
        match message:
            case Kept(number):
                self.kept = max(self.kept, number)
            case Interrupted():
                self.interrupted.append(message)
            case StoreHealth():
                self.health = message
                self.errors += [message.error] if message.error else []
