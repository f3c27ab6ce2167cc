"""What is asked of a store: events, their messages, and what changed with cameras."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select

from streamrec.errors import MessageError, OptionError, StoreError
from streamrec.store.reader import Reader
from streamrec.store.tables import events, messages, statuses
from streamrec.types import ActionEvent, EventEnd, EventPhase
from streamrec.wire import EventMessage, StatusMessage, decode

MESSAGES_LOOKED_AT = 20_000
"""By one request at most, whatever of them it wants."""

SHORTEST_ID = 4
"""Letters of an event's id that are taken for it, where no other begins so."""

_FORM = "00000000-0000-0000-0000-000000000000"
"""Of ids."""

_LATEST_S = 253_000_000_000.0  # in the year 9987, near the last that Python's calendar has

_LIKE = str.maketrans({"*": "%", "?": "_", "%": r"\%", "_": r"\_", "\\": r"\\"})

Message = TypeVar("Message", EventMessage, StatusMessage)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events.

    Attributes:
        since_s: those that went on at this time or later, Unix time in seconds.
        until_s: those that began before this one.
        sources: those of these sources; none: of all.
        labels: those whose label fits one of these, ``*`` and ``?`` as in file names, small and
            capital letters alike; none: all.
        least_peak: those whose highest score is at least this.
        open_only: those that have not ended.
        most: the newest so many of them; None: all.
    """

    since_s: float | None = None
    until_s: float | None = None
    sources: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    least_peak: float = 0.0
    open_only: bool = False
    most: int | None = None


class Page(NamedTuple):
    """Some messages in order of their numbers.

    Attributes:
        messages: they.
        number: of the newest message that was looked at; what the next page goes on after.
        newest: of the newest message in the store, 0 where it is empty.
        more: whether newer ones were left out.
    """

    messages: tuple[EventMessage, ...]
    number: int
    newest: int
    more: bool


def find_events(
    reader: Reader, wanted: EventFilter, *, oldest_first: bool = False
) -> Iterator[ActionEvent]:
    """Go through events by the time of their start, the newest first unless told otherwise.

    Raises:
        StoreError: the store cannot be read.
    """
    query = select(events).where(*_conditions(wanted)).limit(wanted.most)
    newest = query.order_by(events.c.started_s.desc(), events.c.id.desc())
    if not oldest_first:
        return map(_event, reader.rows(newest))
    if wanted.most is not None:
        return iter(list(map(_event, reader.rows(newest)))[::-1])
    return map(_event, reader.rows(query.order_by(events.c.started_s, events.c.id)))


def count_events(reader: Reader, wanted: EventFilter) -> int:
    """Return how many events there are, whatever ``most`` says.

    Raises:
        StoreError: the store cannot be read.
    """
    row = reader.first(select(func.count()).select_from(events).where(*_conditions(wanted)))
    return int(row[0]) if row else 0


def find_event(reader: Reader, prefix: str) -> ActionEvent:
    """Return the event of an id, or of the beginning of one that no other id has.

    Raises:
        OptionError: there is none, or more than one.
        StoreError: the store cannot be read.
    """
    if len(prefix) < SHORTEST_ID:
        raise OptionError(f"an event's id has {SHORTEST_ID} letters at least; got {prefix!r}")
    rest = _FORM[len(prefix) :]  # by the index, in whatever order a database has its text
    fits = events.c.id.between(prefix + rest, prefix + rest.replace("0", "f"))
    found = list(reader.rows(select(events).where(fits).order_by(events.c.id).limit(2)))
    if not found:
        raise OptionError(
            f"no event {prefix!r} in {reader.place}; `streamrec events list` shows those there are"
        )
    if len(found) > 1:
        ids = " and ".join(row.id for row in found)
        raise OptionError(f"{prefix!r} begins more than one id, {ids}; give more of it")
    return _event(found[0])


def event_of(reader: Reader, event: str) -> ActionEvent | None:
    """Return the event of a whole id, None where there is none.

    Raises:
        StoreError: the store cannot be read.
    """
    row = reader.first(select(events).where(events.c.id == event))
    return None if row is None else _event(row)


def messages_of(reader: Reader, event: str) -> tuple[EventMessage, ...]:
    """Return the messages of an event, the oldest first.

    Raises:
        StoreError: the store cannot be read.
    """
    query = select(messages.c.payload).where(messages.c.event == event).order_by(messages.c.number)
    return tuple(_decoded(reader.rows(query), EventMessage))


def messages_after(
    reader: Reader,
    number: int = 0,
    *,
    since_s: float | None = None,
    sources: tuple[str, ...] | None = None,
    most: int = 1000,
) -> Page:
    """Return the next messages of events; those of another version of streamrec are left out.

    Args:
        reader: the store.
        number: those with a higher number only.
        since_s: those numbered at this Unix time in seconds or later only; what ended an event
            afterwards is among them, however long ago it was last seen.
        sources: those of these sources only; None: of all.
        most: how many at most.

    Raises:
        StoreError: the store cannot be read.
    """
    newest = _newest(reader)
    if newest <= number or most == 0:
        return Page((), number, newest, newest > number)
    first = number
    if since_s is not None:  # a message is numbered by the clock
        first = max(first, min(math.ceil(_possible(since_s) * 1e6) - 1, newest))
    last = _last_to_look_at(reader, first, newest)
    query = (
        select(messages.c.number, messages.c.payload)
        .where(messages.c.number > first, messages.c.number <= last)
        .order_by(messages.c.number)
        .limit(most)
    )
    if sources is not None:
        query = query.where(messages.c.source.in_(sources))
    rows = list(reader.rows(query))
    reached = rows[-1].number if len(rows) == most else last
    return Page(tuple(_decoded(rows, EventMessage)), reached, newest, reached < newest)


def _possible(time_s: float) -> float:
    return min(max(time_s, 0.0), _LATEST_S)


def find_statuses(
    reader: Reader,
    since_s: float | None = None,
    until_s: float | None = None,
    sources: tuple[str, ...] = (),
) -> Iterator[StatusMessage]:
    """Go through what changed with cameras in a time, the oldest first.

    What was known of each at its beginning comes first.

    Raises:
        StoreError: the store cannot be read.
    """
    if since_s is not None:
        yield from _decoded(reader.rows(_statuses_at(since_s, sources)), StatusMessage)
    query = _of_sources(select(statuses.c.payload), sources)
    if since_s is not None:
        query = query.where(statuses.c.sent_s >= since_s)
    if until_s is not None:
        query = query.where(statuses.c.sent_s < until_s)
    query = query.order_by(statuses.c.sent_s, statuses.c.number)
    yield from _decoded(reader.rows(query), StatusMessage)


def _statuses_at(time_s: float, sources: tuple[str, ...]) -> Select[Any]:
    """Select the newest status of each camera before a time."""
    newest = select(func.max(statuses.c.number)).where(statuses.c.sent_s < time_s)
    numbers = _of_sources(newest, sources).group_by(statuses.c.source)
    return select(statuses.c.payload).where(statuses.c.number.in_(numbers))


def _of_sources(query: Select[Any], sources: tuple[str, ...]) -> Select[Any]:
    return query.where(statuses.c.source.in_(sources)) if sources else query


def _newest(reader: Reader) -> int:
    row = reader.first(select(func.max(messages.c.number)))
    return row[0] if row is not None and row[0] is not None else 0


def _last_to_look_at(reader: Reader, first: int, newest: int) -> int:
    """Bound the work of one page, however few of the messages are wanted."""
    beyond = (
        select(messages.c.number)
        .where(messages.c.number > first, messages.c.number <= newest)
        .order_by(messages.c.number)
        .offset(MESSAGES_LOOKED_AT - 1)
    )
    row = reader.first(beyond)
    return newest if row is None else int(row[0])


def _conditions(wanted: EventFilter) -> list[ColumnElement[bool]]:
    table, found = events.c, []
    if wanted.since_s is not None:
        found.append(or_(table.ended_s >= wanted.since_s, table.ended_s.is_(None)))
    if wanted.until_s is not None:
        found.append(table.started_s < wanted.until_s)
    if wanted.sources:
        found.append(table.source.in_(wanted.sources))
    if wanted.labels:
        patterns = [label.translate(_LIKE) for label in wanted.labels]
        found.append(or_(*(table.label.ilike(pattern, escape="\\") for pattern in patterns)))
    if wanted.least_peak > 0:
        found.append(table.peak >= wanted.least_peak)
    if wanted.open_only:
        found.append(table.ended_s.is_(None))
    return [and_(True, *found)]


def _event(row: Row[Any]) -> ActionEvent:
    times_s = (row.started_s, row.captured_s, row.ended_s or 0.0, row.peak_s)
    if not all(0 <= time_s <= _LATEST_S for time_s in times_s):
        raise StoreError(f"event {row.id} has a time that no calendar has; its row is damaged")
    try:
        return ActionEvent(
            id=row.id,
            source=row.source,
            label=row.label,
            phase=EventPhase.UPDATE if row.ended_s is None else EventPhase.END,
            model=row.model,
            started_s=row.started_s,
            pts_s=row.pts_s,
            captured_s=row.captured_s,
            ended_s=row.ended_s,
            duration_s=row.duration_s,
            score=row.score,
            peak=row.peak,
            peak_s=row.peak_s,
            mean=row.mean,
            predictions=row.predictions,
            reason=None if row.reason is None else EventEnd(row.reason),
        )
    except ValueError:
        raise StoreError(
            f"event {row.id} ended for a reason that is not known here, {row.reason!r}; the store "
            "was written by a newer streamrec"
        ) from None


def _decoded(rows: Any, kind: type[Message]) -> Iterator[Message]:
    for row in rows:
        try:
            message = decode(row.payload.encode())
        except MessageError:
            continue
        if isinstance(message, kind):
            yield message
