"""What has been heard of a publisher, and so what is missing and what is sent again.

Messages of a topic are numbered without gaps. The publisher sends the newest message of each open
event, and the last status of each camera, again to all whenever somebody subscribes. There may be
several open events in one topic, so that older numbers come after newer ones.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from streamrec.types import EventPhase
from streamrec.wire import SYSTEM, EventMessage, HeartbeatMessage, Message, Topic, topic_of

MAX_REMEMBERED = 10_000
"""Topics and open events whose newest message is remembered."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages that were published and did not come.

    Attributes:
        source: whose; ``_system`` where a heartbeat, or an event that names the one before it,
            shows that events are missing, of whomever.
        kind: ``prediction``, ``event``, ``status`` or ``heartbeat``.
        missing: how many; None where that is not known. The next message of their source says how
            many they were, as a gap of its own.
        since: number of the newest event before them, of that source unless it is ``_system``; what
            to ask a replay for. None where that is not known, and for messages that are no events.
    """

    source: str
    kind: str
    missing: int | None
    since: int | None


class Heard(NamedTuple):
    """What a message is: ``new``, or sent again; and what is missing before it."""

    new: bool
    gaps: tuple[Gap, ...] = ()


class _Place(NamedTuple):
    """How far a topic has come: sequence, and number of the event, None where it is none."""

    sequence: int
    number: int | None


class Continuity:
    """Follows the numbers of one publisher.

    Args:
        kinds: which messages are wanted.
        all_sources: whether the messages of all sources come.

    Attributes:
        lost: messages that were published and did not come, by the numbers.
        restarts: how often the publisher came back with a new session.
    """

    def __init__(self, kinds: Collection[str], *, all_sources: bool) -> None:
        self.lost = self.restarts = 0
        self._all_events = all_sources and "event" in kinds
        self._kinds = frozenset(kinds)
        self._session = ""
        self._latest: dict[Topic, _Place] = {}
        self._delivered: dict[tuple[str, str, str], int] = {}
        self._number: int | None = None  # of the newest event, once there was a heartbeat
        self._first_beat: int | None = None  # its sequence; the first one may be one sent again
        self._is_settled = False  # whether there was another, after what is sent again to us

    def hear(self, message: Message) -> Heard:
        """Take a message that came: of a kind that is wanted, or a heartbeat."""
        self._enter(message.session)
        gaps = [self._beat(message)] if isinstance(message, HeartbeatMessage) else []
        is_new = topic_of(message).kind in self._kinds and not self._is_repeat(message)
        if is_new and isinstance(message, EventMessage):
            gaps.append(self._behind(message.previous) if self._is_settled else None)
        if is_new:
            gaps.append(self._gap(message))
        return Heard(is_new, tuple(gap for gap in gaps if gap is not None))

    def _enter(self, session: str) -> None:
        if session != self._session:
            self.restarts += bool(self._session)
            self._session, self._first_beat, self._is_settled = session, None, False
            self._latest.clear()
            self._delivered.clear()

    def _beat(self, message: HeartbeatMessage) -> Gap | None:
        """Compare what it knows of events with what has come."""
        if self._first_beat is None:
            self._first_beat = message.sequence
        self._is_settled = self._is_settled or message.sequence > self._first_beat
        gap = self._behind(message.number)
        self._number = max(self._number or 0, message.number or 0)
        return gap

    def _behind(self, number: int | None) -> Gap | None:
        """Compare the number of an event with the newest that is known."""
        known = self._number
        if known is None or number is None or number <= known or not self._all_events:
            return None
        return Gap(SYSTEM, "event", None, known)

    def _is_repeat(self, message: Message) -> bool:
        """Remember the newest message of each event, and of each topic of other kinds."""
        name = message.id if isinstance(message, EventMessage) else ""
        key = (*topic_of(message), name)
        latest = self._delivered.pop(key, -1)
        if not (isinstance(message, EventMessage) and message.phase is EventPhase.END):
            self._delivered[key] = max(latest, message.sequence)
        if len(self._delivered) > MAX_REMEMBERED:
            del self._delivered[next(iter(self._delivered))]
        return message.sequence <= latest

    def _gap(self, message: Message) -> Gap | None:
        topic = topic_of(message)
        number = message.number if isinstance(message, EventMessage) else None
        place, latest = _Place(message.sequence, number), self._latest.get(topic)
        if self._is_fresh(message) or latest is not None:
            self._latest[topic] = max(latest or place, place)
        missing = 0 if latest is None else place.sequence - latest.sequence - 1
        if latest is None or missing <= 0:
            return None
        self.lost += missing
        return Gap(*topic, missing, latest.number)

    def _is_fresh(self, message: Message) -> bool:
        """False for an event that may be older than others of its topic, as it is sent again."""
        if not isinstance(message, EventMessage):
            return True
        known = self._number
        if known is None:
            return False
        self._number = max(known, message.number)
        return self._is_settled and message.number > known
