"""Connections as the system sees them: how many may be open, and how one is shut down."""

import socket
import sys
from contextlib import suppress

WANTED_FILES = 8192

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


def shut_down(fd: int, bound: str) -> None:
    """End a connection that libzmq has accepted; nothing happens if the number is another's by now.

    Args:
        fd: the system's number of it.
        bound: the endpoint at which it was accepted.
    """
    with suppress(OSError), socket.fromfd(fd, socket.AF_INET, socket.SOCK_STREAM) as connection:
        connection.getpeername()
        if _is_at(connection.getsockname(), bound):
            connection.shutdown(socket.SHUT_RDWR)


def _is_at(name: object, bound: str) -> bool:
    """Compare what a socket is bound to with an endpoint: the port over tcp, the path over ipc."""
    if isinstance(name, tuple):
        return bound.startswith("tcp://") and bound.endswith(f":{name[1]}")
    text = name.decode() if isinstance(name, bytes) else str(name)
    return bound == "ipc://" + text.replace("\0", "@", 1)
