"""Pictures that clients of the control socket wait for, while the service goes on."""

import time
from typing import NamedTuple

from streamrec.errors import SourceError
from streamrec.service.control import SNAPSHOT_S, ControlServer, Picture, Refused
from streamrec.service.messages import Snapshot
from streamrec.service.workers import Worker


class _Asked(NamedTuple):
    number: int
    due_s: float
    clients: list[bytes]


class Snapshots:
    """Asks workers for pictures and gives them to those who wait.

    One request a camera is under way, whoever joins it: a worker that hangs takes no thousands.

    Args:
        control: where the answers go.
    """

    def __init__(self, control: ControlServer) -> None:
        self._control = control
        self._asked: dict[str, _Asked] = {}
        self._number = 0

    def ask(self, client: bytes, camera: str, worker: Worker) -> None:
        """Have a worker send a camera's next picture to a client."""
        if camera in self._asked:
            self._asked[camera].clients.append(client)
            return
        self._number += 1
        self._asked[camera] = _Asked(self._number, time.monotonic() + SNAPSHOT_S, [client])
        worker.take_snapshot(camera, self._number)

    def take(self, snapshot: Snapshot) -> None:
        """Pass on what a worker sends; one that nobody waits for any more is dropped."""
        asked = self._asked.get(snapshot.camera)
        if asked is None or asked.number != snapshot.number:
            return
        if snapshot.jpeg:
            for client in self._asked.pop(snapshot.camera).clients:
                self._control.answer(client, Picture(), snapshot.jpeg)
        else:
            self._refuse(snapshot.camera, snapshot.error)

    def give_up_late(self) -> None:
        """Refuse those who have waited for too long."""
        for camera, asked in list(self._asked.items()):
            if time.monotonic() >= asked.due_s:
                self._refuse(camera, f"none came within {SNAPSHOT_S:g} s")

    def _refuse(self, camera: str, why: str) -> None:
        refused = Refused(f"no picture of {camera}: {why}", SourceError.exit_code)
        for client in self._asked.pop(camera).clients:
            self._control.answer(client, refused)
