"""Connections for writing: SQLite in WAL mode, or PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool, QueuePool

from streamrec.errors import RuntimeMissingError, StoreError

BUSY_S = 2.0
"""For so long a SQLite file may be locked by another program."""

_CONNECT_S = 5
_ANSWER_S = 10
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "fullfsync = ON",  # of macOS, whose fsync leaves data in the disk's cache
    "foreign_keys = ON",
    "journal_size_limit = 67108864",
)
_POSTGRESQL = {
    "connect_timeout": _CONNECT_S,
    "client_encoding": "utf8",
    "tcp_user_timeout": _ANSWER_S * 1000,
    # The server finds out soon that this machine is gone, and lets go of its locks.
    "options": f"-c statement_timeout={_ANSWER_S}s -c tcp_keepalives_idle=10"
    " -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
}


def parse_url(url: str) -> URL:
    """Read an address; the path of a file stands in it as it is.

    Raises:
        ArgumentError, ValueError: it is malformed.
    """
    scheme, _, file = url.partition(":///")
    return URL.create(scheme, database=file) if scheme == "sqlite" else make_url(url)


def make_engine(url: str, program: str, *, kept: bool = False) -> Engine:
    """Return an engine, which is not connected yet.

    Args:
        url: the database, as SQLAlchemy has it.
        program: what the database server calls this program.
        kept: whether a connection to a server is kept for the next use, once it is closed.

    Raises:
        RuntimeMissingError: the driver of PostgreSQL is not installed.
        StoreError: the address is malformed.
    """
    try:
        parts = parse_url(url)
        if parts.get_backend_name() == "sqlite":
            return _sqlite(parts)
        if "@" in (parts.host or ""):
            raise ValueError("the rest of a password")
        settings = {**_POSTGRESQL, "application_name": program[:63]}
        return create_engine(
            parts,
            poolclass=QueuePool if kept else NullPool,
            pool_pre_ping=kept,
            hide_parameters=True,
            connect_args=settings,
        )
    except ImportError:
        raise RuntimeMissingError(
            'PostgreSQL is reached by psycopg: in the checkout, pip install ".[postgres]"'
        ) from None
    except (ArgumentError, ValueError):
        raise StoreError(
            "the address of the database cannot be read; it is "
            "postgresql://USER:PASSWORD@HOST/DATABASE, signs of the password as %XX"
        ) from None


def place_of(url: str) -> str:
    """Name a database without what may be secret."""
    try:
        parts = parse_url(url)
    except (ArgumentError, ValueError):
        return "the database"
    if parts.get_backend_name() == "sqlite":
        return str(parts.database)
    host = (parts.host or "").rpartition("@")[2]  # before that is a password with a bare @
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.get_backend_name()}://{host}{port}/{parts.database or ''}"


@contextmanager
def told(url: str) -> Iterator[None]:
    """Turn errors of the database into words without secrets.

    Raises:
        StoreError: whatever the block failed with.
    """
    try:
        yield
    except StoreError as error:
        raise StoreError(f"{place_of(url)}: {error}") from None
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(f"{place_of(url)}: {_words(error, url)}") from None


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url, poolclass=NullPool, hide_parameters=True, connect_args={"timeout": BUSY_S}
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # `_begin` begins: sqlite3 leaves tables out
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _words(error: Exception, url: str) -> str:
    """Return what a driver says, on one line, without the password."""
    cause: Any = error.orig if isinstance(error, DBAPIError) else error
    words = " ".join(str(getattr(cause, "strerror", None) or cause).split()) or type(cause).__name__
    password = parse_url(url).password
    if password:
        words = words.replace(str(password), "***")
    if getattr(cause, "sqlite_errorname", "").startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        words += "; it is left as it is: move it away, or put a copy in its place"
    return words
