"""The one thread that writes thumbnails and clips: whatever else there is to do goes first."""

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

QUEUED_BYTES = 128 << 20
"""Of pictures that wait to be written; what goes beyond is lost."""

_LOWEST_PRIORITY = 19


class Task(NamedTuple):
    """Something to be written.

    Attributes:
        write: writes it.
        done: is told of the error, or None, on the writer's thread.
        size: bytes that it holds until then.
    """

    write: Callable[[], None]
    done: Callable[[Exception | None], None]
    size: int


class Writer:
    """Does one task after the other, on a thread that starts with the first.

    On Linux the thread has the lowest priority; elsewhere the process's own.

    Args:
        most_bytes: that may wait.
    """

    def __init__(self, most_bytes: int = QUEUED_BYTES) -> None:
        self._most_bytes = most_bytes
        self._changed = threading.Condition()
        self._tasks: deque[Task] = deque()
        self._bytes = 0
        self._thread: threading.Thread | None = None

    def submit(self, task: Task) -> bool:
        """Put a task into the queue; False: it is full."""
        with self._changed:
            if self._bytes + task.size > self._most_bytes:
                return False
            self._tasks.append(task)
            self._bytes += task.size
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="streamrec-footage", daemon=True
                )
                self._thread.start()
        return True

    def drain(self, patience_s: float) -> bool:
        """Wait until all is written, for so many seconds at most; False: it is not."""
        end_s = time.monotonic() + patience_s
        with self._changed:
            while self._tasks and (left_s := end_s - time.monotonic()) > 0:
                self._changed.wait(left_s)
            return not self._tasks

    def _run(self) -> None:
        _lower_priority()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._tasks)
                task = self._tasks[0]
            task.done(_error_of(task))
            with self._changed:
                self._tasks.popleft()
                self._bytes -= task.size
                self._changed.notify_all()


def _error_of(task: Task) -> Exception | None:
    try:
        task.write()
    except Exception as error:  # noqa: BLE001  no file is worth the thread that writes all others
        return error
    return None


def _lower_priority() -> None:
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST_PRIORITY)
