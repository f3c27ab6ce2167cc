"""Sockets of clients: how they connect, and with which keys."""

from pathlib import Path
from typing import NamedTuple, TypeAlias

import zmq

from streamrec.errors import EndpointError, OptionError
from streamrec.sockets.endpoint import ALLOWED, Endpoint, parse_endpoint
from streamrec.sockets.keys import connect_securely

KeyFile: TypeAlias = str | Path

CONNECT_WAIT_MS = 100
"""Wait between attempts to connect: short, so that a publisher's first messages are heard."""

HEARTBEAT_MS = 5000
"""After two heartbeats without an answer the connection is dead and is made anew."""


class Keys(NamedTuple):
    """What encrypts a connection: ``server``, a file or 40 characters of Z85; ``own``, a file."""

    server: KeyFile | None = None
    own: KeyFile | None = None


class Connection:
    """A socket of one server, which may start later, stop and come back.

    Attributes:
        socket: with the options that all clients share; `open` connects it.
        where: the server's endpoint.
    """

    def __init__(self, kind: int, endpoint: str, keys: Keys, most_bytes: int) -> None:
        """Make the socket.

        Args:
            kind: of socket, ``zmq.SUB`` for example.
            endpoint: of the server.
            keys: none at all for servers that do not encrypt.
            most_bytes: a server that sends more in one piece is cut off.

        Raises:
            EndpointError: the endpoint is malformed, or names no port.
            KeysError: a key that is not there, malformed, or readable by others.
            OptionError: an own key without the server's.
        """
        self.where = _parsed(endpoint)
        if keys.own is not None and keys.server is None:
            raise OptionError(
                "a key of our own needs the server key, too: the service's public one"
            )
        # inproc:// joins sockets of one context only.
        self._owned = None if self.where.transport == "inproc" else zmq.Context()
        self.socket = (self._owned or zmq.Context.instance()).socket(kind)
        _limit(self.socket, self.where, most_bytes)
        if keys.server is not None:
            own = None if keys.own is None else Path(keys.own)
            try:
                connect_securely(self.socket, keys.server, own)
            except BaseException:
                self.close()
                raise

    def open(self, purpose: str) -> None:
        """Connect; needs no server yet.

        Raises:
            EndpointError: of a transport that this system does not have, or no address.
        """
        try:
            self.socket.connect(str(self.where))
        except zmq.ZMQError as error:
            self.close()
            reason = zmq.strerror(error.errno or 0)
            raise EndpointError(f"cannot {purpose} {self.where}: {reason}; {ALLOWED}") from None

    def close(self) -> None:
        """Disconnect; safe to call twice."""
        self.socket.close()
        if self._owned is not None:
            self._owned.term()


def _parsed(endpoint: str) -> Endpoint:
    where = parse_endpoint(endpoint)
    if where.transport == "tcp" and where.port == 0:
        raise EndpointError(f"cannot connect to {where}: which port? {ALLOWED}")
    return where


def _limit(socket: zmq.Socket[bytes], where: Endpoint, most_bytes: int) -> None:
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.MAXMSGSIZE, most_bytes)
    socket.setsockopt(zmq.RECONNECT_IVL, CONNECT_WAIT_MS)
    socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 2 * HEARTBEAT_MS)
    socket.setsockopt(zmq.IPV6, where.is_ipv6)
