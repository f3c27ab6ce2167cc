"""Commands to a running service: one JSON object asks, one answers.

Anything that has a ZeroMQ ``REQ`` socket can ask: the payload is a request below, its ``type``
beside its fields, for example ``{"type": "remove", "camera": "door"}``. The answer to ``snapshot``
has the picture, JPEG, as its second frame.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec
import zmq
from msgspec import Struct

from streamrec.errors import (
    EndpointError,
    OptionError,
    SourceError,
    SourceReadError,
    StreamrecError,
)
from streamrec.service.settings import OptionValue
from streamrec.sockets.bind import bind, socket_file
from streamrec.sockets.endpoint import parse_endpoint
from streamrec.types import DEFAULT_CONTROL, CameraStatus

MAX_REQUEST_BYTES = 1 << 20
SNAPSHOT_S = 5.0
"""Longest wait of the service for a camera's picture."""

ANSWER_S = 3.0
"""Longest wait of a client for any other answer."""

_MOST_REQUESTS = 100
_LINGER_MS = 200


class List(Struct, frozen=True, tag="list"):
    """Which cameras there are, and how it stands with them."""


class Add(Struct, frozen=True, tag="add"):
    """Watch another camera; ``settings`` as the configuration has them for one, beside defaults."""

    camera: str
    settings: Mapping[str, OptionValue]


class Remove(Struct, frozen=True, tag="remove"):
    """Stop watching a camera and forget it."""

    camera: str


class Enable(Struct, frozen=True, tag="enable"):
    """Watch a camera by its schedule, whatever the configuration says."""

    camera: str


class Disable(Struct, frozen=True, tag="disable"):
    """Stop watching a camera."""

    camera: str


class TakeSnapshot(Struct, frozen=True, tag="snapshot"):
    """Send a camera's next picture."""

    camera: str


class Reload(Struct, frozen=True, tag="reload"):
    """Read the configuration again."""


Request: TypeAlias = List | Add | Remove | Enable | Disable | TakeSnapshot | Reload


class CameraReport(Struct, frozen=True):
    """One camera.

    Attributes:
        status: how it stands.
        source: where its frames come from, without credentials.
        delay_ms: from the capture of the newest frame that was looked at to its publication,
            milliseconds; None before there is one.
    """

    status: CameraStatus
    source: str
    delay_ms: float | None = None


class Cameras(Struct, frozen=True, tag="cameras"):
    """All cameras."""

    cameras: tuple[CameraReport, ...]


class Done(Struct, frozen=True, tag="done"):
    """It has been done; ``text`` says what."""

    text: str


class Picture(Struct, frozen=True, tag="picture"):
    """The picture follows as a second frame."""


class Refused(Struct, frozen=True, tag="refused"):
    """It cannot be done: ``text`` says why, ``exit_code`` whose fault it is, as commands end."""

    text: str
    exit_code: int = OptionError.exit_code


Answer: TypeAlias = Cameras | Done | Picture | Refused

_requests: "msgspec.json.Decoder[Request]" = msgspec.json.Decoder(Request)
_answers: "msgspec.json.Decoder[Answer]" = msgspec.json.Decoder(Answer)


class ControlServer:
    """Where requests come in; nothing here waits.

    Attributes:
        endpoint: where it is bound, with the port that was picked.
        socket: for pollers.
    """

    def __init__(self, endpoint: str = DEFAULT_CONTROL, *, insecure: bool = False) -> None:
        """Bind.

        Raises:
            EndpointError: malformed, in use, not permitted, or open to others without
                ``insecure``.
        """
        where = parse_endpoint(endpoint)
        if not (where.is_local or insecure):
            raise EndpointError(
                f"{where} can be reached from other machines, which could then command the "
                f"service; take {DEFAULT_CONTROL}, or allow it with insecure: true"
            )
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket = self._context.socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.LINGER, _LINGER_MS)
        self.socket.setsockopt(zmq.MAXMSGSIZE, MAX_REQUEST_BYTES)
        self._ipc_file: Path | None = None
        try:
            self.endpoint = bind(self.socket, where, "take commands")
        except EndpointError:
            self.close()
            raise
        self._ipc_file = socket_file(self.endpoint)

    def requests(self) -> Iterator[tuple[bytes, Request]]:
        """Take what has come, each with its client; what is no request is refused here."""
        for _ in range(_MOST_REQUESTS):
            try:
                client, *frames = self.socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return
            try:
                yield client, _requests.decode(frames[1] if len(frames) == 2 else b"")
            except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
                self.answer(client, Refused(f"not a request: {error}"))

    def answer(self, client: bytes, answer: Answer, jpeg: bytes | None = None) -> None:
        """Answer a client; one that has gone costs nothing."""
        frames = [client, b"", msgspec.json.encode(answer), *([] if jpeg is None else [jpeg])]
        self.socket.send_multipart(frames, zmq.DONTWAIT)

    def close(self) -> None:
        """Unbind."""
        self.socket.close()
        self._context.term()
        if self._ipc_file is not None:
            self._ipc_file.unlink(missing_ok=True)


def ask(endpoint: str, request: Request, timeout_s: float = ANSWER_S) -> tuple[Answer, bytes]:
    """Ask a service; return its answer, and the picture if it has one.

    Raises:
        EndpointError: the endpoint is malformed, or nothing answers there.
        OptionError, SourceError: the service refuses.
    """
    where = parse_endpoint(endpoint)
    with zmq.Context() as context, context.socket(zmq.REQ) as client:
        client.setsockopt(zmq.LINGER, 0)
        client.setsockopt(zmq.IPV6, where.is_ipv6)
        try:
            client.connect(str(where))
        except zmq.ZMQError as error:
            reason = zmq.strerror(error.errno or 0)
            raise EndpointError(f"cannot ask the service on {where}: {reason}") from None
        client.send(msgspec.json.encode(request))
        if not client.poll(round(timeout_s * 1e3)):
            raise EndpointError(
                f"no service answers on {where}; start one with `streamrec serve`, or name its "
                "control endpoint with --control"
            )
        payload, *pictures = client.recv_multipart()
    return _checked(payload, where), b"".join(pictures)


def _checked(payload: bytes, where: object) -> Answer:
    try:
        answer = _answers.decode(payload)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise EndpointError(f"what answers on {where} is no streamrec service: {error}") from None
    if isinstance(answer, Refused):
        raise _ERRORS.get(answer.exit_code, EndpointError)(answer.text)
    return answer


_ERRORS: Mapping[int, type[StreamrecError]] = {
    OptionError.exit_code: OptionError,
    SourceError.exit_code: SourceReadError,
}
