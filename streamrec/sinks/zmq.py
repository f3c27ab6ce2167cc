"""Predictions and statuses out over ZeroMQ, on an XPUB socket that never makes the loop wait.

A subscriber that reads too slowly loses its own messages and nobody else's. One that comes late
gets the last status of every camera at once, and predictions from then on. The socket cannot send
to one subscriber only: those who were there before get the status again, under the same number.
"""

import secrets
import threading
from collections import Counter
from pathlib import Path

import zmq
from msgspec.structs import replace

from streamrec.errors import EndpointError, OptionError, SinkError
from streamrec.sockets.bind import bind, socket_file
from streamrec.sockets.endpoint import parse_endpoint
from streamrec.types import DEFAULT_ENDPOINT, CameraStatus, Frame, Prediction, now_s
from streamrec.wire import (
    FORMATS,
    Format,
    Message,
    PredictionMessage,
    encode_frames,
    message_of,
    source_name,
    status_message_of,
    topic_of,
    with_publishing,
)

QUEUED_MESSAGES = 1000
"""Messages held for one subscriber that does not read; further ones are lost to it."""

LINGER_MS = 500
"""How long closing waits for messages that are still on their way out."""

JOINERS_AT_ONCE = 256
"""Subscriptions looked at in one go; further ones wait for the next."""

MAX_SUBSCRIPTION_BYTES = 4096
"""A subscriber that sends more in one piece is cut off; topics are shorter by far."""

_SUBSCRIBE = b"\x01"


class ZmqPublisher:
    """A sink that publishes: topics ``streamrec/v1/<source>/prediction/`` and ``.../status/``.

    Attributes:
        endpoint: where it is bound, with the port that was picked.
        session: random hex digits, new at each start.
        socket: readable when `serve_joiners` has something to do.
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
        self._sequences: Counter[bytes] = Counter()
        self._retained: dict[str, list[bytes]] = {}
        self._lock = threading.Lock()  # statuses come from the thread of a camera
        # inproc:// joins sockets of one context only.
        self._owned = None if where.transport == "inproc" else zmq.Context()
        self.socket = (self._owned or zmq.Context.instance()).socket(zmq.XPUB)
        _limit(self.socket)
        self._ipc_file: Path | None = None
        try:
            self.endpoint = bind(self.socket, where, "publish")
        except EndpointError:
            self.close()
            raise
        self._ipc_file = socket_file(self.endpoint)

    def emit(self, prediction: Prediction, frame: Frame) -> None:
        """Publish at once; never waits.

        Raises:
            MessageError: scores that are not finite.
            SinkError: the publisher is closed.
        """
        self.publish(message_of(prediction, 0, self.session, self._top_k), prediction.ready_s)
        self.serve_joiners()

    def publish(self, message: PredictionMessage, ready_s: float) -> None:
        """Number a prediction and send it; never waits.

        Args:
            message: ready but for ``sequence``, ``session`` and what publishing takes.
            ready_s: Unix time at which the prediction was complete.

        Raises:
            MessageError: scores that are not finite.
            SinkError: the publisher is closed.
        """
        publish_ms = max(now_s() - ready_s, 0.0) * 1e3
        with self._lock:
            self._send(with_publishing(message, publish_ms))

    def tell(self, status: CameraStatus) -> None:
        """Number a status, send it, and keep it for those who subscribe later; never waits.

        May be called on any thread.

        Raises:
            MessageError: figures that are not finite, or negative.
            SinkError: the publisher is closed.
        """
        message = status_message_of(status)
        with self._lock:
            self._retained[message.source] = self._send(message)

    def forget(self, source: str) -> None:
        """Keep no status of a source any longer; its numbers go on, should it come back."""
        with self._lock:
            self._retained.pop(source_name(source), None)

    def serve_joiners(self) -> None:
        """Send what is retained to those who have subscribed since the last call; never waits.

        `emit` calls it. Without that, call it whenever ``socket`` can be read.

        Raises:
            SinkError: the publisher is closed.
        """
        with self._lock:
            prefixes = tuple(self._new_subscriptions())
            for topic, payload in self._retained.values() if prefixes else ():
                if topic.startswith(prefixes):
                    self.socket.send_multipart([topic, payload], zmq.DONTWAIT)

    def _new_subscriptions(self) -> set[bytes]:
        self._require_open()
        prefixes = set()
        for _ in range(JOINERS_AT_ONCE):
            try:
                said = self.socket.recv_multipart(zmq.DONTWAIT)[0]
            except zmq.Again:
                break
            if said.startswith(_SUBSCRIBE):
                prefixes.add(said[1:])
        return prefixes

    def _send(self, message: Message) -> list[bytes]:
        """Send under the topic's next number, and return the frames."""
        self._require_open()
        sequence = self._sequences[topic_of(message).encode()]
        numbered = replace(message, sequence=sequence, session=self.session)
        frames = encode_frames(numbered, self._format)
        self.socket.send_multipart(frames, zmq.DONTWAIT)
        self._sequences[frames[0]] += 1
        return frames

    def _require_open(self) -> None:
        if self.socket.closed:
            raise SinkError(f"the publisher on {self.endpoint} is closed")

    def close(self) -> None:
        """Unbind; waits up to half a second for the last messages to leave. Safe to call twice."""
        with self._lock:
            if self.socket.closed:
                return
            self.socket.close()
        if self._owned is not None:
            self._owned.term()
        if self._ipc_file is not None:
            self._ipc_file.unlink(missing_ok=True)


def _limit(publisher: zmq.Socket[bytes]) -> None:
    publisher.setsockopt(zmq.SNDHWM, QUEUED_MESSAGES)
    publisher.setsockopt(zmq.XPUB_VERBOSE, 1)  # a second subscriber of a topic shows, too
    publisher.setsockopt(zmq.MAXMSGSIZE, MAX_SUBSCRIPTION_BYTES)
    publisher.setsockopt(zmq.LINGER, LINGER_MS)
