"""``/metrics``, ``/healthz`` and ``/readyz`` over HTTP.

The one place with threads of its own. Whoever connects can cost the service neither much memory
nor much time: requests are small and short, connections few and accepted at a bounded rate, and
metrics are made into text at most once a second, however often they are asked for.
"""

import json
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from io import BufferedIOBase
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, cast

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from streamrec.errors import EndpointError
from streamrec.health.address import Address, parse_address
from streamrec.health.metrics import Health
from streamrec.version import __version__

CONNECTIONS = 32
"""At once; one more, and the oldest is ended."""

REQUEST_S = 5.0
"""A connection is ended after so long, whatever it has sent or read by then."""

REQUEST_BYTES = 16 * 1024
"""Of a request so much is read; no header of use comes later."""

PACE_S = 0.005
"""Between two connections, so that a flood of them leaves the service its time."""

FRESH_S = 1.0
"""Metrics are at most so old."""

_PLAIN = "text/plain; version=0.0.4; charset=utf-8"
_POLL_S = 0.25
_ALLOWED = "GET, HEAD"

_log = logging.getLogger("streamrec")


class HealthServer:
    """Serves what ``health`` says, from threads of its own, until `close`.

    Args:
        address: ``PORT``, ``HOST:PORT`` or ``[IPV6]:PORT``; port 0 picks one.
        health: what is served.

    Attributes:
        address: ``HOST:PORT`` with the port that was picked.

    Raises:
        EndpointError: in use, not permitted, or not an address of this machine.
        OptionError: malformed.
    """

    def __init__(self, address: str, health: Health) -> None:
        wanted = parse_address(address)
        try:
            self._server = _Server(wanted, health)
        except OSError as error:
            raise EndpointError(
                f"cannot serve metrics on {wanted}: {error.strerror or error}; stop the program "
                "that has the port, or give another HOST:PORT"
            ) from None
        self.address = str(Address(wanted.host, self._server.socket.getsockname()[1]))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_S,), name="health", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Listen no more; safe to call twice."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Page:
    """Text that is made anew at most once a second."""

    def __init__(self, make: Callable[[CollectorRegistry], bytes], kind: str) -> None:
        self.kind = kind
        self._make, self._lock = make, threading.Lock()
        self._text, self._made_s = b"", -FRESH_S

    def read(self, registry: CollectorRegistry) -> bytes:
        with self._lock:
            if time.monotonic() - self._made_s >= FRESH_S:
                self._text, self._made_s = self._make(registry), time.monotonic()
            return self._text


class _Server(ThreadingMixIn, TCPServer):
    """Accepts, a thread a connection, within the bounds."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = os.name == "posix"  # elsewhere it would let others take the port over
    request_queue_size = 64

    def __init__(self, address: Address, health: Health) -> None:
        kind = socket.SOCK_STREAM
        self.address_family = socket.getaddrinfo(address.host, address.port, type=kind)[0][0]
        super().__init__(address, _Handler)
        self.health = health
        self.plain = _Page(generate_latest, _PLAIN)
        self.open_metrics = _Page(openmetrics.generate_latest, openmetrics.CONTENT_TYPE_LATEST)
        self._places = threading.BoundedSemaphore(CONNECTIONS)
        self._since_s: dict[socket.socket, float] = {}

    def service_actions(self) -> None:
        """Rest, and end what takes too long: called after each connection, and now and then."""
        time.sleep(PACE_S)
        late_s = time.monotonic() - REQUEST_S
        for connection, since_s in list(self._since_s.items()):
            if since_s < late_s:
                _end(connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, in place of the oldest one where there are too many."""
        if not self._places.acquire(blocking=False):
            for connection in list(self._since_s)[:1]:
                _end(connection)
            if not self._places.acquire(timeout=_POLL_S):
                self.shutdown_request(request)
                return
        self._since_s[request] = time.monotonic()
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread is left
            self._leave(request)
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._leave(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what is our fault; clients come and go as they like."""
        error = sys.exception()
        if not isinstance(error, OSError):
            _log.error("a request for metrics failed: %s: %s", type(error).__name__, error)

    def _leave(self, request: socket.socket) -> None:
        del self._since_s[request]
        self._places.release()


class _Handler(BaseHTTPRequestHandler):
    timeout = REQUEST_S
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.rfile = cast(BufferedIOBase, _Bounded(self.rfile))

    def do_GET(self) -> None:
        health = self.server.health
        match self.path.partition("?")[0]:
            case "/metrics":
                page = self._page()
                self._answer(HTTPStatus.OK, page.read(health.registry), page.kind)
            case "/healthz":
                self._answer_json(health.healthy, _health(health))
            case "/readyz":
                missing = health.missing()
                self._answer_json(not missing, {"ready": not missing, "missing": missing})
            case _:
                self._answer(HTTPStatus.NOT_FOUND, b"there are /metrics, /healthz and /readyz\n")

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        self._answer(HTTPStatus.METHOD_NOT_ALLOWED, f"allowed: {_ALLOWED}\n".encode())

    do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_CONNECT = do_POST  # noqa: N815

    def _page(self) -> _Page:
        """Return the metrics in the format that is asked for."""
        accepted = self.headers.get("Accept", "")
        wants_open = "application/openmetrics-text" in accepted
        return self.server.open_metrics if wants_open else self.server.plain

    def _answer_json(self, good: bool, document: dict[str, Any]) -> None:
        status = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
        self._answer(status, json.dumps(document).encode() + b"\n", "application/json")

    def _answer(self, status: HTTPStatus, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", _ALLOWED)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        return "streamrec"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log nothing: requests come every few seconds for months."""


class _Bounded:
    """Lines of a request, up to so many bytes; then there are no more.

    What is parsed as headers could otherwise take 6 MB a connection.
    """

    def __init__(self, file: Any) -> None:
        self._file, self._left = file, REQUEST_BYTES

    def readline(self, size: int) -> bytes:
        line: bytes = self._file.readline(min(size, self._left))
        self._left -= len(line)
        return line

    def close(self) -> None:
        self._file.close()


def _health(health: Health) -> dict[str, Any]:
    return {
        "healthy": health.healthy,
        "loop_age_s": round(health.loop_age_s, 3),
        "uptime_s": round(health.uptime_s, 3),
        "version": __version__,
    }


def _end(connection: socket.socket) -> None:
    """Wake the thread that reads it or writes to it."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # it has ended
        return
