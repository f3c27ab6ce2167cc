"""The thread that talks to the database, which may hang for as long as it likes."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from streamrec.errors import RuntimeMissingError, StoreError
from streamrec.store.messages import Interrupted, Record
from streamrec.store.spool import Spool
from streamrec.types import now_s

if TYPE_CHECKING:
    from streamrec.store.database import Database

SHORTEST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
"""Between two attempts to reach the database."""

CHECK_S = 2.0
"""How often a database that has nothing to do is asked whether it is there."""

SPOOL_BATCH = 500
PRUNE_S = 3600.0
"""How often old rows are looked for."""

_IDLE_S = 0.2
_DAY_S = 86400.0


class Job:
    """Records on their way into the database."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.written = False
        self._over = threading.Event()

    def finish(self, written: bool) -> None:
        """Say what has become of them."""
        self.written = written
        self._over.set()

    def wait(self, patience_s: float) -> bool:
        """Tell whether they are in the database, after so many seconds at most."""
        return self._over.wait(patience_s) and self.written


class Writer:
    """Empties the spool into the database, then takes records as they come.

    Args:
        url: the database.
        spool: what is older than all records that are handed over here.
        keep_days: days after which rows are deleted; 0: never.
        announce: is called once, in the thread, with what has no end.

    Attributes:
        error: why the database is not written to, in words without secrets; empty: it is, or is
            about to be for the first time.
        written: records in the database so far.
        refused: records that it does not take.
    """

    def __init__(
        self, url: str, spool: Spool, keep_days: float, announce: Callable[[Interrupted], None]
    ) -> None:
        self.error = ""
        self.written = self.refused = 0
        self._ready = False
        self._url, self._spool, self._keep_days = url, spool, keep_days
        self._announce: Callable[[Interrupted], None] | None = announce
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._ending = threading.Event()
        self._check_s = self._prune_s = 0.0
        self._thread = threading.Thread(target=self._run, name="database", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs; one that does not has met a defect of ours."""
        return self._thread.is_alive()

    def write(self, records: Sequence[Record], patience_s: float) -> bool:
        """Tell whether records have got into the database in time.

        Those that have not belong into the spool; so do all while there is something in it.
        """
        if not self._ready or self._spool.count:
            return False
        job = Job(records)
        self._jobs.put(job)
        return job.wait(patience_s)

    def end(self, patience_s: float) -> None:
        """End; what it does just now is undone by the database if it takes longer than this."""
        self._ending.set()
        self._jobs.put(None)
        self._thread.join(patience_s)

    def _run(self) -> None:
        from streamrec.store.database import Database  # takes long: the spool serves meanwhile

        wait_s = SHORTEST_WAIT_S
        while not self._ending.is_set():
            try:
                database = Database(self._url)
                try:
                    self._deliver(database)
                    wait_s = SHORTEST_WAIT_S
                    self._serve(database)
                finally:
                    with suppress(StoreError):
                        database.close()
            except (StoreError, RuntimeMissingError, OSError) as error:
                self._fail(str(error))
                self._ending.wait(wait_s)
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def _serve(self, database: "Database") -> None:
        """Write what comes."""
        if self._announce is not None:
            self._announce(database.interrupted())
            self._announce = None
        while not self._ending.is_set():
            self._ready, self.error = True, ""
            self._take(database)
            self._deliver(database)
            self._check(database)
            self._prune(database)

    def _deliver(self, database: "Database") -> None:
        """Write what is in the spool."""
        while self._spool.count and not self._ending.is_set():
            batch = self._spool.oldest(SPOOL_BATCH)
            self._write(database, batch.records)
            self._spool.drop(batch)

    def _take(self, database: "Database") -> None:
        """Write the records that are handed over next, if there are any soon."""
        with suppress(queue.Empty):
            if (job := self._jobs.get(timeout=_IDLE_S)) is None:
                return
            try:
                self._write(database, job.records)
            except StoreError:
                self._ready = False
                job.finish(False)
                raise
            job.finish(True)

    def _write(self, database: "Database", records: Sequence[Record]) -> None:
        taken = database.write(records)
        self.written += taken
        self.refused += len(records) - taken

    def _fail(self, error: str) -> None:
        """Let nobody wait for the database."""
        self._ready, self.error = False, error
        with suppress(queue.Empty):
            while True:
                if (job := self._jobs.get_nowait()) is not None:
                    job.finish(False)

    def _check(self, database: "Database") -> None:
        """Fail where the database has gone, also when there is nothing to write."""
        if time.monotonic() >= self._check_s:
            database.check()
            self._check_s = time.monotonic() + CHECK_S

    def _prune(self, database: "Database") -> None:
        """Delete a few old rows, if it is time."""
        if not self._keep_days or time.monotonic() < self._prune_s:
            return
        if not database.prune(now_s() - self._keep_days * _DAY_S):
            self._prune_s = time.monotonic() + PRUNE_S
