"""Which clients may connect, asked by libzmq at each handshake (rfc.zeromq.org/spec/27)."""

import logging
import time
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import zmq
from zmq.utils import z85

from streamrec.errors import KeysError
from streamrec.sockets.keys import read_public_key

READ_S = 0.5
"""How often the folder is looked at, seconds."""

_ADDRESS = "inproc://zeromq.zap.01"
_AT_ONCE = 64

_LATER = [b"300", b"unknown", b""]  # after 400, a client of libzmq would never try again

Contents: TypeAlias = tuple[tuple[str, int, int], ...]
"""Name, time of change in nanoseconds, and bytes of each file."""

_log = logging.getLogger("streamrec")


class ZapHandler:
    """Lets in the clients whose public keys lie in a folder, which may change at any time.

    Attributes:
        socket: readable when `turn` has something to do.
        allowed: public keys as 40 characters.
    """

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], folder: Path) -> None:
        """Read the folder.

        Raises:
            KeysError: it is not there.
        """
        if not folder.is_dir():
            raise KeysError(f"no folder {str(folder)!r} with the public keys of clients")
        self._folder, self._seen, self._looked_s = folder, _contents(folder), time.monotonic()
        self.allowed = _public_keys(folder, self._seen)
        self.socket = context.socket(zmq.REP)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.bind(_ADDRESS)

    def turn(self) -> bool:
        """Answer who asks; return True where other clients are allowed than before."""
        changed = self._look()
        for _ in range(_AT_ONCE):
            try:
                self._answer(*self.socket.recv_multipart(zmq.DONTWAIT))
            except zmq.Again:
                break
        return changed

    def _look(self) -> bool:
        if time.monotonic() - self._looked_s < READ_S:
            return False
        self._looked_s, before = time.monotonic(), self._seen
        self._seen = _contents(self._folder)
        if self._seen == before:
            return False
        self.allowed = _public_keys(self._folder, self._seen)
        return True

    def _answer(self, version: bytes, request: bytes, *asked: bytes) -> None:
        """Answer one handshake: domain, address, identity, mechanism, credentials."""
        *_, mechanism, key = asked
        user = z85.encode(key) if mechanism == b"CURVE" else b""
        said = [b"200", b"OK", user] if user.decode() in self.allowed else _LATER
        self.socket.send_multipart([version, request, *said, b""], zmq.DONTWAIT)


def _contents(folder: Path) -> Contents:
    """Return what shows that the files are others than before; nothing where it has gone."""
    try:
        found = [(file.name, file.stat()) for file in sorted(folder.glob("*.key"))]
    except OSError:
        return ()
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in found)


@lru_cache(maxsize=4)  # several sockets have the same clients; what is wrong is said once
def _public_keys(folder: Path, contents: Contents) -> frozenset[str]:
    keys = set()
    for name, *_ in contents:
        try:
            keys.add(read_public_key(folder / name).decode())
        except KeysError as error:
            _log.warning("a client's key is left out: %s", error)
    return frozenset(keys)
