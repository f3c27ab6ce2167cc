"""A database that is written to: opened, brought up to date, and this program's own."""

import os
import platform
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Connection, Row, delete, func, select, text
from sqlalchemy.exc import DataError, IntegrityError

from streamrec.errors import MessageError, StoreError
from streamrec.store.engine import make_engine, told
from streamrec.store.messages import Interrupted, Record
from streamrec.store.migrate import migrate
from streamrec.store.place import ELSEWHERE
from streamrec.store.rows import write
from streamrec.store.tables import events, messages, statuses
from streamrec.wire import EventMessage, decode

PRUNED_AT_ONCE = 500
"""Rows of a table that are deleted in one transaction."""

_LOCK = 0x73747265616D  # of this program's own choice; PostgreSQL keeps it while we are connected
_ENCODINGS = ("UTF8", "SQL_ASCII")  # the latter takes bytes as they are
_HOLDER = (
    "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) "
    "WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32) + objid::bigint = :lock"
)


class Database:
    """One connection; of no use any more after a method has raised.

    Args:
        url: the database, as SQLAlchemy has it.

    Raises:
        StoreError: it cannot be reached or used; the text says why, without secrets. So do all
            methods.
        RuntimeMissingError: its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        with told(url):
            engine = make_engine(url, f"streamrec {platform.node()}:{os.getppid()}")
            self._connection = engine.connect()
            try:
                self._open()
            except BaseException:
                self._connection.close()
                raise

    def write(self, records: Sequence[Record]) -> int:
        """Write records in one transaction; return how many the database has taken."""
        with told(self._url):
            try:
                with self._connection.begin():
                    write(self._connection, records)
            except (DataError, IntegrityError):
                return self._write_singly(records)
            return len(records)

    def interrupted(self) -> Interrupted:
        """Return what has no end."""
        newest = (func.max(table.c.number) for table in (messages, statuses))
        query = select(messages.c.payload).join(events, messages.c.number == events.c.number)
        with told(self._url), self._connection.begin():
            numbers = self._connection.execute(
                select(*(select(n).scalar_subquery() for n in newest))
            )
            rows = self._connection.execute(query.where(events.c.ended_s.is_(None)))
            number = max(value or 0 for value in numbers.one())
            return Interrupted(number, tuple(found for row in rows if (found := _event(row))))

    def check(self) -> None:
        """Ask for nothing; raise where there is no answer."""
        with told(self._url), self._connection.begin():
            self._connection.execute(select(1))

    def prune(self, before_s: float) -> int:
        """Delete some of what is older than this Unix time; return how many rows there were."""
        ages = (
            (messages, messages.c.captured_s < before_s),
            (events, (events.c.started_s < before_s) & (events.c.captured_s < before_s)),
            (statuses, statuses.c.sent_s < before_s),
        )
        for table, is_old in ages:
            (key,) = table.primary_key
            old = select(key).where(is_old).limit(PRUNED_AT_ONCE).scalar_subquery()
            with told(self._url), self._connection.begin():
                if count := self._connection.execute(delete(table).where(key.in_(old))).rowcount:
                    return count
        return 0

    def close(self) -> None:
        """Disconnect."""
        with told(self._url):
            self._connection.close()

    def _open(self) -> None:
        with self._connection.begin():
            if self._connection.dialect.name == "postgresql":
                _require_unicode(self._connection)
                _lock(self._connection)
            migrate(self._connection)

    def _write_singly(self, records: Sequence[Record]) -> int:
        """Write records one by one, as some of them cannot be written."""
        taken = 0
        for record in records:
            with suppress(DataError, IntegrityError), self._connection.begin():
                write(self._connection, [record])
                taken += 1
        return taken


def _require_unicode(connection: Connection) -> None:
    """Check that a PostgreSQL database takes any text.

    Raises:
        StoreError: it does not.
    """
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding not in _ENCODINGS:
        raise StoreError(
            f"its encoding, {encoding}, has not all letters; make one with "
            f"`createdb --encoding=UTF8 --template=template0`, or {ELSEWHERE}"
        )


def _lock(connection: Connection) -> None:
    """Be the only service that writes to a PostgreSQL database.

    Raises:
        StoreError: there is another one.
    """
    if connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK}):
        return
    holder = connection.scalar(text(_HOLDER), {"lock": _LOCK}) or "streamrec"
    raise StoreError(f"another service keeps its events there ({holder}): {ELSEWHERE}")


def _event(row: Row[tuple[str]]) -> EventMessage | None:
    """Return the message of a row, None where it is damaged."""
    try:
        message = decode(row.payload.encode())
    except MessageError:
        return None
    return message if isinstance(message, EventMessage) else None
