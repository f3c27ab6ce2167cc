"""A store, opened for reading: never made and never changed, also while a service writes it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Row, Select, create_engine
from sqlalchemy.pool import NullPool

from streamrec.errors import StoreError
from streamrec.store.engine import BUSY_S, make_engine, parse_url, place_of, told

ROWS_AT_ONCE = 1000

OTHER_STORE = "--store FILE or URL names another one, --config FILE takes that of a service"

_MIGRATIONS = str(Path(__file__).with_name("migrations"))


class Reader:
    """Rows of a store. A connection that was lost, or a file that was replaced, is opened anew.

    Args:
        url: the database, as ``streamrec.store.place`` has it.

    Attributes:
        place: the database in words for people, without secrets.

    Raises:
        StoreError: the address makes no sense.
        RuntimeMissingError: the driver of the database is not installed.
    """

    def __init__(self, url: str) -> None:
        self.place = place_of(url)
        self._url, self._file, self._is_checked = url, _file_of(url), False
        self._engine = _engine_of(url, self._file)

    def rows(self, query: Select[Any]) -> Iterator[Row[Any]]:
        """Go through what a query finds, a thousand rows in memory at once.

        Raises:
            StoreError: the database is not there, cannot be reached or read, or is of another
                version of streamrec.
        """
        with told(self._url):
            if self._file is not None:
                _require_file(self._file)
        with told(self._url), self._engine.connect() as connection:
            if not self._is_checked:
                _require_version(connection)
                self._is_checked = True
            yield from connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query)

    def first(self, query: Select[Any]) -> Row[Any] | None:
        """Return the first row of those, None where there is none; raises what they do."""
        return next(iter(list(self.rows(query.limit(1)))), None)

    def close(self) -> None:
        """Disconnect."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _require_file(file: Path) -> None:
    """Check that a file is there.

    Raises:
        StoreError: it is not.
        OSError: nobody can tell.
    """
    try:
        file.stat()
    except FileNotFoundError:
        raise StoreError(f"no events are stored, there is no such file; {OTHER_STORE}") from None


def _file_of(url: str) -> Path | None:
    return Path(parse_url(url).database or "") if url.startswith("sqlite") else None


def _engine_of(url: str, file: Path | None) -> Engine:
    if file is not None:
        return create_engine("sqlite://", creator=lambda: _open_file(file), poolclass=NullPool)
    engine = make_engine(url, "streamrec reader", kept=True)
    return engine.execution_options(postgresql_readonly=True)


def _open_file(file: Path) -> sqlite3.Connection:
    """Open a SQLite file read-only, also where its folder is: nobody writes to it then."""
    uri = f"file:{quote(file.as_posix())}?mode=ro"
    connection = _connect(uri)
    try:
        connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if file.with_name(f"{file.name}-wal").exists():
            raise
        return _connect(f"{uri}&immutable=1")
    return connection


def _connect(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, BUSY_S, uri=True)
    connection.create_function("lower", 1, str.lower, deterministic=True)  # SQLite's: ASCII only
    return connection


def _require_version(connection: Connection) -> None:
    """Check that the tables are as they are known here.

    Raises:
        StoreError: they are not.
    """
    scripts = ScriptDirectory(_MIGRATIONS)
    found = set(MigrationContext.configure(connection).get_current_heads())
    if found == set(scripts.get_heads()):
        return
    if not found:
        raise StoreError(f"it is no store of events; {OTHER_STORE}")
    if found <= {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(
            "its tables are of an older streamrec; `streamrec serve` brings them up to date"
        )
    raise StoreError(
        f"its tables are of version {', '.join(sorted(found))}, made by a newer streamrec; update "
        "streamrec here"
    )
