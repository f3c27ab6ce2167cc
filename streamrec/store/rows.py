"""Records as rows: written at once, again and again with the same outcome."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from streamrec.store.messages import Record
from streamrec.store.tables import events, messages, statuses
from streamrec.wire import EventMessage, encode


def write(connection: Connection, records: Iterable[Record]) -> None:
    """Write records, in any order and any number of times; of an event the newest one wins."""
    newest: dict[str, dict[str, Any]] = {}
    said: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    for record in records:
        if isinstance(record.message, EventMessage):
            row = _row(events, record)
            newest[record.message.id] = max(newest.get(record.message.id, row), row, key=_number)
            said.append(_row(messages, record) | {"event": record.message.id})
        else:
            told.append(_row(statuses, record))
    _update(connection, list(newest.values()))
    _add(connection, messages, said)
    _add(connection, statuses, told)


def _row(table: Table, record: Record) -> dict[str, Any]:
    """Return the columns that messages have as fields, the record's number and the message."""
    fields = asdict(record.message) | {"number": record.number}
    row = {name: fields[name] for name in table.columns.keys() if name in fields}  # noqa: SIM118
    return row | ({"payload": encode(record.message).decode()} if "payload" in table.c else {})


def _number(row: dict[str, Any]) -> int:
    return int(row["number"])


def _update(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    insert = _insert(connection, events)
    changes = {column.name: insert.excluded[column.name] for column in events.c}
    del changes["id"]
    newer = insert.excluded.number >= events.c.number
    statement = insert.on_conflict_do_update(index_elements=["id"], set_=changes, where=newer)
    connection.execute(statement, rows)


def _add(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        insert = _insert(connection, table).on_conflict_do_nothing(index_elements=["number"])
        connection.execute(insert, rows)


def _insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    is_sqlite = connection.dialect.name == "sqlite"
    return sqlite.insert(table) if is_sqlite else postgresql.insert(table)
