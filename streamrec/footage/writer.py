"""The one thread that writes thumbnails and clips: whatever else there is to do goes first."""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

QUEUED_BYTES = 128 << 20
"""Of pictures that wait to be written; what goes beyond is lost."""

NICENESS = 10
"""Of the thread, on Linux: a tenth of what others get where all cores are busy.

With the lowest, 19, it got so little there that it wrote no clip at all, and others waited longer
for what it held: 35 ms at most, not 8.
"""


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

    On Linux the thread has a low priority; elsewhere the process's own.

    Args:
        most_bytes: that may wait.
    """

    def __init__(self, most_bytes: int = QUEUED_BYTES) -> None:
        self._most_bytes = most_bytes
        self._changed = threading.Condition()
        self._tasks: deque[Task] = deque()
        self._bytes = self._busy = 0
        self._started = False

    def submit(self, task: Task) -> bool:
        """Put a task into the queue; False: it is full."""
        with self._changed:
            if self._bytes + task.size > self._most_bytes:
                return False
            self._tasks.append(task)
            self._bytes += task.size
            self._changed.notify_all()
            if not self._started:
                self._started = True
                self._start(self._run_last)
        return True

    def drain(self, patience_s: float) -> bool:
        """Wait until all is written, for so many seconds at most; False: it is not."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._tasks and not self._busy, patience_s)

    def hurry(self) -> None:
        """Have a thread of ordinary priority take part: the program is about to end."""
        self._start(self._run)

    def _start(self, run: Callable[[], None]) -> None:
        threading.Thread(target=run, name="streamrec-footage", daemon=True).start()

    def _run_last(self) -> None:
        _lower_priority()
        self._run()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._tasks)
                task = self._tasks.popleft()
                self._busy += 1
            task.done(_error_of(task))
            with self._changed:
                self._busy -= 1
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
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
