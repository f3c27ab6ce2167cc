"""The process that answers replay requests: one at a time, from the store, whatever clients do.

What a client does harms this process only, and its memory is bounded: each client has one request
at a time in the queue, what is sent and has not been taken yet is counted, and beyond that bound
clients are refused. It ends when its owner does.
"""

import logging
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import zmq

from streamrec.child import Line
from streamrec.config import AccessOptions
from streamrec.errors import EndpointError, KeysError
from streamrec.service.replay_messages import BeginReplay, CannotServe, ReplayAlive, Serving
from streamrec.sockets.access import require_allowed
from streamrec.sockets.endpoint import parse_endpoint
from streamrec.sockets.gate import Gate
from streamrec.types import DEFAULT_REPLAY
from streamrec.wire.replay import MAX_REQUEST_BYTES

if TYPE_CHECKING:
    from streamrec.service.replay_answers import Reply

ALIVE_S = 1
"""How often the owner hears that the loop goes round."""

MOST_MEMORY_BYTES = 1 << 29
"""Of this process, where the system can bound it (POSIX); it is started anew beyond that."""

MOST_UNSENT_BYTES = 1 << 26
"""Of answers that clients have not taken yet, together."""

_UNSENT_ANSWERS = 4
_NO_MEMORY = 12
_BUSY = "too much is on its way to clients that do not take it; ask again later"


def serve(connected: socket.socket) -> None:
    """Answer until the owner has gone.

    Raises:
        LineClosedError: it has.
    """
    logging.getLogger("streamrec").addHandler(logging.NullHandler())  # the service says the same
    line: Line[BeginReplay] = Line(connected, BeginReplay)
    begin = line.receive()
    assert begin is not None
    _bound_memory()
    try:
        server = ReplaySocket(begin.endpoint, begin.access)
    except (EndpointError, KeysError) as error:
        line.send(CannotServe(str(error), isinstance(error, KeysError)))
        return
    try:
        line.send(Serving(server.endpoint))
        _answer(line, server, begin)
    except MemoryError:
        os._exit(_NO_MEMORY)
    finally:
        server.close()


def _answer(line: Line[BeginReplay], server: "ReplaySocket", begin: BeginReplay) -> None:
    from streamrec.service.replay_answers import Replayed  # after binding, as it takes a second

    replayed, answered, told_s = Replayed(begin.url, Path(begin.media)), 0, 0.0
    poller = zmq.Poller()
    for waiting in (line.fileno(), *server.sockets):
        poller.register(waiting, zmq.POLLIN)
    while True:
        if line.fileno() in dict(poller.poll(ALIVE_S * 1000)):
            line.receive(0.0)
        if (request := server.next_request()) is not None:
            client, payload = request
            server.send(client, replayed.reply(payload))
            answered += 1
        if time.monotonic() - told_s >= ALIVE_S:
            told_s = time.monotonic()
            line.send(ReplayAlive(answered, server.gate.refused, server.gate.kicked))


class ReplaySocket:
    """Where requests come in; nothing here waits.

    Attributes:
        endpoint: where it is bound, with the port that was picked.
        sockets: for pollers.
        gate: who may come in.
    """

    def __init__(self, endpoint: str, access: AccessOptions) -> None:
        """Bind.

        Raises:
            EndpointError: malformed, in use, not permitted, or open to others without keys.
            KeysError: keys that are missing, malformed or readable by others.
        """
        where = parse_endpoint(endpoint)
        require_allowed(where, access, DEFAULT_REPLAY)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._context.setsockopt(zmq.LINGER, 0)
        self.gate = Gate(self._context, access)
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.SNDHWM, _UNSENT_ANSWERS)
        self._socket.copy_threshold = 0  # so that all that is sent can be tracked
        self._unsent: list[tuple[zmq.MessageTracker, int]] = []
        try:
            self.endpoint = self.gate.bind(
                self._socket, where, MAX_REQUEST_BYTES, "answer replay requests"
            )
        except (EndpointError, KeysError):
            self.close()
            raise
        self.sockets = [self._socket, *self.gate.sockets]

    def next_request(self) -> tuple[list[bytes], bytes] | None:
        """Return whom to answer and what was asked, None where nobody asks."""
        try:
            frames = self._socket.recv_multipart(zmq.DONTWAIT, copy=False)
        except zmq.Again:
            self.gate.turn()
            return None
        self.gate.turn()
        self.gate.note(frames[-1])
        is_req = len(frames) == 3 and not frames[1].bytes
        if len(frames) == 2 or is_req:
            return [frame.bytes for frame in frames[:-1]], frames[-1].bytes
        return [frames[0].bytes], b""

    def send(self, client: list[bytes], reply: "Reply") -> None:
        """Answer a client; one that has gone, or does not read, costs nothing."""
        self._unsent = [unsent for unsent in self._unsent if not unsent[0].done]
        if reply.size + sum(size for _, size in self._unsent) > MOST_UNSENT_BYTES:
            reply = reply.refused(_BUSY)
        frames = [*client, *reply.frames]
        with suppress(zmq.Again):
            sent = self._socket.send_multipart(frames, zmq.DONTWAIT, copy=False, track=True)
            if sent is not None:
                self._unsent.append((sent, reply.size))

    def close(self) -> None:
        """Unbind."""
        self.gate.close()
        self._context.term()


def _bound_memory() -> None:
    """Have the system end this process before it takes the machine's memory."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with suppress(OSError, ValueError):  # the system has a lower bound already
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
