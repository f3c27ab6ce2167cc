import os
import sqlite3

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from postgres_server import PASSWORD
from sqlalchemy import create_engine, select, text
from stored import end_of, event_record, numbers_in, status_record

from streamrec.errors import OptionError, StoreError
from streamrec.store import database as module
from streamrec.store.database import Database
from streamrec.store.place import store_place
from streamrec.store.query import EventFilter, count_events, find_events
from streamrec.store.reader import Reader
from streamrec.store.tables import events, messages, metadata, statuses
from streamrec.types import EventPhase

QUESTION = pytest.param(
    "\N{SNOWMAN} ?.db", marks=pytest.mark.skipif(os.name == "nt", reason="no name on Windows")
)


@pytest.fixture
def database(place):
    opened = Database(place.url)
    yield opened
    opened.close()


def rows(place, table):
    with create_engine(place.url).connect() as connection:
        return connection.execute(select(table)).all()


def execute(place, statement):
    with create_engine(place.url).begin() as connection:
        connection.execute(text(statement))


def test_the_migrations_make_the_tables_that_the_program_knows(place, database):
    with create_engine(place.url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_store_is_opened_again(place, database):
    database.write([event_record()])
    database.close()
    again = Database(place.url)
    again.close()
    assert len(numbers_in(place.url)) == 1


def test_records_that_come_twice_are_stored_once(place, database):
    start, status = event_record(), status_record()
    assert database.write([start, status]) == 2
    assert database.write([start, status]) == 2
    assert numbers_in(place.url) == [start.number, status.number]


def test_an_event_is_one_row_as_its_newest_message_has_it(place, database):
    start = event_record()
    end = end_of(start)
    database.write([start, end])
    database.write([start])
    (row,) = rows(place, events)
    assert (row.id, row.number, row.reason) == (start.message.id, end.number, "score")
    assert row.ended_s == start.message.captured_s
    assert [row.number for row in rows(place, messages)] == [start.number, end.number]


def test_events_without_an_end_are_interrupted(place, database):
    ended = event_record()
    end, began = end_of(ended), event_record()
    update = event_record(began.message.id, phase=EventPhase.UPDATE)
    status = status_record()
    database.write([ended, end, began, update])
    database.write([status])
    found = database.interrupted()
    assert found.events == (update.message,)
    assert found.number == status.number


def test_an_empty_store_has_no_interrupted_events(database):
    assert (database.interrupted().number, database.interrupted().events) == (0, ())


def test_old_rows_go_in_small_batches(place, database, monkeypatch):
    monkeypatch.setattr(module, "PRUNED_AT_ONCE", 3)
    old = [event_record(started_s=1.0, captured_s=2.0) for _ in range(7)]
    new = [event_record(started_s=1.0), status_record()]
    database.write([*old, status_record(sent_s=1.0), *new])
    assert database.prune(before_s=10.0) == 3
    while database.prune(before_s=10.0):
        pass
    assert numbers_in(place.url) == [record.number for record in new]
    assert [row.id for row in rows(place, events)] == [new[0].message.id]


def test_a_record_that_no_database_takes_does_not_keep_others_out(place, database):
    if not place.url.startswith("postgresql"):
        pytest.skip("SQLite takes anything")
    bad, good = event_record(label="a\0b"), event_record()
    assert database.write([bad, good]) == 1
    assert numbers_in(place.url) == [good.number]


def test_a_newer_database_is_refused_and_left_as_it_is(place, database):
    database.close()
    execute(place, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"version 9999, made by a newer streamrec.*update"):
        Database(place.url)
    execute(place, "SELECT * FROM events")


def test_a_migration_that_is_interrupted_is_as_if_it_had_not_begun(place, monkeypatch):
    monkeypatch.setattr(module, "migrate", broken_migrate)
    with pytest.raises(StoreError, match=r"no such|does not exist"):
        Database(place.url)
    monkeypatch.undo()
    Database(place.url).close()


def broken_migrate(connection):
    from streamrec.store.migrate import migrate

    migrate(connection)
    connection.execute(text("SELECT 1 FROM nowhere"))


def test_a_file_that_is_no_database_is_named_and_left_as_it_is(tmp_path):
    file = tmp_path / "events.db"
    file.write_bytes(b"letters " * 1000)
    with pytest.raises(StoreError, match=r"events\.db: file is not a database; .* move it away"):
        Database(f"sqlite:///{file}")
    assert file.read_bytes() == b"letters " * 1000


def test_a_full_sqlite_database_is_refused_in_words(tmp_path):
    place = f"sqlite:///{tmp_path / 'events.db'}"
    database = Database(place)
    pages = database._connection.exec_driver_sql("PRAGMA page_count").scalar()
    database._connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}").close()
    database._connection.commit()
    with pytest.raises(StoreError, match=r"events\.db: database or disk is full"):
        database.write([event_record(model="m" * 50_000)])


def test_a_sqlite_database_is_safe_from_power_loss_and_open_to_readers(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'events.db'}")
    pragma = database._connection.exec_driver_sql
    assert pragma("PRAGMA journal_mode").scalar() == "wal"
    assert pragma("PRAGMA synchronous").scalar() == 2
    database.close()
    assert sqlite3.connect(tmp_path / "events.db").execute("SELECT * FROM events").fetchall() == []


def test_two_services_do_not_share_a_postgresql_database(postgres_server):
    url = postgres_server.new_database().replace("://", "+psycopg://")
    first = Database(url)
    with pytest.raises(StoreError, match=r"another service .*\(streamrec .*:\d+\).*'store'"):
        Database(url)
    first.close()
    Database(url).close()


PLAIN = ("--template=template0", "--locale-provider=libc", "--locale=C")


def test_any_letter_gets_into_a_postgresql_database_or_it_is_refused(postgres_server, monkeypatch):
    monkeypatch.setenv("STREAMREC_HOME", "unused")
    place = store_place(postgres_server.new_database(*PLAIN, "--encoding=SQL_ASCII"))
    database = Database(place.url)
    assert database.write([event_record(label="\N{SNOWMAN}")]) == 1
    database.close()
    with Reader(place.url) as reader:
        assert [event.label for event in find_events(reader, EventFilter())] == ["\N{SNOWMAN}"]
    place = store_place(postgres_server.new_database(*PLAIN, "--encoding=LATIN1"))
    with pytest.raises(StoreError, match="LATIN1"):
        Database(place.url)


@pytest.mark.parametrize(
    "change", [("127.0.0.1:", "127.0.0.1:1"), ("s3cret", "wr0ng"), ("/test", "/no")]
)
def test_errors_name_the_server_and_no_password(postgres_server, change):
    url = postgres_server.new_database().replace("://", "+psycopg://").replace(*change)
    with pytest.raises(StoreError, match=r"^postgresql\+?\w*://127\.0\.0\.1:\d+/") as caught:
        Database(url)
    for secret in (PASSWORD, "s3cret", "wr0ng", "streamrec:"):
        assert secret not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://a:s3cret@host:port/x",
        "postgresql+psycopg://a:b@s3cret@host/x",
        "nonsense",
    ],
)
def test_a_malformed_address_is_refused_without_its_password(url):
    with pytest.raises(StoreError, match="postgresql://USER:PASSWORD@HOST/DATABASE") as caught:
        Database(url)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("name", ["a%20b#c+d.db", "e=f&g@h.db", QUESTION])
def test_a_file_may_have_any_name(tmp_path, name):
    place = store_place(str(tmp_path / name))
    Database(place.url).close()
    assert (tmp_path / name).is_file()
    with Reader(place.url) as reader:
        assert count_events(reader, EventFilter()) == 0
        assert reader.place == str(tmp_path / name)


def test_a_folder_that_is_not_there_is_named_and_not_made(tmp_path):
    with pytest.raises(StoreError, match="disk"):
        Database(f"sqlite:///{tmp_path / 'disk' / 'events.db'}")
    assert not (tmp_path / "disk").exists()


def test_a_folder_is_no_store(tmp_path):
    with pytest.raises(OptionError, match="is a folder; name a file in it"):
        store_place(str(tmp_path))


def test_what_is_stored_of_a_status(place, database):
    database.write([status_record(reason="all is well")])
    (row,) = rows(place, statuses)
    assert (row.source, row.state, row.reason, row.defect) == ("cam", "live", "all is well", None)
