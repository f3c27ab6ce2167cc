"""The keeper with its real process, on both databases."""

import logging
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from stored import Owner, end_of, event_record, numbers_in, status_record

from streamrec.config import StoreOptions
from streamrec.errors import RuntimeMissingError, StoreError
from streamrec.store import keeper as module
from streamrec.store.place import store_place
from streamrec.store.spool import Spool

SLOW = bool(os.environ.get("STREAMREC_SLOW"))
KILLS = 200 if SLOW else 2


def in_order(records):
    return [record.number for record in records]


def test_records_are_kept_and_stored(place, owner):
    store = owner(place)
    records = [event_record(), status_record()]
    store.keep(*records)
    store.wait_kept(records[-1])
    store.wait_stored()
    assert numbers_in(place.url) == in_order(records)
    assert (store.health.written, store.health.lost, store.health.error) == (2, 0, "")


def test_what_was_handed_over_before_the_owner_closes_is_kept(place, owner):
    store = owner(place)
    records = [event_record() for _ in range(100)]
    store.keep(*records)
    store.close()
    assert store.kept == records[-1].number
    store = owner(place)
    store.wait_stored()
    assert numbers_in(place.url) == in_order(records)


def test_events_without_an_end_are_told_once_after_a_restart(place, owner):
    begun, ended = event_record(), event_record()
    store = owner(place)
    store.keep(begun, ended, end_of(ended))
    store.close()
    store = owner(place)
    store.wait(lambda o: o.interrupted)
    assert [event.id for event in store.interrupted[0].events] == [begun.message.id]
    os.kill(store.keeper.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    store.wait(lambda o: o.keeper.starts == 2 and o.errors)
    store.wait_stored()
    assert len(store.interrupted) == 1


def test_events_that_wait_in_the_spool_are_interrupted_too(place, owner):
    begun, ended = event_record(), event_record()
    spool = Spool(place.spool)
    spool.append([begun, ended, end_of(ended)])
    spool.close()
    store = owner(place)
    store.wait(lambda o: o.interrupted)
    assert [event.id for event in store.interrupted[0].events] == [begun.message.id]


@pytest.mark.skipif(sys.platform == "win32", reason="a socket there forgets what nobody has read")
def test_the_process_keeps_what_arrived_when_its_owner_is_killed(place):
    code = (
        "import sys, time; sys.path[:] = eval(sys.argv[1]); from stored import *; "
        "from streamrec.config import StoreOptions; from streamrec.store.place import StorePlace; "
        "from pathlib import Path; url, spool, media = sys.argv[2:]; "
        "o = Owner(StorePlace(url, Path(spool), Path(media)), StoreOptions()); "
        "o.wait(lambda o: o.interrupted); r = [event_record() for _ in range(5)]; o.keep(*r); "
        "print(*(x.number for x in r), flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, repr(sys.path), *map(str, place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:
        numbers = [int(word) for word in killed.stdout.readline().split()]
        killed.kill()
    store = Owner(place, StoreOptions())
    store.wait_stored()
    store.close()
    assert numbers_in(place.url) == numbers


def test_records_wait_in_the_spool_while_the_database_is_away(postgres_server, tmp_path, owner):
    place = store_place(postgres_server.new_database())._replace(spool=tmp_path / "spool")
    store = owner(place)
    records = [event_record() for _ in range(20)]
    store.keep(*records[:5])
    store.wait_stored()
    postgres_server.stop()
    try:
        store.keep(*records[5:15])
        store.wait_kept(records[14])
        store.wait(lambda o: o.health.error and o.health.spooled == 10)
        assert "127.0.0.1" in store.health.error
        assert "s3cret" not in "".join(store.errors)
        assert store.health.lag_s > 0
    finally:
        postgres_server.start()
    store.keep(*records[15:])
    store.wait_stored()
    assert numbers_in(place.url) == in_order(records)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="nothing stops a process there")
def test_a_database_that_goes_is_missed_before_anything_happens(postgres_server, tmp_path, owner):
    place = store_place(postgres_server.new_database())._replace(spool=tmp_path / "spool")
    store = owner(place)
    store.wait(lambda o: o.interrupted)
    postgres_server.stop()
    try:
        store.wait(lambda o: o.health.error)
    finally:
        postgres_server.start()
    store.wait(lambda o: not o.health.error)


def test_a_database_that_hangs_holds_nobody_up(postgres_server, tmp_path, owner):
    place = store_place(postgres_server.new_database())._replace(spool=tmp_path / "spool")
    store = owner(place)
    store.wait(lambda o: o.interrupted)
    postgres_server.send_signal(signal.SIGSTOP)
    try:
        records = [event_record() for _ in range(5)]
        store.keep(*records)
        store.wait_kept(records[-1])
        assert store.keeper.starts == 1
    finally:
        postgres_server.send_signal(signal.SIGCONT)
    store.wait_stored()
    assert numbers_in(place.url) == in_order(records)


def test_the_spool_outlives_a_service_that_never_reached_the_database(
    postgres_server, tmp_path, owner
):
    place = store_place(postgres_server.new_database())._replace(spool=tmp_path / "spool")
    records = [event_record() for _ in range(3)]
    postgres_server.stop()
    try:
        store = owner(place)
        store.keep(*records)
        store.wait_kept(records[-1])
        store.close()
    finally:
        postgres_server.start()
    owner(place).wait_stored()
    assert numbers_in(place.url) == in_order(records)


def test_a_locked_database_holds_nobody_up(tmp_path, owner):
    place = store_place(str(tmp_path / "events.db"))
    store = owner(place)
    store.wait(lambda o: o.interrupted)
    other = sqlite3.connect(tmp_path / "events.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    record = event_record()
    store.keep(record)
    store.wait_kept(record)
    store.wait(lambda o: "locked" in o.health.error)
    other.execute("ROLLBACK")
    store.wait_stored()
    assert numbers_in(place.url) == [record.number]


def test_a_file_that_is_no_database_stays_until_it_is_moved_away(tmp_path, owner):
    file = tmp_path / "events.db"
    file.write_bytes(b"letters " * 1000)
    store = owner(store_place(str(file)))
    record = event_record()
    store.keep(record)
    store.wait_kept(record)
    store.wait(lambda o: "move it away" in o.health.error)
    file.rename(tmp_path / "letters")
    store.wait_stored()
    assert numbers_in(f"sqlite:///{file}") == [record.number]
    assert (tmp_path / "letters").read_bytes() == b"letters " * 1000


def test_a_full_disk_takes_what_fits_the_spool_and_everything_later(tiny_disk, owner):
    place = store_place(str(tiny_disk / "events.db"))
    store = owner(place)
    store.wait(lambda o: o.interrupted)
    filler = tiny_disk / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(bytes(1 << 16))
    records = [event_record(model="m" * 2000) for _ in range(200)]
    store.keep(*records)
    store.wait_kept(records[-1])
    store.wait(lambda o: "full" in o.health.error)
    filler.unlink()
    store.wait_stored()
    assert numbers_in(place.url) == in_order(records)
    assert store.health.lost == 0


@pytest.fixture
def tiny_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", folder]
    try:
        done = subprocess.run(mount, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if done.returncode != 0:
        pytest.skip(f"no disk can be mounted: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_process_that_is_killed_at_any_moment_loses_and_doubles_nothing(place, owner):
    chance = random.Random(0)
    store, records = owner(place), []
    for _ in range(KILLS):
        end_s = time.monotonic() + chance.uniform(0.05, 1.2)
        while time.monotonic() < end_s:
            records.append(event_record())
            store.keep(records[-1])
            store.turn(0.005)
        if store.keeper.pid is not None:
            os.kill(store.keeper.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        store.keeper._deaths = 0  # it is started again at once
    store.wait_kept(records[-1])
    store.wait_stored()
    assert store.keeper.starts > KILLS // 2
    assert numbers_in(place.url) == in_order(records)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="nothing stops a process there")
def test_a_process_that_hangs_is_replaced_and_holds_nobody_up(tmp_path, monkeypatch, owner):
    monkeypatch.setattr(module, "SILENCE_S", 1.0)
    place = store_place(str(tmp_path / "events.db"))
    store = owner(place)
    store.wait(lambda o: o.interrupted)
    os.kill(store.keeper.pid, signal.SIGSTOP)
    records = [event_record(model="m" * 1000) for _ in range(500)]
    store.keep(*records)
    assert store.keeper.starts == 1
    store.wait(lambda o: o.keeper.starts == 2)
    store.wait_kept(records[-1])
    assert numbers_in(place.url) == in_order(records)


def test_beyond_its_memory_the_keeper_loses_changes_of_cameras_first(tmp_path, monkeypatch, owner):
    monkeypatch.setattr(module, "MOST_RECORDS", 10)
    place = store_place(str(tmp_path / "events.db"))
    store = owner(place)
    events = [event_record() for _ in range(8)]
    store.keep(*(status_record() for _ in range(5)), *events)  # before the process listens
    last = event_record()
    store.keep(last)
    store.wait_kept(last)
    store.wait_stored()
    assert set(in_order(events)) < set(numbers_in(place.url))
    assert store.health.lost == 4
    assert len(numbers_in(place.url)) == 10


def test_a_record_that_is_none_is_lost_and_counted(tmp_path, owner, caplog):
    store = owner(store_place(str(tmp_path / "events.db")))
    store.keep(event_record(score=float("nan")), good := event_record())
    store.wait_kept(good)
    store.wait(lambda o: o.health.lost == 1)
    assert "cannot be stored" in caplog.text


def test_what_of_an_earlier_spool_cannot_be_read_is_logged_once_and_counted(
    tmp_path, owner, monkeypatch, caplog
):
    place = store_place(str(tmp_path / "events.db"))
    with monkeypatch.context() as other:
        other.setattr("streamrec.store.spool._encode", lambda record: b"\x81\xa6future\x01")
        spool = Spool(place.spool)
        spool.append([event_record(), event_record()])
        spool.close()
    store = owner(place)
    with caplog.at_level(logging.WARNING):
        store.wait(lambda o: o.health.lost == 2)
        for _ in range(2):
            record = event_record()
            store.keep(record)
            store.wait_kept(record)
    assert [str(place.spool) in line for line in caplog.messages] == [True]


def test_old_events_are_forgotten(tmp_path, owner):
    place = store_place(str(tmp_path / "events.db"))
    old = event_record(started_s=1.0, captured_s=2.0)
    new = event_record()
    spool = Spool(place.spool)
    spool.append([old, new])
    spool.close()
    store = owner(place, keep_days=1.0)
    store.wait(lambda o: o.interrupted and numbers_in(place.url) == [new.number])


def test_a_second_service_with_the_same_store_is_told_which_is_the_first(
    tmp_path, owner, monkeypatch
):
    monkeypatch.setattr(module, "CLAIM_S", 0.1)
    place = store_place(str(tmp_path / "events.db"))
    owner(place).wait(lambda o: o.interrupted)
    with pytest.raises(StoreError, match=rf"process {os.getpid()} on .*'store'") as caught:
        owner(place)
    assert str(place.spool) in str(caught.value)


def test_postgresql_without_its_driver_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    place = store_place("postgresql://a:s3cret@localhost/x")._replace(spool=tmp_path / "spool")
    with pytest.raises(RuntimeMissingError, match="postgres"):
        Owner(place, StoreOptions())


def test_a_process_that_cannot_live_is_told_of_and_tried_again(tmp_path, caplog):
    place = store_place(str(tmp_path / "events.db"))
    store = Owner(place, StoreOptions(), module="streamrec.no_such_module")
    with caplog.at_level(logging.WARNING):
        store.wait(lambda o: "process that stores events ended" in o.health.error)
    store.wait(lambda o: o.keeper.starts == 2)
    store.close(0.0)


def test_spools_of_several_servers_have_names_of_their_own(monkeypatch, tmp_path):
    monkeypatch.setenv("STREAMREC_HOME", str(tmp_path))
    spools = {store_place(f"postgresql://u:{p}@{h}/d").spool for p in "ab" for h in "cd"}
    assert len(spools) == 2
    assert {spool.parent for spool in spools} == {Path(tmp_path)}
