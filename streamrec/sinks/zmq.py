"""Predictions out over ZeroMQ: a PUB socket that never makes the loop wait.

A subscriber that reads too slowly loses its own messages and nobody else's; one that comes late
gets what is published from then on.
"""

import errno
import secrets
import socket
import stat
import sys
from collections import Counter
from pathlib import Path

import zmq

from streamrec.errors import EndpointError, OptionError, SinkError
from streamrec.sinks.endpoint import Endpoint, parse_endpoint
from streamrec.sinks.wire import FORMATS, Format, encode_frames, message_of, source_name
from streamrec.types import DEFAULT_ENDPOINT, Frame, Prediction, now_s

QUEUED_MESSAGES = 1000
"""Messages held for one subscriber that does not read; further ones are lost to it."""

LINGER_MS = 500
"""How long closing waits for messages that are still on their way out."""

_BIND_ERRORS = {
    errno.EADDRINUSE: "in use; stop the program that publishes there or take another port",
    errno.EACCES: "not permitted; take a port above 1023, or a folder that you may write to",
    errno.EADDRNOTAVAIL: "not an address of this machine",
    errno.ENODEV: "not an address of this machine; give an IP address",
    errno.ENOENT: "in a folder that does not exist",
    errno.ENAMETOOLONG: "too long a path for a socket",
    errno.EPROTONOSUPPORT: "of a transport that this system does not have",
}


class ZmqPublisher:
    """A sink that publishes predictions, topic ``streamrec/v1/<source>/prediction/``.

    Attributes:
        endpoint: where it is bound, with the port that was picked.
        session: random hex digits, new at each start.
    """

    def __init__(
        self,
        endpoint: str = DEFAULT_ENDPOINT,
        top_k: int = 5,
        format: Format = "json",  # noqa: A002 - named as the option is
        insecure: bool = False,
    ) -> None:
        """Bind.

        Args:
            endpoint: ``tcp://127.0.0.1:*`` picks a free port.
            top_k: how many classes a message names.
            format: ``json`` or ``msgpack``.
            insecure: allow an address that other machines can reach, unencrypted.

        Raises:
            EndpointError: malformed, in use, not permitted, or open to others without
                ``insecure``.
            OptionError: a top_k or format that is not allowed.
        """
        if top_k < 1 or format not in FORMATS:
            raise OptionError(
                f"need top_k >= 1 and a format of {', '.join(FORMATS)}; got {top_k}, {format!r}"
            )
        where = parse_endpoint(endpoint)
        if not (where.is_local or insecure):
            raise EndpointError(
                f"{where} can be reached from other machines, and nothing is encrypted; publish "
                f"on {DEFAULT_ENDPOINT}, or allow it with --insecure (insecure=True)"
            )
        self.session = secrets.token_hex(8)
        self._top_k = top_k
        self._format: Format = format
        self._sequences: Counter[str] = Counter()
        # inproc:// joins sockets of one context only.
        self._owned = None if where.transport == "inproc" else zmq.Context()
        self._socket = (self._owned or zmq.Context.instance()).socket(zmq.PUB)
        self._ipc_file: Path | None = None
        try:
            self.endpoint = _bind(self._socket, where)
        except EndpointError:
            self.close()
            raise
        if where.transport == "ipc" and not where.address.startswith("@"):
            self._ipc_file = Path(self.endpoint.removeprefix("ipc://")).absolute()

    def emit(self, prediction: Prediction, frame: Frame) -> None:
        """Publish at once; never waits.

        Raises:
            MessageError: scores that are not finite.
            SinkError: the publisher is closed.
        """
        if self._socket.closed:
            raise SinkError(f"the publisher on {self.endpoint} is closed")
        source = source_name(prediction.source)
        publish_ms = max(now_s() - prediction.ready_s, 0.0) * 1e3
        message = message_of(
            prediction, self._sequences[source], self.session, self._top_k, publish_ms
        )
        self._socket.send_multipart(encode_frames(message, self._format), zmq.DONTWAIT)
        self._sequences[source] += 1

    def close(self) -> None:
        """Unbind; waits up to half a second for the last messages to leave. Safe to call twice."""
        if self._socket.closed:
            return
        self._socket.close()
        if self._owned is not None:
            self._owned.term()
        if self._ipc_file is not None:
            self._ipc_file.unlink(missing_ok=True)


def _bind(publisher: zmq.Socket[bytes], endpoint: Endpoint) -> str:
    """Return where the socket is bound."""
    publisher.setsockopt(zmq.SNDHWM, QUEUED_MESSAGES)
    publisher.setsockopt(zmq.LINGER, LINGER_MS)
    publisher.setsockopt(zmq.IPV6, endpoint.is_ipv6)
    if endpoint.transport == "ipc":
        _check_ipc_path(endpoint)
    try:
        publisher.bind(str(endpoint))
    except zmq.ZMQError as error:
        reason = _BIND_ERRORS.get(error.errno or 0, zmq.strerror(error.errno or 0))
        raise EndpointError(f"cannot publish on {endpoint}: it is {reason}") from None
    return publisher.getsockopt_string(zmq.LAST_ENDPOINT)


def _check_ipc_path(endpoint: Endpoint) -> None:
    """Refuse what ZeroMQ would silently delete to bind there: a file, or a socket in use."""
    try:
        mode = Path(endpoint.address).stat().st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(mode) or _answers(endpoint.address):
        raise EndpointError(
            f"cannot publish on {endpoint}: it exists already; take another path, or stop the "
            "program that publishes there and delete it"
        )


def _answers(path: str) -> bool:
    """True where a program listens on the Unix socket."""
    if sys.platform == "win32":
        return True
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(path) == 0
