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

from streamrec.config import AccessOptions
from streamrec.errors import (
    EndpointError,
    ModelError,
    OptionError,
    SinkError,
    SourceError,
    SourceReadError,
    StreamrecError,
)
from streamrec.service.settings import OptionValue
from streamrec.sockets.access import require_allowed
from streamrec.sockets.endpoint import Endpoint, parse_endpoint
from streamrec.sockets.gate import Gate
from streamrec.sockets.keys import connect_securely
from streamrec.types import DEFAULT_CONTROL, CameraStatus

MAX_REQUEST_BYTES = 1 << 17
SNAPSHOT_S = 5.0
"""Longest wait of the service for a camera's picture."""

ANSWER_S = 3.0
"""Longest wait of a client for any other answer."""

_MOST_REQUESTS = 100
_LINGER_MS = 200
_DEFAULT_ACCESS = AccessOptions()


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
    """

    def __init__(
        self, endpoint: str = DEFAULT_CONTROL, access: AccessOptions = _DEFAULT_ACCESS
    ) -> None:
        """Bind.

        Raises:
            EndpointError: malformed, in use, not permitted, or open to others without keys.
            KeysError: keys that are missing, malformed or readable by others.
        """
        where = parse_endpoint(endpoint)
        require_allowed(where, access, DEFAULT_CONTROL)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._gate = Gate(self._context, access)
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, _LINGER_MS)
        try:
            self.endpoint = self._gate.bind(self._socket, where, MAX_REQUEST_BYTES, "take commands")
        except SinkError:
            self.close()
            raise

    @property
    def sockets(self) -> list[zmq.Socket[bytes]]:
        """For pollers: readable when `requests` has something to do."""
        return [self._socket, *self._gate.sockets]

    def requests(self) -> Iterator[tuple[bytes, Request]]:
        """Take what has come, each with its client; what is no request is refused here."""
        self._gate.turn()
        for _ in range(_MOST_REQUESTS):
            try:
                parts = self._socket.recv_multipart(zmq.DONTWAIT, copy=False)
            except zmq.Again:
                return
            self._gate.note(parts[-1])
            client, *frames = (part.bytes for part in parts)
            try:
                yield client, _requests.decode(frames[1] if len(frames) == 2 else b"")
            except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
                self.answer(client, Refused(f"not a request: {error}"))

    def answer(self, client: bytes, answer: Answer, jpeg: bytes | None = None) -> None:
        """Answer a client; one that has gone costs nothing."""
        frames = [client, b"", msgspec.json.encode(answer), *([] if jpeg is None else [jpeg])]
        self._socket.send_multipart(frames, zmq.DONTWAIT)

    def close(self) -> None:
        """Unbind."""
        self._gate.close()
        self._context.term()


def ask(
    endpoint: str,
    request: Request,
    timeout_s: float = ANSWER_S,
    server_key: str | Path | None = None,
    key: Path | None = None,
) -> tuple[Answer, bytes]:
    """Ask a service; return its answer, and the picture if it has one.

    Args:
        endpoint: where it takes commands.
        request: what to ask.
        timeout_s: longest wait for the answer, seconds.
        server_key: the service's public key or the file with it; None: it has none.
        key: file with this client's secret key; None: the service wants none.

    Raises:
        EndpointError: the endpoint is malformed, or nothing answers there.
        KeysError: keys that are missing, malformed or readable by others.
        ModelError, OptionError, SourceError: the service refuses.
    """
    where = parse_endpoint(endpoint)
    with zmq.Context() as context, context.socket(zmq.REQ) as client:
        client.setsockopt(zmq.LINGER, 0)
        client.setsockopt(zmq.IPV6, where.is_ipv6)
        if server_key is not None:
            connect_securely(client, server_key, key)
        try:
            client.connect(str(where))
        except zmq.ZMQError as error:
            reason = zmq.strerror(error.errno or 0)
            raise EndpointError(f"cannot ask the service on {where}: {reason}") from None
        client.send(msgspec.json.encode(request))
        if not client.poll(round(timeout_s * 1e3)):
            raise EndpointError(_silent(where, server_key is not None))
        payload, *pictures = client.recv_multipart()
    return _checked(payload, where), b"".join(pictures)


def _silent(where: Endpoint, with_keys: bool) -> str:
    keys = (
        "see that --server-key is its public key and that it knows the one of --key"
        if with_keys
        else "give --server-key and --key if it has keys"
    )
    return (
        f"no service answers on {where}; start one with `streamrec serve`, or name its control "
        f"endpoint with --control; {keys}"
    )


def _checked(payload: bytes, where: object) -> Answer:
    try:
        answer = _answers.decode(payload)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise EndpointError(f"what answers on {where} is no streamrec service: {error}") from None
    if isinstance(answer, Refused):
        raise _ERRORS.get(answer.exit_code, EndpointError)(answer.text)
    return answer


_ERRORS: Mapping[int, type[StreamrecError]] = {
    ModelError.exit_code: ModelError,
    OptionError.exit_code: OptionError,
    SourceError.exit_code: SourceReadError,
}
