"""Pictures that clients of the control socket wait for, while the service goes on."""

import time
from typing import NamedTuple

from streamrec.errors import SourceError
from streamrec.service.control import SNAPSHOT_S, ControlServer, Picture, Refused
from streamrec.service.messages import Snapshot
from streamrec.service.workers import Worker


class _Asked(NamedTuple):
    client: bytes
    camera: str
    due_s: float


class Snapshots:
    """Asks workers for pictures and gives them to those who wait.

    Args:
        control: where the answers go.
    """

    def __init__(self, control: ControlServer) -> None:
        self._control = control
        self._asked: dict[int, _Asked] = {}
        self._number = 0

    def ask(self, client: bytes, camera: str, worker: Worker) -> None:
        """Have a worker send a camera's next picture to a client."""
        self._number += 1
        self._asked[self._number] = _Asked(client, camera, time.monotonic() + SNAPSHOT_S)
        worker.take_snapshot(camera, self._number)

    def take(self, snapshot: Snapshot) -> None:
        """Pass on what a worker sends; one that nobody waits for any more is dropped."""
        asked = self._asked.pop(snapshot.number, None)
        if asked is None:
            return
        if snapshot.jpeg:
            self._control.answer(asked.client, Picture(), snapshot.jpeg)
        else:
            self._refuse(asked, snapshot.error)

    def give_up_late(self) -> None:
        """Refuse those who have waited for too long."""
        for number, asked in list(self._asked.items()):
            if time.monotonic() >= asked.due_s:
                del self._asked[number]
                self._refuse(asked, f"none came within {SNAPSHOT_S:g} s")

    def _refuse(self, asked: _Asked, why: str) -> None:
        refused = Refused(f"no picture of {asked.camera}: {why}", SourceError.exit_code)
        self._control.answer(asked.client, refused)
