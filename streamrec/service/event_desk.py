"""Where events go through on their way from workers to the store and to subscribers.

A worker says what it sees; it may die, and its camera may be lost. The desk knows which events are
open, so that each of them ends, and just once. What happens is kept before it is published: who has
heard of an event finds it in the store, whatever is killed in between.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from streamrec.store.messages import FromStore, Interrupted, Kept, Record, StoreHealth
from streamrec.types import (
    ActionEvent,
    CameraState,
    CameraStatus,
    Defect,
    EventEnd,
    EventPhase,
    now_s,
)
from streamrec.wire import EventMessage, event_message_of, status_message_of

PATIENCE_S = 1.0
"""An event that has not been kept after so long is published all the same."""

STARTING_S = 10.0
"""For so long after the start the store may be silent, before that counts."""

ENDINGS: Mapping[CameraState, EventEnd] = {
    CameraState.CONNECTING: EventEnd.RESET,  # it is watched anew
    CameraState.LOST: EventEnd.LOST,
    CameraState.BACKING_OFF: EventEnd.LOST,
    CameraState.DISABLED: EventEnd.DISABLED,
}
"""States of a camera that end its events, and why."""


class Keeping(Protocol):
    """What the desk needs of a store."""

    def keep(self, record: Record) -> None:
        """Take a record; never waits."""

    def hear(self) -> Iterable[FromStore]:
        """Take what the store has said; never waits."""


class _Waiting(NamedTuple):
    message: EventMessage
    due_s: float


class EventDesk:
    """Numbers, keeps and publishes events; ends them where nobody else does.

    Args:
        announce: publishes an event.
        store: keeps events and changes of cameras; None: nothing is kept, and nothing waits.
        clock: monotonic seconds.

    Attributes:
        published: number of the newest event that was published; None before the first.
        hurried: events that were published before they were kept.
        health: what the store says of itself; None without one, and before it has spoken.
        has_reached_store: whether the database has ever answered, or there is none.
    """

    def __init__(
        self,
        announce: Callable[[EventMessage], None],
        store: Keeping | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.published: int | None = None
        self.hurried = 0
        self.health: StoreHealth | None = None
        self._announce, self._store, self._clock = announce, store, clock
        self._open: dict[str, dict[str, ActionEvent]] = {}
        self._waiting: deque[_Waiting] = deque()
        self._told: dict[str, tuple[CameraState, str, Defect | None]] = {}
        self._starting_s: float | None = clock() + STARTING_S
        self._number = round(now_s() * 1e6)
        self._own: set[str] = set()  # all that have begun, until the store tells of earlier runs
        self.has_reached_store = store is None
        self._previous: int | None = None

    @property
    def waiting(self) -> int:
        """Events that are not published yet, as they are not kept yet."""
        return len(self._waiting)

    def take(self, event: ActionEvent) -> None:
        """Take what a worker says of an event; late words about one that has ended are dropped."""
        events = self._open.setdefault(event.source, {})
        if (event.phase is EventPhase.START) is (event.id in events):
            return
        if event.phase is EventPhase.START and not self.has_reached_store:
            self._own.add(event.id)
        if event.phase is EventPhase.END:
            del events[event.id]
        else:
            events[event.id] = event
        self._pass_on(event)

    def told(self, status: CameraStatus) -> None:
        """Keep what has changed with a camera; end its events where it is not seen any more."""
        if (reason := ENDINGS.get(status.state)) is not None:
            self.end(status.source, reason)
        change = status.state, status.reason, status.defect
        if self._store is not None and self._told.get(status.source) != change:
            self._told[status.source] = change
            self._store.keep(Record(self._next(), status_message_of(status)))

    def end(self, camera: str, reason: EventEnd) -> None:
        """End the events of a camera."""
        for event in self._open.pop(camera, {}).values():
            self._pass_on(event.ended(reason))

    def forget(self, camera: str) -> None:
        """End the events of a camera that has been removed."""
        self.end(camera, EventEnd.DISABLED)
        self._told.pop(camera, None)

    def end_all(self, reason: EventEnd) -> None:
        """End all events."""
        for camera in list(self._open):
            self.end(camera, reason)

    def turn(self) -> None:
        """Publish what has been kept, and what has waited for too long; never waits."""
        for message in self._store.hear() if self._store is not None else ():
            self._starting_s = None
            match message:
                case Kept(number):
                    self._publish_until(number)
                case Interrupted(number, events):
                    self._number = max(self._number, number)
                    self._end_interrupted(events)
                case StoreHealth():
                    self.health = message
        now = self._clock()
        while self._waiting and now >= self._waiting[0].due_s:
            self.hurried += 1
            self._publish_next()

    def publish_all(self) -> None:
        """Publish what still waits: the program ends."""
        while self._waiting:
            self._publish_next()

    def _end_interrupted(self, events: Iterable[EventMessage]) -> None:
        """End events of earlier runs; a store that was reached late also names those of this."""
        own, self._own, self.has_reached_store = self._own, set(), True
        for event in events:
            if event.id not in own:
                end = replace(
                    event,
                    number=self._next(),
                    phase=EventPhase.END,
                    ended_s=event.captured_s,
                    reason=EventEnd.INTERRUPTED,
                )
                self._send(end)

    def _pass_on(self, event: ActionEvent) -> None:
        self._send(event_message_of(event, self._next()))

    def _send(self, message: EventMessage) -> None:
        message = replace(message, previous=self._previous)
        self._previous = message.number
        due_s = self._starting_s or self._clock() + PATIENCE_S
        self._waiting.append(_Waiting(message, due_s))
        if self._store is None:
            self._publish_next()
        else:
            self._store.keep(Record(message.number, message))

    def _publish_until(self, number: int) -> None:
        while self._waiting and self._waiting[0].message.number <= number:
            self._publish_next()

    def _publish_next(self) -> None:
        message = self._waiting.popleft().message
        self.published = message.number
        self._announce(message)

    def _next(self) -> int:
        """Return the next number: the time, unless it would not rise."""
        self._number = max(self._number + 1, round(now_s() * 1e6))
        return self._number
