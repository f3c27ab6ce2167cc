"""Reading stores of either kind; they are made by the service's own writer."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import create_engine, text

from streamrec.errors import OptionError, StoreError
from streamrec.store import query
from streamrec.store.database import Database
from streamrec.store.messages import Record
from streamrec.store.place import store_place
from streamrec.store.query import (
    EventFilter,
    count_events,
    event_of,
    find_event,
    find_events,
    find_statuses,
    messages_after,
    messages_of,
)
from streamrec.store.reader import Reader
from streamrec.types import EventEnd, EventPhase
from tests.store.made_store import BEGIN_S, event_record_of, fill, made_event, made_status


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


@pytest.fixture
def url(file: Path) -> str:
    return store_place(str(file)).url


def labels(url, **wanted):
    with Reader(url) as reader:
        return [event.label for event in find_events(reader, EventFilter(**wanted))]


def test_an_event_is_read_as_it_was_written_from_either_kind_of_database(place):
    ended, ongoing = made_event(label="\N{SNOWMAN} %"), made_event(BEGIN_S + 9, None, pts_s=-1.5)
    fill(place.url, [ended, ongoing])
    with Reader(place.url) as reader:
        assert list(find_events(reader, EventFilter())) == [ongoing, ended]
        assert find_event(reader, ended.id[:8]) == event_of(reader, ended.id) == ended
        assert [message.id for message in messages_of(reader, ended.id)] == [ended.id]
        assert messages_after(reader).messages[1].number == messages_after(reader).newest


def test_each_filter_leaves_out_what_does_not_fit(place):
    fill(
        place.url,
        [
            made_event(BEGIN_S, 100.0, label="Clap hands", source="yard"),
            made_event(BEGIN_S + 10, 2.0, label="clap_hands", peak=0.5),
            made_event(BEGIN_S + 50, None, label="wave 100%"),
        ],
    )
    everything = ["wave 100%", "clap_hands", "Clap hands"]
    for wanted, expected in (
        ({}, everything),
        ({"since_s": BEGIN_S + 20}, ["wave 100%", "Clap hands"]),
        ({"until_s": BEGIN_S + 50}, ["clap_hands", "Clap hands"]),
        ({"sources": ("yard", "nowhere")}, ["Clap hands"]),
        ({"labels": ("clap*",)}, ["clap_hands", "Clap hands"]),
        ({"labels": ("clap_hands", "*%")}, ["wave 100%", "clap_hands"]),
        ({"labels": ("clap?HANDS",)}, ["clap_hands", "Clap hands"]),
        ({"least_peak": 0.6}, ["wave 100%", "Clap hands"]),
        ({"open_only": True}, ["wave 100%"]),
        ({"most": 2}, everything[:2]),
    ):
        assert labels(place.url, **wanted) == expected, wanted


def test_the_oldest_first_of_the_newest(url):
    fill(url, [made_event(BEGIN_S + i, label=str(i)) for i in range(4)])
    with Reader(url) as reader:
        wanted = EventFilter(most=2)
        assert [e.label for e in find_events(reader, wanted, oldest_first=True)] == ["2", "3"]
        assert count_events(reader, wanted) == 4


def test_the_beginning_of_an_id_is_enough_where_only_one_begins_so(place):
    ids = [f"abcd000{i}-0f9a-5{i}f0-9abc-0123456789a{i}" for i in range(3)]
    fill(place.url, [made_event(BEGIN_S + i, id=name) for i, name in enumerate(ids)])
    with Reader(place.url) as reader:
        for length in (8, 9, 13, 20, 36):
            assert find_event(reader, ids[1][:length]).id == ids[1]
        for prefix, part in (("abcd", "more than one"), ("abce", "no event"), ("ab", "at least")):
            with pytest.raises(OptionError, match=part):
                find_event(reader, prefix)
        assert event_of(reader, "abcd") is None


def test_small_and_capital_letters_are_alike_in_any_alphabet(place):
    fill(place.url, [made_event(label="\N{LATIN CAPITAL LETTER U WITH DIAERESIS}bergang")])
    assert labels(place.url, labels=("\N{LATIN SMALL LETTER U WITH DIAERESIS}BER*",))


def test_pages_give_every_message_once_in_order(url, monkeypatch):
    monkeypatch.setattr(query, "MESSAGES_LOOKED_AT", 7)
    events = [made_event(BEGIN_S + i, source=f"cam{i % 5}") for i in range(50)]
    numbers = fill(url, events)
    for sources in (None, ("cam3",), ("nowhere",)):
        found, number, more = [], 0, True
        with Reader(url) as reader:
            while more:
                page = messages_after(reader, number, sources=sources, most=4)
                assert len(page.messages) <= 4 and page.newest == numbers[-1]
                assert number < page.number or not page.more
                found += [message.number for message in page.messages]
                number, more = page.number, page.more
        named = dict(zip(numbers, events, strict=True))
        assert found == [n for n in numbers if sources is None or named[n].source in sources]
        assert number == numbers[-1]


def test_a_page_begins_after_a_number_and_at_a_time(url):
    numbers = fill(url, [made_event(BEGIN_S + i * 100) for i in range(20)])
    with Reader(url) as reader:
        assert [m.number for m in messages_after(reader, numbers[17]).messages] == numbers[18:]
        since = messages_after(reader, since_s=BEGIN_S + 1803.0)
        assert [message.number for message in since.messages] == numbers[18:]
        assert messages_after(reader, since_s=-1e305).messages[0].number == numbers[0]
        assert messages_after(reader, since_s=1e305) == ((), numbers[-1], numbers[-1], False)
        assert messages_after(reader, numbers[0], most=0) == ((), numbers[0], numbers[-1], True)
        beyond = numbers[-1] + 5
        assert messages_after(reader, beyond) == ((), beyond, numbers[-1], False)


def test_an_end_that_was_told_later_is_in_the_page_of_its_own_time(url):
    begun = event_record_of(made_event(BEGIN_S, None))
    number = begun.number + 60_000_000
    ended = {"phase": EventPhase.END, "ended_s": begun.message.captured_s, "number": number}
    database = Database(url)
    end = replace(begun.message, reason=EventEnd.INTERRUPTED, **ended)
    database.write([begun, Record(number, end)])
    database.close()
    with Reader(url) as reader:
        (found,) = messages_after(reader, since_s=BEGIN_S + 30).messages
    assert found.reason is EventEnd.INTERRUPTED


def test_an_empty_store_has_nothing(url):
    fill(url)
    with Reader(url) as reader:
        assert messages_after(reader) == ((), 0, 0, False)
        assert list(find_events(reader, EventFilter())) == []


def test_messages_that_cannot_be_read_are_left_out(url):
    numbers = fill(url, [made_event(BEGIN_S + i) for i in range(3)])
    with create_engine(url).begin() as connection:
        connection.execute(text(f"UPDATE messages SET payload = '{{' WHERE number = {numbers[1]}"))
    with Reader(url) as reader:
        found = messages_after(reader).messages
    assert [message.number for message in found] == [numbers[0], numbers[2]]


def test_statuses_begin_with_what_was_known_of_each_camera(place):
    told = [
        made_status(BEGIN_S, "connecting"),
        made_status(BEGIN_S + 1, "live"),
        made_status(BEGIN_S + 2, "disabled", "yard"),
        made_status(BEGIN_S + 10, "lost"),
        made_status(BEGIN_S + 20, "live"),
    ]
    fill(place.url, statuses=told)
    with Reader(place.url) as reader:
        found = list(find_statuses(reader, BEGIN_S + 5, BEGIN_S + 15))
        states = [(status.source, status.state) for status in found]
        assert sorted(states[:2]) == [("door", "live"), ("yard", "disabled")]
        assert states[2:] == [("door", "lost")]
        assert len(list(find_statuses(reader, sources=("yard",)))) == 1


def test_reading_never_makes_or_changes_a_file(file, url):
    with Reader(url) as reader, pytest.raises(StoreError, match=r"no such file; --store FILE"):
        list(find_events(reader, EventFilter()))
    assert not list(file.parent.iterdir())
    fill(url, [made_event()])
    before = file.read_bytes()
    assert labels(url) == ["wave"]
    assert file.read_bytes() == before


def test_a_store_in_another_users_folder_is_said_to_be_that(file, url, monkeypatch):
    fill(url)
    monkeypatch.setattr("os.stat", denied)  # as pathlib calls it; root itself is denied nothing
    with Reader(url) as reader, pytest.raises(StoreError, match="Permission denied") as caught:
        count_events(reader, EventFilter())
    assert str(caught.value) == f"{file}: Permission denied"


def denied(*_, **__):
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def test_what_is_written_while_a_service_runs_is_read_at_once(file, url):
    fill(url)
    writer = Database(url)
    with Reader(url) as reader:
        for index in range(3):
            writer.write([event_record_of(made_event(BEGIN_S + index), index)])
            assert count_events(reader, EventFilter()) == index + 1
            open_too = find_events(reader, EventFilter())  # a reader in the middle of its rows
            next(open_too)
            writer.write([event_record_of(made_event(BEGIN_S + index), index)])
    writer.close()


def test_a_store_in_a_folder_that_cannot_be_written_is_read(file, url, monkeypatch):
    fill(url, [made_event()])
    connect = sqlite3.connect

    class Refuses(sqlite3.Connection):  # as where the WAL's files cannot be made
        def execute(self, *args):
            raise sqlite3.OperationalError("unable to open database file")

    def opened(name, *args, **options):
        factory = {} if "immutable" in name else {"factory": Refuses}
        return connect(name, *args, **options, **factory)

    monkeypatch.setattr(sqlite3, "connect", opened)
    assert labels(url) == ["wave"]


def test_other_databases_and_other_versions_are_refused_in_words(file, url):
    file.write_bytes(b"no database at all" * 100)
    for ruin, part in (
        (None, "not a database"),
        ("DROP TABLE alembic_version", "no store of events"),
        ("UPDATE alembic_version SET version_num = '9999'", "newer streamrec"),
        ("DROP TABLE events", "no such table"),
        ("UPDATE events SET reason = 'boredom'", "not known here"),
        ("UPDATE events SET started_s = 1e200", "no calendar"),
    ):
        if ruin is not None:
            file.unlink(missing_ok=True)
            fill(url, [made_event()])
            with sqlite3.connect(file) as connection:
                connection.execute(ruin)
            connection.close()
        with Reader(url) as reader, pytest.raises(StoreError, match=part) as caught:
            list(find_events(reader, EventFilter()))
        assert str(file) in str(caught.value) or part in ("not known here", "no calendar")


def test_a_database_server_that_is_away_is_said_without_the_password():
    url = store_place("postgresql://me:hunter2@127.0.0.1:1/events").url
    with Reader(url) as reader, pytest.raises(StoreError) as caught:
        list(find_events(reader, EventFilter()))
    assert "postgresql://127.0.0.1:1/events" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_database_server_that_comes_back_is_read_again(request):
    server = request.getfixturevalue("postgres_server")
    url = store_place(server.new_database()).url
    fill(url, [made_event()])
    with Reader(url) as reader:
        assert count_events(reader, EventFilter()) == 1
        server.stop()
        try:
            with pytest.raises(StoreError):
                count_events(reader, EventFilter())
        finally:
            server.start()
        assert count_events(reader, EventFilter()) == 1
