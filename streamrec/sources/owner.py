"""The owner, as its capture process sees it."""

import os
import threading
from collections import Counter
from queue import Empty, LifoQueue

from streamrec.child import Line, LineClosedError
from streamrec.sources.messages import Noticed, Taken, TakeSnapshot, ToReader
from streamrec.sources.shared import SLOTS

TELL_S = 1.0
"""Between two tellings of what is counted, seconds."""


class Owner:
    """What the owner wants, heard on a thread, and the slots that are free."""

    def __init__(self, line: Line[ToReader]) -> None:
        self.send = line.send
        self.wants_snapshot = threading.Event()
        self._line = line
        self._free: LifoQueue[int] = LifoQueue()
        for slot in reversed(range(SLOTS)):
            self._free.put(slot)
        threading.Thread(target=self._listen, daemon=True).start()

    def free_slot(self, *, wait: bool) -> int | None:
        """Take a free slot, or None where there is none."""
        try:
            return self._free.get(block=wait)
        except Empty:
            return None

    def give_back(self, slot: int) -> None:
        """Declare a slot free."""
        self._free.put(slot)

    def _listen(self) -> None:
        try:
            while True:
                self._hear(self._line.receive())
        except LineClosedError:
            os._exit(0)  # also where the main thread hangs in native code

    def _hear(self, message: ToReader | None) -> None:
        if isinstance(message, Taken):
            self.give_back(message.slot)
        elif isinstance(message, TakeSnapshot):
            self.wants_snapshot.set()


class Tally:
    """Counts of what happens often, told to the owner now and then."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._counts: Counter[str] = Counter()
        self._told_s = 0.0

    def add(self, count: str, times: int = 1) -> None:
        """Count."""
        self._counts[count] += times

    def tell(self, time_s: float) -> None:
        """Tell what has been counted, unless that was done within the last second."""
        if not self._counts or abs(time_s - self._told_s) < TELL_S:
            return
        for count, times in (+self._counts).items():
            self._owner.send(Noticed(count=count, times=times))
        self._counts.clear()
        self._told_s = time_s
