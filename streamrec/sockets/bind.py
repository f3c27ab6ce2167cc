"""Where a ZeroMQ socket is bound, so that nothing is deleted or taken over on the way."""

import errno
import socket
import stat
import sys
from pathlib import Path

import zmq

from streamrec.errors import EndpointError
from streamrec.sockets.endpoint import Endpoint

_ERRORS = {
    errno.EADDRINUSE: "in use; stop the program that has it or take another port",
    errno.EACCES: "not permitted; take a port above 1023, or a folder that you may write to",
    errno.EADDRNOTAVAIL: "not an address of this machine",
    errno.ENODEV: "not an address of this machine; give an IP address",
    errno.ENOENT: "in a folder that does not exist",
    errno.ENAMETOOLONG: "too long a path for a socket",
    errno.EPROTONOSUPPORT: "of a transport that this system does not have",
}


def bind(zmq_socket: zmq.Socket[bytes], endpoint: Endpoint, purpose: str) -> str:
    """Bind a socket; return where it is bound, with the port that was picked.

    Args:
        zmq_socket: it.
        endpoint: where.
        purpose: what cannot be done where that fails, for the message.

    Raises:
        EndpointError: in use, not permitted, not there, or a file that is no socket.
    """
    zmq_socket.setsockopt(zmq.IPV6, endpoint.is_ipv6)
    if endpoint.transport == "ipc":
        _check_ipc_path(endpoint, purpose)
    try:
        zmq_socket.bind(str(endpoint))
    except zmq.ZMQError as error:
        reason = _ERRORS.get(error.errno or 0, zmq.strerror(error.errno or 0))
        raise EndpointError(f"cannot {purpose} on {endpoint}: it is {reason}") from None
    return zmq_socket.getsockopt_string(zmq.LAST_ENDPOINT)


def socket_file(bound: str) -> Path | None:
    """Return the file of an ``ipc://`` socket, which is to be deleted once it is closed."""
    path = bound.removeprefix("ipc://")
    return None if path == bound or path.startswith("@") else Path(path).absolute()


def _check_ipc_path(endpoint: Endpoint, purpose: str) -> None:
    """Refuse what ZeroMQ would silently delete to bind there: a file, or a socket in use."""
    try:
        mode = Path(endpoint.address).stat().st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(mode) or _answers(endpoint.address):
        raise EndpointError(
            f"cannot {purpose} on {endpoint}: it exists already; take another path, or stop the "
            "program that has it and delete it"
        )


def _answers(path: str) -> bool:
    """True where a program listens on the Unix socket."""
    if sys.platform == "win32":
        return True
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(path) == 0
