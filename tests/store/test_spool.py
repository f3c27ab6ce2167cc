import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored import event_record

from streamrec.store import spool as module
from streamrec.store.spool import STEP_BYTES, Spool


def filled(path, records, **options):
    spool = Spool(path, **options)
    spool.append(records)
    return spool


def found_in(path):
    spool = Spool(path)
    records = list(spool.oldest(10_000).records)
    assert len(records) == spool.count
    spool.close()
    return records


def made(count):
    return [event_record() for _ in range(count)]


def test_records_survive_a_restart_in_order(tmp_path):
    records = made(3)
    filled(tmp_path / "spool", records[:1]).close()
    filled(tmp_path / "spool", records[1:]).close()
    assert found_in(tmp_path / "spool") == records


def test_what_is_dropped_is_gone_and_an_empty_spool_stays_empty(tmp_path):
    records = made(5)
    spool = filled(tmp_path / "spool", records)
    spool.drop(spool.oldest(2))
    assert spool.oldest(10).records == tuple(records[2:])
    spool.drop(spool.oldest(10))
    assert (spool.count, spool.oldest(10).records) == (0, ())
    spool.close()
    assert found_in(tmp_path / "spool") == []


def test_what_an_earlier_filling_left_behind_is_no_record(tmp_path):
    spool = filled(tmp_path / "spool", made(5))
    spool.drop(spool.oldest(10))
    newest = made(1)
    spool.append(newest)
    spool.close()
    assert found_in(tmp_path / "spool") == newest


def test_records_that_are_appended_while_others_are_taken_stay(tmp_path):
    records = made(3)
    spool = filled(tmp_path / "spool", records[:2])
    taken = spool.oldest(10)
    spool.append(records[2:])
    spool.drop(taken)
    assert spool.oldest(10).records == tuple(records[2:])


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_torn_or_damaged_tail_costs_only_what_it_hits(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("torn") / "spool"
    records = made(4)
    spool = filled(path, records)
    end = spool._end.offset
    spool.close()
    at = data.draw(st.integers(module._FIRST, end - 1))
    garbage = data.draw(st.binary(min_size=1, max_size=40))
    with path.open("r+b") as file:
        file.seek(at)
        before = file.read(len(garbage))
        file.seek(at)
        file.write(garbage)
        if data.draw(st.booleans()):
            file.truncate(at + len(garbage))
    survivors = found_in(path)
    assert survivors == records[: len(survivors)]
    assert len(survivors) >= (at - module._FIRST) // (end // 4 + 1)
    if before == garbage:
        return
    newer = made(2)
    filled(path, newer).close()
    assert found_in(path) == survivors + newer


def test_a_spool_that_is_full_refuses_and_stays_as_it_was(tmp_path):
    records = made(2)
    spool = filled(tmp_path / "spool", records, most_bytes=2000)
    with pytest.raises(OSError, match="the spool is full"):
        spool.append(made(10))
    assert spool.oldest(20).records == tuple(records)
    spool.drop(spool.oldest(20))
    spool.append(made(1))


def test_room_is_taken_in_advance_and_given_back(tmp_path):
    path = tmp_path / "spool"
    spool = Spool(path)
    assert path.stat().st_size == STEP_BYTES
    large = event_record(model="m" * 1_000_000)
    for _ in range(10):
        spool.append([large])
    assert path.stat().st_size == 2 * STEP_BYTES
    spool.drop(spool.oldest(20))
    assert path.stat().st_size == STEP_BYTES


def test_room_is_also_taken_where_the_system_cannot_promise_it(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "posix_fallocate", raising=False)
    records = made(3)
    filled(tmp_path / "spool", records).close()
    assert (tmp_path / "spool").stat().st_size == STEP_BYTES
    assert found_in(tmp_path / "spool") == records


def test_a_file_that_is_no_spool_is_moved_aside(tmp_path):
    path = tmp_path / "spool"
    path.write_bytes(b"somebody's letters")
    assert found_in(path) == []
    assert (tmp_path / "spool.bad").read_bytes() == b"somebody's letters"


def test_what_was_moved_aside_is_told_once(tmp_path):
    path = tmp_path / "spool"
    path.write_bytes(b"streamrec spool 2\nand records of that")
    spools = [Spool(path), Spool(path)]
    assert str(tmp_path / "spool.bad") in spools[0].remark
    assert spools[1].remark == ""
    for spool in spools:
        spool.close()


def test_records_of_another_version_are_passed_over_and_counted(tmp_path, monkeypatch):
    path, records = tmp_path / "spool", made(2)
    spool = Spool(path)
    spool.append(records[:1])
    with monkeypatch.context() as other:
        other.setattr(module, "_encode", lambda record: b"\x81\xa6future\x01")
        spool.append(made(2))
    spool.append(records[1:])
    spool.close()
    spool = Spool(path)
    assert (spool.count, spool.unread) == (2, 2) and "another version" in spool.remark
    assert spool.oldest(10).records == tuple(records)
    spool.drop(spool.oldest(10))
    spool.close()
    spool = Spool(path)
    assert (spool.count, spool.unread, spool.remark) == (0, 0, "")


def test_a_file_that_was_only_begun_is_a_spool(tmp_path):
    for content in (b"", bytes(100), b"streamrec spool 1\n"):
        (tmp_path / "spool").write_bytes(content)
        assert found_in(tmp_path / "spool") == []
