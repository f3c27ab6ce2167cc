"""A second Python process of ours, and the line between the two.

Work that may hang or crash in native code is done there: it can be killed at any moment, and it
ends by itself when this process does. Messages are msgspec structs; secrets may be in them, so
they travel over a socket pair that nobody else can see, never as arguments.
"""

import os
import selectors
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, Generic, TypeVar

import msgspec

MAX_MESSAGE_BYTES = 1 << 24
"""Nothing longer is sent: the largest are pictures as JPEG."""

LONGEST_WAIT_S = 30.0
"""Between two starts of a child that dies again and again."""

_HEAD = struct.Struct("!I")
_SEND_TIMEOUT_S = 5.0
_CHUNK_BYTES = 1 << 16
_REAP_S = 1.0  # a process in a driver that hangs does not end before the driver lets go

M = TypeVar("M")


class LineClosedError(EOFError):
    """The process at the other end has ended, or does not read any more."""


class Line(Generic[M]):
    """Messages to and from another process; one thread receives, another may send.

    Args:
        connected: a stream socket, which is the line's from now on.
        kind: the type, or union of types, of the messages that come in.
    """

    def __init__(self, connected: socket.socket, kind: Any) -> None:
        self._socket = connected
        self._socket.settimeout(_SEND_TIMEOUT_S)
        self._decode: Callable[[bytes], M] = msgspec.msgpack.Decoder(kind).decode
        self._received = bytearray()
        self._sending, self._receiving = threading.Lock(), threading.Lock()

    def send(self, message: msgspec.Struct) -> None:
        """Send one message; waits five seconds at most for a reader that is busy.

        Raises:
            LineClosedError: nobody reads at the other end.
        """
        payload = msgspec.msgpack.encode(message)
        with self._sending:
            try:
                self._socket.sendall(_HEAD.pack(len(payload)) + payload)
            except OSError as error:
                raise LineClosedError("the other process does not listen") from error

    def receive(self, timeout_s: float | None = None) -> M | None:
        """Return the next message, or None after so many seconds; None: wait for ever.

        Raises:
            LineClosedError: the other process has ended, or sent what is no message.
        """
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        while (message := self._next()) is None:
            left_s = None if deadline_s is None else max(0.0, deadline_s - time.monotonic())
            if not self._fill(left_s):
                return None
        return message

    def fileno(self) -> int:
        """What pollers wait for."""
        return self._socket.fileno()

    def close(self) -> None:
        """Hang up, which ends a wait at either end; safe to call twice and from any thread."""
        with suppress(OSError):  # the other end was faster
            self._socket.shutdown(socket.SHUT_RDWR)
        with self._receiving:  # a poller that loses its socket before it woke sleeps on
            self._socket.close()

    def _next(self) -> M | None:
        """Take a whole message out of what has been received."""
        if len(self._received) < _HEAD.size:
            return None
        (size,) = _HEAD.unpack_from(self._received)
        if size > MAX_MESSAGE_BYTES:
            raise LineClosedError(f"a message of {size} bytes; at most {MAX_MESSAGE_BYTES}")
        end = _HEAD.size + size
        if len(self._received) < end:
            return None
        payload = bytes(self._received[_HEAD.size : end])
        del self._received[:end]
        try:
            return self._decode(payload)
        except msgspec.DecodeError as error:
            raise LineClosedError(f"what came is no message: {error}") from None

    def _fill(self, timeout_s: float | None) -> bool:
        """Receive some bytes; False after ``timeout_s`` seconds without any."""
        try:
            with self._receiving:
                if not _readable(self._socket, timeout_s):
                    return False
                data = self._socket.recv(_CHUNK_BYTES)
        except (OSError, ValueError) as error:  # ValueError: closed by another thread
            raise LineClosedError("the line is closed") from error
        if not data:
            raise LineClosedError("the other process has ended")
        self._received += data
        return True


def _readable(connected: socket.socket, timeout_s: float | None) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(connected, selectors.EVENT_READ)
        return bool(selector.select(timeout_s))


class Child(Generic[M]):
    """A running child and the line to it.

    Args:
        module: whose ``serve(socket)`` the child runs, with its end of the line.
        kind: type, or union of types, of the messages that the child sends.
        inherited: file descriptors that the child gets under the same numbers (POSIX only).
    """

    def __init__(self, module: str, kind: Any, *, inherited: Sequence[int] = ()) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = _start(module, theirs, inherited)
        self.line: Line[M] = Line(ours, kind)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def ended(self) -> int | None:
        """Return the exit status once it has ended; negative: the signal that ended it."""
        return self._process.poll()

    def await_end(self, patience_s: float) -> int | None:
        """Return the exit status as ``ended`` does, after so many seconds at most."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(patience_s)
        return None

    def kill(self) -> None:
        """End it at once, whatever it does; safe to call twice and from any thread."""
        self._process.kill()  # first: on Windows only the other end's close surely ends a wait
        self.line.close()
        self.await_end(_REAP_S)

    def stop(self, patience_s: float) -> None:
        """Hang up, wait for it to end, and end it where it does not."""
        self.line.close()
        if self.await_end(patience_s) is None:
            self.kill()


def restart_wait_s(deaths: int) -> float:
    """Return the wait before the next start after so many deaths: 0, 1, 2, 4, ... 30 s."""
    return 0.0 if deaths < 2 else min(2.0 ** (deaths - 2), LONGEST_WAIT_S)


def _start(
    module: str, theirs: socket.socket, inherited: Sequence[int]
) -> "subprocess.Popen[bytes]":
    """Start the interpreter anew with this one's path and its end of the line."""
    code = f"import sys; sys.path[:] = {sys.path!r}; from streamrec.child import run; run()"
    command = [sys.executable, "-P", "-c", code, module]
    if sys.platform == "win32":
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, creationflags=subprocess.CREATE_NEW_PROCESS_GROUP
        )
        assert process.stdin is not None
        process.stdin.write(theirs.share(process.pid))
        process.stdin.close()
        return process
    fd = theirs.fileno()
    return subprocess.Popen(
        [*command, str(fd)],
        stdin=subprocess.DEVNULL,
        pass_fds=(fd, *inherited),
        process_group=0,  # the terminal's Ctrl-C is for the parent, which tells its children
    )


def run() -> None:
    """Be the child: connect to the parent and run the module that it named."""
    if sys.platform == "win32":
        connected = socket.fromshare(sys.stdin.buffer.read())
    else:
        connected = socket.socket(fileno=int(sys.argv[2]))
    try:
        import_module(sys.argv[1]).serve(connected)
    except LineClosedError:
        os._exit(0)  # the parent has gone; whatever native code still does is of no use
