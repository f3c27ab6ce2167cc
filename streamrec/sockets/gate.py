"""The gate of a server's socket: who comes in, how many, and how much each may say.

What libzmq does by itself, it is told to do: it cuts who does not complete a handshake in time,
sends too long a message, or answers no heartbeat. What it leaves to the program is done in `turn`:
connections are counted by the events of its monitor, and one that asks for too much is shut down.
So is one whose message does not end: libzmq bounds the length of each of its frames, but keeps them
all until the last has come. What has come in, only Linux tells; elsewhere, give keys to clients.
"""

import struct
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import zmq

from streamrec.config import AccessOptions
from streamrec.sockets.access import service_keys
from streamrec.sockets.bind import bind, socket_file
from streamrec.sockets.endpoint import Endpoint
from streamrec.sockets.files import most_files, peer_host, received_bytes, shut_down
from streamrec.sockets.zap import ZapHandler

HANDSHAKE_MS = 5000
"""A client that has not said by then who it is, is cut off."""

HEARTBEAT_MS, DEAD_MS = 10_000, 30_000
"""How often a silent client is asked for a sign of life, and when it is given up."""

MOST_CONNECTIONS = 1000
"""For a further one, one is cut off: see `Gate`."""

MOST_SUBSCRIPTIONS, MOST_IN_ALL = 500, 5000
"""Subscriptions of one connection, and of all of them; libzmq takes some 50 bytes for each of
their characters."""

_QUEUED = 2
"""Words of a client that wait to be read. With many, libzmq takes in subscriptions as fast as they
come, without the program: 100,000 a second, and a gigabyte of memory in 5 s. With 1, no client gets
past a handler of ZAP (libzmq 4.3.5)."""

UNFINISHED_BYTES, SILENT_BYTES_S = 1 << 18, 100
"""What a connection may send, beside its longest message and by the second, before a message of it
is whole; the second is for signs of life."""

_WEIGH_S = 0.05
_EVENTS = (
    zmq.EVENT_ACCEPTED
    | zmq.EVENT_DISCONNECTED
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
)
_AT_ONCE = 1000
_DOMAIN = b"streamrec"


@dataclass(slots=True)
class Connection:
    """One client.

    Attributes:
        host: where it comes from; empty where that is this machine's file system.
        heard_s: when it last said something whole, or came.
        silent: it has said nothing so far.
        held: how many subscriptions it has.
        user: its public key, if it has one.
        heard_bytes: what had come in when it last said something whole.
        cut: it is being cut off.
    """

    host: str
    heard_s: float
    silent: bool = True
    held: int = 0
    user: str = ""
    heard_bytes: int = 0
    cut: bool = False


class Gate:
    """Guards one server socket; nothing here waits.

    Where there are too many connections, it cuts one of the host that has the most: the oldest that
    has said nothing, or else the newest. So who takes them all keeps nobody out but itself.

    Attributes:
        refused: handshakes that failed: no client of ours, a wrong key, or none.
        kicked: connections that were shut down because they were too many or asked for too much.
    """

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], access: AccessOptions) -> None:
        """Read the keys.

        Args:
            context: of the socket that is to be guarded; with keys, for that socket only.
            access: who may connect.

        Raises:
            KeysError: keys that are missing, malformed or readable by others.
        """
        self.refused = self.kicked = 0
        self._context, self._access = context, access
        self._keys = service_keys(access)
        self._zap: ZapHandler | None = None
        self._monitor: zmq.Socket[bytes] | None = None
        self._guarded: zmq.Socket[bytes] | None = None
        self._ipc_file: Path | None = None
        self._connections: dict[int, Connection] = {}
        self._hosts: Counter[str] = Counter()  # of connections that are not cut
        self._held = 0  # subscriptions of all connections
        self._most_bytes, self._weighed_s = 0, 0.0
        self._most_connections = min(MOST_CONNECTIONS, most_files() // 4)

    def bind(
        self, guarded: zmq.Socket[bytes], where: Endpoint, most_bytes: int, purpose: str
    ) -> str:
        """Bind a socket behind the gate; return where, with the port that was picked.

        Args:
            guarded: the socket; `close` closes it.
            where: what it is bound to; tcp is encrypted where there are keys.
            most_bytes: length of the longest message that a client may send.
            purpose: what cannot be done where that fails, for the message.

        Raises:
            EndpointError: see `streamrec.sockets.bind.bind`.
            KeysError: the folder of the clients' keys is not there.
        """
        self._guarded = guarded  # `close` closes it, whatever fails below
        self._protect(guarded, where, most_bytes)
        endpoint = bind(guarded, where, purpose)
        self._ipc_file = socket_file(endpoint)
        return endpoint

    def _protect(self, guarded: zmq.Socket[bytes], where: Endpoint, most_bytes: int) -> None:
        self._most_bytes = most_bytes + UNFINISHED_BYTES
        for option, value in (
            (zmq.MAXMSGSIZE, most_bytes),
            (zmq.RCVHWM, _QUEUED),
            (zmq.HANDSHAKE_IVL, HANDSHAKE_MS),
            (zmq.HEARTBEAT_IVL, HEARTBEAT_MS),
            (zmq.HEARTBEAT_TIMEOUT, DEAD_MS),
            (zmq.TCP_KEEPALIVE, 1),
        ):
            guarded.setsockopt(option, value)
        if self._keys is not None and where.transport == "tcp":
            self._encrypt(guarded)
        if where.transport != "inproc":
            self._watch(guarded)

    def _encrypt(self, guarded: zmq.Socket[bytes]) -> None:
        assert self._keys is not None
        guarded.curve_server = True
        guarded.curve_secretkey = self._keys.secret
        if self._access.clients:
            self._zap = ZapHandler(self._context, Path(self._access.clients))
            guarded.zap_domain = _DOMAIN
            guarded.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)  # nobody comes in without being asked

    def _watch(self, guarded: zmq.Socket[bytes]) -> None:
        address = f"inproc://gate-{id(self)}"
        guarded.monitor(address, _EVENTS)
        self._monitor = self._context.socket(zmq.PAIR)
        self._monitor.setsockopt(zmq.RCVHWM, 0)  # libzmq would wait, and nobody be served
        self._monitor.connect(address)

    @property
    def sockets(self) -> list[zmq.Socket[bytes]]:
        """For pollers, beside the guarded socket: readable when `turn` has something to do."""
        zap = None if self._zap is None else self._zap.socket
        return [each for each in (self._monitor, zap) if each is not None]

    @property
    def subscribers(self) -> int:
        """How many connections have subscribed to something."""
        return sum(each.held > 0 for each in self._connections.values())

    def turn(self) -> None:
        """Let in, count, and cut off; bounded work."""
        for event, fd in self._events():
            if event == zmq.EVENT_ACCEPTED:
                self._accepted(fd)
            elif event == zmq.EVENT_DISCONNECTED:
                self._ended(fd)
            else:
                self.refused += 1
        if self._zap is not None and self._zap.turn():
            self._cut_revoked(self._zap.allowed)
        if (now_s := time.monotonic()) - self._weighed_s >= _WEIGH_S:
            self._weighed_s = now_s
            self._cut_endless(now_s)

    def _events(self) -> Iterator[tuple[int, int]]:
        for _ in range(_AT_ONCE):
            if self._monitor is None:
                return
            try:
                event, _ = self._monitor.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return
            yield struct.unpack("=Hi", event)

    def _accepted(self, fd: int) -> None:
        self._ended(fd)
        host = peer_host(fd)
        self._connections[fd] = Connection(host, time.monotonic())
        self._hosts[host] += 1
        if self._hosts.total() > self._most_connections:
            self._shut(self._least_welcome())

    def _least_welcome(self) -> int:
        host, newest = max(self._hosts, key=self._hosts.__getitem__), -1
        for fd, connection in self._connections.items():
            if connection.host == host and not connection.cut:
                newest = fd
                if connection.silent:
                    break
        return newest

    def _ended(self, fd: int) -> None:
        if (ended := self._connections.pop(fd, None)) is not None:
            self._held -= ended.held
            if not ended.cut:
                self._leave(ended.host)

    def _leave(self, host: str) -> None:
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]

    def note(self, said: zmq.Frame, subscriptions: int = 0) -> None:
        """Take down who said something; call it after the `turn` that follows its receipt.

        Args:
            said: the first frame of the message, as it was received.
            subscriptions: 1 for one, -1 for the end of one.
        """
        fd = int(_property(said, zmq.SRCFD) or 0)
        connection = self._connections.get(fd)
        if connection is None:
            return
        connection.user = str(_property(said, "User-Id") or "")
        connection.heard_s, connection.heard_bytes = time.monotonic(), received_bytes(fd)
        connection.silent = False
        change = max(subscriptions, -connection.held)
        connection.held += change
        self._held += change
        if connection.held > MOST_SUBSCRIPTIONS:
            self._shut(fd)
        elif self._held > MOST_IN_ALL:
            self._shut(max(self._connections, key=lambda each: self._connections[each].held))

    def _cut_revoked(self, allowed: frozenset[str]) -> None:
        for fd, connection in self._connections.items():
            if connection.user and connection.user not in allowed:
                self._shut(fd)

    def _cut_endless(self, now_s: float) -> None:
        for fd, connection in self._connections.items():
            most = self._most_bytes + SILENT_BYTES_S * (now_s - connection.heard_s)
            if received_bytes(fd) - connection.heard_bytes > most:
                self._shut(fd)

    def _shut(self, fd: int) -> None:
        connection = self._connections[fd]
        if not connection.cut:
            connection.cut = True
            self._leave(connection.host)
            self.kicked += 1
            assert self._guarded is not None
            shut_down(fd, self._guarded.getsockopt_string(zmq.LAST_ENDPOINT))

    def close(self) -> None:
        """Close the socket, then its gate: without it, libzmq would let in anybody."""
        if self._guarded is not None and not self._guarded.closed:
            self._guarded.close()
        for each in self.sockets:
            each.close(0)
        if self._ipc_file is not None:
            self._ipc_file.unlink(missing_ok=True)


def _property(said: zmq.Frame, name: int | str) -> int | str | None:
    """Return what libzmq knows of who sent a frame; None over inproc, and of who has gone."""
    try:
        return said.get(name)
    except zmq.ZMQError:
        return None
