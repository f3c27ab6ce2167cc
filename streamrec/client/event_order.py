"""Every event once and in order, from live messages that may be missing and a store that may lag.

Each message names the one before it. A live message that follows what there is goes on at once.
Any other one waits, and shows that the store has to be asked, until that has looked at as much.
Nothing here knows of sockets or time.
"""

from collections import deque
from collections.abc import Collection

from streamrec.wire import EventMessage
from streamrec.wire.replay import Events

MAX_WAITING = 10_000
"""Live messages that wait for those before them; further ones come from the store."""


class EventOrder:
    """Joins what is published with what is replayed.

    Attributes:
        reached: all events up to this number are there, and none of them comes again; None while
            it is not known where to begin.
        known: number of the newest event that is known to exist.
    """

    def __init__(self, since: int | None, sources: Collection[str] | None = None) -> None:
        """Begin after the event of that number.

        Args:
            since: the number; None: that of the newest event in the store.
            sources: whose events are wanted, as topics name them; None: all.
        """
        self.reached = since
        self.known = 0
        self._sources = sources
        self._more = True
        self._ready: deque[EventMessage] = deque()
        self._waiting: dict[int, EventMessage] = {}

    @property
    def is_behind(self) -> bool:
        """Whether the store has to be asked for what comes after ``reached``."""
        return self._more or self.reached is None or self.known > self.reached

    def take(self) -> EventMessage | None:
        """Return the next event that is wanted, if it is there."""
        return self._ready.popleft() if self._ready else None

    def hear(self, event: EventMessage) -> None:
        """Take a live message, or one that is sent again."""
        self.hear_of(event.number)
        if not self._is_past(event) and len(self._waiting) < MAX_WAITING:
            self._waiting[event.number] = event
            if self._is_next(event):
                self._join()

    def hear_of(self, number: int) -> None:
        """Take from a heartbeat that there is an event of that number."""
        self.known = max(self.known, number)

    def replay(self, answer: Events) -> None:
        """Take an answer of the store to a request for what comes after ``reached``, now or before.

        Where that was None, the request was for no events, and only the newest number counts.
        """
        if self.reached is None:
            self.reached = answer.newest
        self._more = answer.more
        kept = {event.number: event for event in answer.events}
        # Of what has gone by in the store it has lost what it does not show.
        heard = {number: each for number, each in self._waiting.items() if number <= answer.number}
        for _, event in sorted((heard | kept).items()):
            self._go_on_to(event)
        self.reached = max(self.reached, answer.number)
        self._join()

    def _join(self) -> None:
        """Go on with live messages that have been waited for, as far as none is missing."""
        for number, event in sorted(self._waiting.items()):
            if not (self._is_past(event) or self._is_next(event)):
                return
            self._go_on_to(self._waiting.pop(number))

    def _go_on_to(self, event: EventMessage) -> None:
        if not self._is_past(event):
            self.reached = event.number
            if self._sources is None or event.source in self._sources:
                self._ready.append(event)

    def _is_past(self, event: EventMessage) -> bool:
        return self.reached is not None and event.number <= self.reached

    def _is_next(self, event: EventMessage) -> bool:
        """True where it is known that none is missing before this one."""
        if self.reached is None or event.previous is None:
            return False
        return event.previous <= self.reached
