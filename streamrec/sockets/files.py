"""Connections as the system sees them: how many may be open, what came in, how one is ended."""

import socket
import struct
import sys
from contextlib import suppress

WANTED_FILES = 8192

_TCP = (socket.AF_INET, socket.SOCK_STREAM)
_BYTES_RECEIVED = 128
"""Place of `tcpi_bytes_received` in Linux's `tcp_info` (include/uapi/linux/tcp.h)."""

if sys.platform == "win32":

    def most_files() -> int:
        """Return how many files and connections a process may have open."""
        return WANTED_FILES

    def allow_many_files() -> None:
        """Let this process have many connections, as far as the system allows."""

else:
    import resource

    def most_files() -> int:
        """Return how many files and connections this process may have open."""
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return WANTED_FILES if soft == resource.RLIM_INFINITY else soft

    def allow_many_files() -> None:
        """Let this process have many connections, as far as the system allows."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = WANTED_FILES if hard == resource.RLIM_INFINITY else min(hard, WANTED_FILES)
        if soft != resource.RLIM_INFINITY and soft < most:
            with suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


if sys.platform == "linux":

    def received_bytes(fd: int) -> int:
        """Return how many bytes have come in over a connection; 0 where it is none over tcp."""
        with suppress(OSError, struct.error), socket.fromfd(fd, *_TCP) as connection:
            info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_RECEIVED + 8)
            return int(struct.unpack_from("=Q", info, _BYTES_RECEIVED)[0])
        return 0

else:

    def received_bytes(fd: int) -> int:
        """Return 0: here, the system does not say how many bytes have come in."""
        del fd
        return 0


def peer_host(fd: int) -> str:
    """Return the address at the other end of a connection; empty where there is none."""
    with suppress(OSError), socket.fromfd(fd, *_TCP) as connection:
        name = connection.getpeername()
        return str(name[0]) if isinstance(name, tuple) else ""
    return ""


def shut_down(fd: int, bound: str) -> None:
    """End a connection that libzmq has accepted; nothing happens if the number is another's by now.

    Args:
        fd: the system's number of it.
        bound: the endpoint at which it was accepted.
    """
    with suppress(OSError), socket.fromfd(fd, *_TCP) as connection:
        connection.getpeername()
        if _is_at(connection.getsockname(), bound):
            connection.shutdown(socket.SHUT_RDWR)


def _is_at(name: object, bound: str) -> bool:
    """Compare what a socket is bound to with an endpoint: the port over tcp, the path over ipc."""
    if isinstance(name, tuple):
        return bound.startswith("tcp://") and bound.endswith(f":{name[1]}")
    text = name.decode() if isinstance(name, bytes) else str(name)
    return bound == "ipc://" + text.replace("\0", "@", 1)
