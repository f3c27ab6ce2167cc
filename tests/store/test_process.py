import socket
import threading

import pytest
from stored import event_record, numbers_in, status_record

from streamrec.child import Line
from streamrec.store.messages import FromStore, Keep, Kept, Open, StoreHealth
from streamrec.store.process import _Process
from streamrec.store.spool import Spool

PATIENCE_S = 20.0


@pytest.fixture
def process(tmp_path):
    """A line to a process, in a thread, whose spool is tiny and whose database is none."""
    (tmp_path / "events.db").write_bytes(b"letters " * 1000)
    place = Open(url=f"sqlite:///{tmp_path / 'events.db'}", spool=str(tmp_path / "spool"))
    ours, theirs = socket.socketpair()
    line = Line(ours, FromStore)
    running = _Process(Line(theirs, Open | Keep), place, Spool(tmp_path / "spool", 3000))
    thread = threading.Thread(target=running.run)
    thread.start()
    yield line
    line.close()
    thread.join(PATIENCE_S)


def hear(line, condition):
    """Take messages until one is as it should be."""
    while (message := line.receive(PATIENCE_S)) is not None:
        if condition(message):
            return message
    raise AssertionError("it says nothing")


def test_changes_of_cameras_are_lost_before_events_where_nothing_has_room(process, tmp_path):
    statuses = [status_record(reason="r" * 1000) for _ in range(3)]
    event = event_record()
    process.send(Keep((*statuses, event)))
    assert hear(process, lambda m: isinstance(m, Kept)).number == event.number
    health = hear(process, lambda m: isinstance(m, StoreHealth) and m.lost)
    assert (health.lost, health.spooled) == (3, 1)


def test_events_that_find_no_room_are_acknowledged_once_they_do(process, tmp_path):
    events = [event_record(model="m" * 2000) for _ in range(3)]
    process.send(Keep(tuple(events)))
    told = hear(process, lambda m: isinstance(m, Kept) or (m.error and "nor does" in m.error))
    assert isinstance(told, StoreHealth)
    assert "the spool is full" in told.error
    (tmp_path / "events.db").unlink()
    assert hear(process, lambda m: isinstance(m, Kept)).number == events[-1].number
    assert len(numbers_in(f"sqlite:///{tmp_path / 'events.db'}")) == 3
