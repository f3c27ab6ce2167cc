"""The workers together: who watches what, and what happens when one of them fails."""

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping

from streamrec.service.assign import assign, workers_wanted
from streamrec.service.board import Board
from streamrec.service.messages import Begin, FromWorker
from streamrec.service.settings import CameraSettings
from streamrec.service.workers import Worker
from streamrec.types import CameraState, now_s

MOST_DEATHS = 3
"""After so many deaths of a worker within five minutes its cameras are watched apart."""

STOP_S = 1.0
"""Workers that have not ended by themselves after this are killed."""

_log = logging.getLogger("streamrec")


class Team:
    """Workers, as many as there is work for.

    Args:
        module: what they run.
        board: is told when a camera gets a worker and when it loses it.
        begin: what each of them is told first.
        workers: how many there are; 0: one for every 16 cameras, at most one a core.
        cores: of this machine.
        restarted: is told of each worker that failed and is started again.
    """

    def __init__(
        self,
        module: str,
        board: Board,
        *,
        begin: Begin,
        workers: int,
        cores: int,
        restarted: Callable[[], None] = lambda: None,
    ) -> None:
        self._module, self._board, self._begin = module, board, begin
        self._restarted = restarted
        self._asked, self._cores = workers, cores
        self._workers: dict[int, Worker] = {}
        self._number = 0

    def __len__(self) -> int:
        return len(self._workers)

    @property
    def pids(self) -> list[int]:
        """Numbers of the processes that run."""
        return [worker.pid for worker in self._workers.values() if worker.pid is not None]

    def filenos(self) -> list[int]:
        """Return what pollers wait for."""
        filenos = (worker.fileno() for worker in self._workers.values())
        return [fileno for fileno in filenos if fileno is not None]

    def worker_of(self, camera: str) -> Worker | None:
        """Return who watches a camera, if anybody does."""
        return next((w for w in self._workers.values() if camera in w.cameras), None)

    def hear(self) -> Iterator[tuple[Worker, FromWorker]]:
        """Take what workers have said."""
        for worker in self._workers.values():
            for message in worker.hear(time.monotonic()):
                yield worker, message

    def watch(self, wanted: Mapping[str, CameraSettings], anew: Collection[str] = ()) -> None:
        """Watch these cameras and no others.

        Those that are watched already, in the same way, are left alone.

        Args:
            wanted: settings by name.
            anew: names of those that are begun anew in any case.
        """
        self._forget_others(wanted)
        for name, number in self._places(wanted).items():
            worker = self._workers[number]
            if worker.cameras.get(name) != wanted[name] or name in anew:
                self._board.begin(name)
                self._board.say(name, CameraState.CONNECTING)
                worker.watch(wanted[name])
        self._start()

    def replace_failed(self) -> None:
        """Start workers again that have ended or hang, each after its wait."""
        for worker in list(self._workers.values()):
            if why := worker.failure(time.monotonic()):
                self._replace(worker, why)
        self._start()

    def close(self) -> None:
        """End all workers, within a second or by force."""
        for worker in self._workers.values():
            worker.hang_up()
        end_s = time.monotonic() + STOP_S
        for worker in self._workers.values():
            worker.stop(max(0.0, end_s - time.monotonic()))

    def _start(self) -> None:
        for worker in self._workers.values():
            worker.start_if_due(time.monotonic())

    def _forget_others(self, wanted: Mapping[str, CameraSettings]) -> None:
        """Forget what is not wanted; who was apart and has done no harm goes back to the others."""
        for worker in list(self._workers.values()):
            back = worker.alone and worker.has_settled(time.monotonic())
            for name in [name for name in worker.cameras if back or name not in wanted]:
                worker.forget(name)
            if worker.alone and not worker.cameras:
                worker.kill()
                del self._workers[worker.number]

    def _places(self, wanted: Mapping[str, CameraSettings]) -> dict[str, int]:
        """Return each camera's worker by its number."""
        placed = {name: w.number for w in self._workers.values() for name in w.cameras}
        apart = {name: placed[name] for name in placed if self._workers[placed[name]].alone}
        together = [name for name in wanted if name not in apart]
        return assign(together, placed, self._shared(len(together))) | apart

    def _shared(self, cameras: int) -> list[int]:
        """Return the numbers of those that take any camera; more where there is more to do."""
        shared = [worker.number for worker in self._workers.values() if not worker.alone]
        missing = workers_wanted(self._asked, cameras, self._cores) - len(shared)
        return shared + [self._new_worker().number for _ in range(missing)]

    def _new_worker(self, *, alone: bool = False) -> Worker:
        self._number += 1
        worker = Worker(self._number, self._module, self._begin, alone=alone)
        self._workers[worker.number] = worker
        return worker

    def _replace(self, worker: Worker, why: str) -> None:
        """Tell its cameras, and set them apart where it has died too often."""
        worker.fail(time.monotonic())
        self._restarted()
        apart = len(worker.deaths) >= MOST_DEATHS and len(worker.cameras) > 1
        wait_s = 0.0 if apart else max(0.0, worker.start_s - time.monotonic())
        then = f"started again in {wait_s:.0f} s" if wait_s else "started again"
        extra = {"worker": worker.number}
        _log.warning("worker %d: %s; %s", worker.number, why, then, extra=extra)
        for name in worker.cameras:
            self._board.failed(
                name, f"{why}; {then}", attempt=len(worker.deaths), retry_s=now_s() + wait_s
            )
        if apart:
            self._set_apart(worker)

    def _set_apart(self, worker: Worker) -> None:
        """Give each of its cameras a worker of its own, so that one cannot take others down."""
        for camera in worker.cameras.values():
            self._new_worker(alone=True).watch(camera)
        worker.cameras.clear()
        worker.deaths.clear()
