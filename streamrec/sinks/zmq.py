"""Messages out over ZeroMQ, on an XPUB socket that never makes the loop wait.

A subscriber that reads too slowly loses its own messages and nobody else's. One that comes late
gets the last status of every camera and the events that are open, and what happens from then on.
The socket cannot send to one subscriber only: those who were there before get these again, under
the same numbers, at most every `RESEND_S` however many come.
"""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import zmq
from msgspec.structs import replace

from streamrec.config import AccessOptions
from streamrec.errors import OptionError, SinkError
from streamrec.sockets.access import require_allowed
from streamrec.sockets.endpoint import parse_endpoint
from streamrec.sockets.gate import Gate
from streamrec.types import (
    DEFAULT_ENDPOINT,
    CameraStatus,
    EventPhase,
    Frame,
    Prediction,
    now_s,
)
from streamrec.version import __version__
from streamrec.wire import (
    FORMATS,
    SYSTEM,
    EventMessage,
    Format,
    HeartbeatMessage,
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

HEARTBEAT_S = 1.0
"""From one heartbeat to the next, seconds."""

RESEND_S = 0.05
"""What is retained is sent again at most so often, seconds."""

LINGER_MS = 500
"""How long closing waits for messages that are still on their way out."""

WORDS_AT_ONCE = 256
"""Subscriptions looked at in one go; further ones wait for the next."""

MAX_SUBSCRIPTION_BYTES = 512
"""A subscriber that sends more in one piece is cut off; the handshake of CURVE needs 400."""

_DEFAULT_ACCESS = AccessOptions()


class PublisherCounts(NamedTuple):
    """How it stands with the subscribers.

    Attributes:
        subscribers: connections that have subscribed to something, now.
        refused: handshakes that failed: no client of ours, a wrong key, or none.
        dropped: how often a subscriber's queue became full; libzmq does not tell how many messages
            it then lost, the gaps in their numbers tell the subscriber.
        kicked: connections that were shut down, since they were too many or asked for too much.
    """

    subscribers: int
    refused: int
    dropped: int
    kicked: int


class ZmqPublisher:
    """A sink that publishes: topics ``streamrec/v1/<source>/prediction/``, ``.../status/`` etc.

    Attributes:
        endpoint: where it is bound, with the port that was picked.
        session: random hex digits, new at each start.
    """

    def __init__(
        self,
        endpoint: str = DEFAULT_ENDPOINT,
        top_k: int = 5,
        format: Format = "json",  # noqa: A002 - named as the option is
        access: AccessOptions = _DEFAULT_ACCESS,
    ) -> None:
        """Bind.

        Args:
            endpoint: ``tcp://127.0.0.1:*`` picks a free port.
            top_k: how many classes a message names.
            format: ``json`` or ``msgpack``.
            access: who may connect, and with which keys.

        Raises:
            EndpointError: malformed, in use, not permitted, or open to others without keys.
            KeysError: keys that are missing, malformed or readable by others.
            OptionError: a top_k or format that is not allowed.
        """
        if top_k < 1 or format not in FORMATS:
            raise OptionError(
                f"need top_k >= 1 and a format of {', '.join(FORMATS)}; got {top_k}, {format!r}"
            )
        where = parse_endpoint(endpoint)
        require_allowed(where, access, DEFAULT_ENDPOINT)
        self.session, self._started_s = secrets.token_hex(8), now_s()
        self._top_k = top_k
        self._format: Format = format
        self._sequences: Counter[bytes] = Counter()
        self._dropped = 0
        self._retained = _Retained()
        self._lock = threading.Lock()  # statuses come from the thread of a camera
        # inproc:// joins sockets of one context only.
        self._owned = None if where.transport == "inproc" else zmq.Context()
        context = self._owned or zmq.Context.instance()
        self._gate = Gate(context, access)
        self._socket = context.socket(zmq.XPUB)
        try:
            _set_up(self._socket)
            self.endpoint = self._gate.bind(self._socket, where, MAX_SUBSCRIPTION_BYTES, "publish")
        except SinkError:
            self.close()
            raise

    @property
    def sockets(self) -> list[zmq.Socket[bytes]]:
        """For pollers: readable when `turn` has something to do."""
        return [self._socket, *self._gate.sockets]

    @property
    def counts(self) -> PublisherCounts:
        """How it stands with the subscribers."""
        gate = self._gate
        return PublisherCounts(gate.subscribers, gate.refused, self._dropped, gate.kicked)

    def emit(self, prediction: Prediction, frame: Frame) -> None:
        """Publish at once; never waits.

        Raises:
            MessageError: scores that are not finite.
            SinkError: the publisher is closed.
        """
        self.publish(message_of(prediction, 0, self.session, self._top_k), prediction.ready_s)
        self.turn()

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
            self._retained.statuses[message.source] = self._send(message)

    def announce(self, event: EventMessage) -> None:
        """Number an event's message in its topic, send it, and keep it until the event ends.

        Raises:
            MessageError: figures that are not finite, or negative.
            SinkError: the publisher is closed.
        """
        with self._lock:
            frames = self._send(event)
            self._retained.events.pop((event.source, event.id), None)
            if event.phase != EventPhase.END:
                self._retained.events[event.source, event.id] = frames

    def heartbeat(self, cameras: int, live: int, number: int | None) -> None:
        """Say that the publisher lives; to be called every `HEARTBEAT_S`.

        Args:
            cameras: how many cameras there are.
            live: how many of them send pictures.
            number: of the newest event message; None before the first.

        Raises:
            SinkError: the publisher is closed.
        """
        message = HeartbeatMessage(
            sequence=0,
            session=self.session,
            source=SYSTEM,
            sent_s=round(now_s(), 6),
            started_s=round(self._started_s, 6),
            interval_s=HEARTBEAT_S,
            version=__version__,
            cameras=cameras,
            live=live,
            number=number,
        )
        with self._lock:
            self._retained.statuses[SYSTEM] = self._send(message)

    def forget(self, source: str) -> None:
        """Keep nothing of a source any longer; its numbers go on, should it come back."""
        with self._lock:
            self._retained.forget(source_name(source))

    def turn(self) -> None:
        """Let subscribers in, and send them what is retained; bounded work, never waits.

        `emit` calls it. Without that, call it whenever one of ``sockets`` can be read, and ten
        times a second.

        Raises:
            SinkError: the publisher is closed.
        """
        with self._lock:
            self._require_open()
            self._hear()
            for frames in self._retained.due():
                self._put(frames)

    def _hear(self) -> None:
        """Take down who has subscribed to what."""
        words = list(_received(self._socket))
        self._gate.turn()
        for word in words:
            said = word.bytes
            subscribes = said.startswith(b"\x01")
            self._gate.note(word, 1 if subscribes else -1 if said.startswith(b"\x00") else 0)
            if subscribes:
                self._retained.joined(said[1:])

    def _send(self, message: Message) -> list[bytes]:
        """Send under the topic's next number, and return the frames."""
        self._require_open()
        sequence = self._sequences[topic_of(message).encode()]
        numbered = replace(message, sequence=sequence, session=self.session)
        frames = encode_frames(numbered, self._format)
        self._put(frames)
        self._sequences[frames[0]] += 1
        return frames

    def _put(self, frames: list[bytes]) -> None:
        """Send to all whose queues have room; libzmq tells of the first message that one loses."""
        try:
            self._socket.send_multipart(frames, zmq.DONTWAIT)
        except zmq.Again:
            self._dropped += 1
            self._socket.setsockopt(zmq.XPUB_NODROP, 0)
            self._socket.send_multipart(frames, zmq.DONTWAIT)
            self._socket.setsockopt(zmq.XPUB_NODROP, 1)

    def _require_open(self) -> None:
        if self._socket.closed:
            raise SinkError(f"the publisher on {self.endpoint} is closed")

    def close(self) -> None:
        """Unbind; waits up to half a second for the last messages to leave. Safe to call twice."""
        with self._lock:
            if self._socket.closed:
                return
            self._gate.close()
        if self._owned is not None:
            self._owned.term()


class _Retained:
    """What those get who come late: the heartbeat and all statuses, then the open events."""

    def __init__(self) -> None:
        self.statuses: dict[str, list[bytes]] = {}
        self.events: dict[tuple[str, str], list[bytes]] = {}
        self._prefixes: set[bytes] = set()
        self._sent_s = 0.0

    def forget(self, source: str) -> None:
        self.statuses.pop(source, None)
        for key in [key for key in self.events if key[0] == source]:
            del self.events[key]

    def joined(self, prefix: bytes) -> None:
        """Take down that somebody has subscribed to what begins so."""
        self._prefixes.add(prefix)

    def due(self) -> list[list[bytes]]:
        """Return what is to be sent now to those who have joined since the last time."""
        if not self._prefixes or time.monotonic() - self._sent_s < RESEND_S:
            return []
        prefixes, self._sent_s = tuple(self._prefixes), time.monotonic()
        self._prefixes.clear()
        both = *self.statuses.values(), *self.events.values()
        return [frames for frames in both if frames[0].startswith(prefixes)]


def _received(publisher: zmq.Socket[bytes]) -> Iterator[zmq.Frame]:
    """Yield what subscribers have said; of a longer message, its first frame."""
    for _ in range(WORDS_AT_ONCE):
        try:
            word, *_ = publisher.recv_multipart(zmq.DONTWAIT, copy=False)
        except zmq.Again:
            return
        yield word


def _set_up(publisher: zmq.Socket[bytes]) -> None:
    publisher.setsockopt(zmq.SNDHWM, QUEUED_MESSAGES)
    publisher.setsockopt(zmq.XPUB_VERBOSER, 1)  # each subscriber of a topic shows, and its end
    publisher.setsockopt(zmq.XPUB_NODROP, 1)
    publisher.setsockopt(zmq.LINGER, LINGER_MS)
