"""The thread that writes."""

import os
import sys
import threading

import pytest

from streamrec.footage.writer import NICENESS, Task, Writer

PATIENCE_S = 10.0


def test_tasks_are_done_in_their_order_on_one_other_thread():
    done, writer = [], Writer()
    for number in range(5):
        task = Task(lambda n=number: done.append((n, threading.get_ident())), print, 1)
        assert writer.submit(task)
    assert writer.drain(PATIENCE_S)
    assert [number for number, _ in done] == list(range(5))
    assert len({thread for _, thread in done} - {threading.get_ident()}) == 1


def test_no_more_waits_than_allowed_and_there_is_room_again_later():
    blocked, writer = threading.Event(), Writer(most_bytes=100)
    assert writer.submit(Task(lambda: blocked.wait(PATIENCE_S), lambda error: None, 60))
    assert writer.submit(Task(lambda: None, lambda error: None, 40))
    assert not writer.submit(Task(lambda: None, lambda error: None, 1))
    assert not writer.drain(0.01)
    blocked.set()
    assert writer.drain(PATIENCE_S)
    assert writer.submit(Task(lambda: None, lambda error: None, 100))


def test_whatever_goes_wrong_is_told_and_the_next_task_is_done():
    told, writer = [], Writer()
    writer.submit(Task(lambda: 1 / 0, told.append, 1))
    writer.submit(Task(lambda: None, told.append, 1))
    assert writer.drain(PATIENCE_S)
    assert [type(error) for error in told] == [ZeroDivisionError, type(None)]


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
def test_the_thread_gives_way_to_all_others():
    priorities, writer = [], Writer()
    task = Task(
        lambda: priorities.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id())),
        lambda error: None,
        1,
    )
    before = os.getpriority(os.PRIO_PROCESS, 0)
    writer.submit(task)
    assert writer.drain(PATIENCE_S)
    assert priorities == [NICENESS] and os.getpriority(os.PRIO_PROCESS, 0) == before
