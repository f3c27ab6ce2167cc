"""A worker process as the supervisor sees it: started, watched, and started again."""

import logging
import signal
from collections.abc import Iterator

from msgspec import Struct

from streamrec.child import Child, LineClosedError, restart_wait_s
from streamrec.service.messages import (
    Begin,
    Forget,
    FromWorker,
    TakeSnapshot,
    Watch,
)
from streamrec.service.settings import CameraSettings

SILENCE_S = 20.0
"""A worker that says nothing for so long hangs; it says every second that it lives.

Long enough for a slow machine to start the interpreter.
"""

DEATHS_S = 300.0
"""For so long a death counts against a worker."""

_MOST_MESSAGES = 1000
_LAST_WORDS_S = 0.1

_log = logging.getLogger("streamrec")


class Worker:
    """One worker process at a time, and the cameras that it watches.

    Times are monotonic, in seconds.

    Args:
        number: tells it from the others.
        module: what it runs.
        begin: what it is told first.
        alone: for one camera only, which has killed other workers, or may have.

    Attributes:
        cameras: what it watches, by name.
        deaths: when it died, as far as that counts.
        start_s: when it is started, if it does not run.
    """

    def __init__(self, number: int, module: str, begin: Begin, *, alone: bool = False) -> None:
        self.number, self.alone = number, alone
        self.cameras: dict[str, CameraSettings] = {}
        self.deaths: list[float] = []
        self.start_s = 0.0
        self._module, self._begin = module, begin
        self._child: Child[FromWorker] | None = None
        self._heard_s = self._started_s = 0.0
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process's number; None: there is none."""
        return None if self._child is None else self._child.pid

    def fileno(self) -> int | None:
        """What pollers wait for, if it runs."""
        return None if self._child is None or self._closed else self._child.line.fileno()

    def start_if_due(self, now_s: float) -> None:
        """Start a process, where there is none, is to be one, and the wait for it is over."""
        if self._child is not None or not self.cameras or now_s < self.start_s:
            return
        try:
            self._child = Child(self._module, FromWorker)
        except OSError as error:  # no memory, no process or no file descriptor is left
            extra = {"worker": self.number}
            _log.error("worker %d cannot be started: %s", self.number, error, extra=extra)
            self.fail(now_s)
            return
        self._heard_s = self._started_s = now_s
        self._closed = False
        self._send(self._begin)
        for camera in self.cameras.values():
            self._watch(camera)

    def watch(self, camera: CameraSettings) -> None:
        """Watch a camera, in place of one of the same name."""
        self.cameras[camera.name] = camera
        self._watch(camera)

    def forget(self, name: str) -> None:
        """Stop watching a camera."""
        del self.cameras[name]
        self._send(Forget(name))

    def take_snapshot(self, name: str, number: int) -> None:
        """Ask for a camera's picture."""
        self._send(TakeSnapshot(name, number))

    def hear(self, now_s: float) -> Iterator[FromWorker]:
        """Take what has come."""
        for _ in range(_MOST_MESSAGES):
            message = self._receive()
            if message is None:
                return
            self._heard_s = now_s
            yield message

    def failure(self, now_s: float) -> str:
        """Return how it failed; nothing where it did not."""
        if self._child is None:
            return ""
        if self._closed:
            self._child.stop(_LAST_WORDS_S)
        if (status := self._child.ended()) is not None:
            return f"its worker ended with {_exit_words(status)}"
        silent = now_s - self._heard_s > SILENCE_S
        return f"its worker said nothing for {SILENCE_S:g} s" if silent else ""

    def fail(self, now_s: float) -> None:
        """End what is left of the process; the next one is started after a wait.

        One that ended in peace found nobody who listened, which is no fault of its cameras.
        """
        at_peace = self._child is not None and self._child.ended() == 0
        self.kill()
        self.deaths = [*self.recent_deaths(now_s), *([] if at_peace else [now_s])]
        self.start_s = now_s + restart_wait_s(len(self.deaths))

    def recent_deaths(self, now_s: float) -> list[float]:
        """Return those that count."""
        return [death_s for death_s in self.deaths if now_s - death_s < DEATHS_S]

    def has_settled(self, now_s: float) -> bool:
        """Whether it has run for so long that no death counts any more."""
        return self._child is not None and now_s - self._started_s > DEATHS_S

    def hang_up(self) -> None:
        """Let it end by itself."""
        if self._child is not None:
            self._child.line.close()

    def stop(self, patience_s: float) -> None:
        """Hang up, and end it where it does not end by itself."""
        if self._child is not None:
            self._child.stop(patience_s)
            self._child = None

    def kill(self) -> None:
        """End it at once."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _watch(self, camera: CameraSettings) -> None:
        if self._child is not None:
            self._send(Watch(camera))

    def _send(self, message: Struct) -> None:
        if self._child is None or self._closed:
            return
        try:
            self._child.line.send(message)
        except LineClosedError:
            self._closed = True

    def _receive(self) -> FromWorker | None:
        if self._child is None or self._closed:
            return None
        try:
            return self._child.line.receive(0.0)
        except LineClosedError:
            self._closed = True
            return None


def _exit_words(status: int) -> str:
    if status == 0:
        return "nobody to listen to it, as this machine or its supervisor stood still"
    if status > 0:
        return f"exit status {status}"
    try:
        return f"signal {-status} ({signal.Signals(-status).name})"
    except ValueError:
        return f"signal {-status}"
