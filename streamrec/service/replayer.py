"""The process that answers replay requests, as the supervisor sees it."""

import logging
import time
from pathlib import Path

from streamrec.child import Child, LineClosedError, restart_wait_s
from streamrec.config import AccessOptions
from streamrec.errors import EndpointError, KeysError
from streamrec.service.replay_messages import (
    BeginReplay,
    CannotServe,
    FromReplay,
    ReplayAlive,
    Serving,
)
from streamrec.sockets.bind import socket_file
from streamrec.store.place import StorePlace
from streamrec.types import DEFAULT_REPLAY

PROCESS = "streamrec.service.replay"

START_S = 20.0
"""Longest wait for the process to say where it is bound; a slow machine takes seconds."""

SILENCE_S = 30.0
"""A process that says nothing for so long hangs; the longest query takes 10 s."""

_SETTLED_S = 60.0
_MOST_MESSAGES = 100
_log = logging.getLogger("streamrec")


class Replayer:
    """Keeps the process running; nothing but the first start waits.

    Args:
        place: the store.
        endpoint: where requests are answered.
        access: who may ask.
        module: what the process runs.

    Attributes:
        endpoint: where it is bound, with the port that was picked, which it keeps.
        starts: how often the process was started.
        health: what it said last of itself.

    Raises:
        EndpointError: it cannot be bound there.
        KeysError: the keys are missing, malformed or readable by others.
    """

    def __init__(
        self,
        place: StorePlace,
        endpoint: str = DEFAULT_REPLAY,
        access: AccessOptions | None = None,
        *,
        module: str = PROCESS,
    ) -> None:
        self.endpoint, self.starts, self.health = endpoint, 0, ReplayAlive()
        self._place, self._access, self._module = place, access or AccessOptions(), module
        self._child: Child[FromReplay] | None = None
        self._ipc_file: Path | None = None
        self._closed, self._why = False, ""
        self._heard_s = self._started_s = self._start_s = 0.0
        self._deaths = 0
        try:
            self._begin()
            self._await_bound()
        except BaseException:
            self.close()
            raise
        self._ipc_file = socket_file(self.endpoint)

    @property
    def pid(self) -> int | None:
        """The process's number; None: there is none."""
        return None if self._child is None else self._child.pid

    def fileno(self) -> int | None:
        """What pollers wait for; None: nothing."""
        return None if self._child is None or self._closed else self._child.line.fileno()

    def hear(self) -> None:
        """Take what the process has said; never waits."""
        for _ in range(_MOST_MESSAGES):
            if (message := self._receive(0.0)) is None:
                return
            self._take(message)

    def turn(self) -> None:
        """Start the process where it does not run, end it where it hangs; never waits."""
        now_s = time.monotonic()
        if self._child is not None and (failure := self._failure(now_s)):
            _log.warning("the process that answers replay requests %s; starting it again", failure)
            self._fail(now_s)
        if self._child is None and now_s >= self._start_s:
            try:
                self._begin()
            except EndpointError as error:
                _log.error("%s", error)
                self._fail(now_s)

    def close(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.kill()  # it only reads
            self._child = None
        if self._ipc_file is not None:
            self._ipc_file.unlink(missing_ok=True)

    def _begin(self) -> None:
        """Start a process; raises EndpointError where the system has none left."""
        self.starts += 1
        self._started_s = self._heard_s = time.monotonic()
        self._closed, self._why = False, ""
        try:
            self._child = Child(self._module, FromReplay)
        except OSError as error:  # no memory, no process or no file descriptor is left
            raise EndpointError(
                f"cannot start the process that answers replay requests: {error}"
            ) from None
        begin = BeginReplay(self._place.url, str(self._place.media), self.endpoint, self._access)
        try:
            self._child.line.send(begin)
        except LineClosedError:
            self._closed = True

    def _await_bound(self) -> None:
        """Raise EndpointError or KeysError where it cannot be bound."""
        message = self._receive(START_S)
        if isinstance(message, CannotServe):
            raise (KeysError if message.is_keys else EndpointError)(message.text)
        if not isinstance(message, Serving):
            raise EndpointError(
                f"the process that answers replay requests on {self.endpoint} does not start"
            )
        self.endpoint = message.endpoint

    def _take(self, message: FromReplay) -> None:
        match message:
            case CannotServe(text):
                self._why = text
            case ReplayAlive():
                self.health = message
            case Serving():
                pass

    def _receive(self, timeout_s: float) -> FromReplay | None:
        if self._child is None or self._closed:
            return None
        try:
            message = self._child.line.receive(timeout_s)
        except LineClosedError:
            self._closed = True
            return None
        if message is not None:
            self._heard_s = time.monotonic()
        return message

    def _failure(self, now_s: float) -> str:
        """Return how it failed; nothing where it did not."""
        assert self._child is not None
        ended = self._child.ended()
        if ended is not None or self._closed:
            self.hear()
            how = "hung up" if ended is None else f"ended with status {ended}"
            return f"ended: {self._why}" if self._why else how
        return f"said nothing for {SILENCE_S:g} s" if now_s - self._heard_s > SILENCE_S else ""

    def _fail(self, now_s: float) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None
        self._deaths = 1 if now_s - self._started_s > _SETTLED_S else self._deaths + 1
        self._start_s = now_s + restart_wait_s(self._deaths)
