"""What a program uses to receive messages; needs neither torch, OpenCV nor ONNX Runtime.

::

    with Subscriber() as subscriber:
        for message in subscriber:
            print(message.source, message.top[0].label, message.top[0].score)

``async with`` and ``async for`` work the same way. The publisher may start later, stop and come
back: the subscriber connects again by itself. ``Subscriber(kinds=("prediction", "status"))`` also
tells how it stands with each camera, and begins with what is known already.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Self, TypeVar, cast, overload

import zmq

from streamrec.errors import EndpointError, MessageError, OptionError
from streamrec.sockets.endpoint import ALLOWED, Endpoint, parse_endpoint
from streamrec.types import DEFAULT_ENDPOINT
from streamrec.wire import (
    KINDS,
    MAX_PAYLOAD_BYTES,
    Message,
    PredictionMessage,
    StatusMessage,
    decode_frames,
    parse_topic,
    subscription,
    topic_of,
)

__all__ = ["Message", "PredictionMessage", "StatusMessage", "Subscriber"]

if TYPE_CHECKING:  # Python 3.13 gives type variables a default
    import typing_extensions

    Received = typing_extensions.TypeVar("Received", bound=Message, default=PredictionMessage)
else:
    Received = TypeVar("Received", bound=Message)

QUEUED_MESSAGES = 1000
"""Messages held while the program is busy; further ones are lost, and counted as lost."""

POLL_S = 0.25
"""Longest wait in one go: what cannot interrupt it (a cancellation; Ctrl-C on Windows) waits."""

CONNECT_WAIT_MS = 100
"""Wait between attempts to connect: short, so that a publisher's first messages are heard."""

HEARTBEAT_MS = 5000
"""After two heartbeats without an answer the connection is dead and is made anew."""


@dataclass(slots=True)
class _Heard:
    """The number of the latest message of each kind in one session of a source."""

    session: str
    latest: dict[str, int] = field(default_factory=dict)


class Subscriber(Generic[Received]):
    """Messages of one publisher, oldest first. An iterator and a context manager, also async.

    Iteration ends after ``timeout_s`` seconds without a message, and can be taken up again.
    Not for several threads or tasks at once.

    Attributes:
        lost: messages that the publisher sent and that never came, seen by their numbers.
        invalid: messages that could not be read, and were skipped.
        restarts: how often a source's publisher came back with a new session.
    """

    @overload
    def __init__(
        self: "Subscriber[PredictionMessage]",
        endpoint: str = DEFAULT_ENDPOINT,
        source: str | None = None,
        timeout_s: float | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self: "Subscriber[Message]",
        endpoint: str = DEFAULT_ENDPOINT,
        source: str | None = None,
        timeout_s: float | None = None,
        *,
        kinds: Collection[str],
    ) -> None: ...

    def __init__(
        self,
        endpoint: str = DEFAULT_ENDPOINT,
        source: str | None = None,
        timeout_s: float | None = None,
        *,
        kinds: Collection[str] = ("prediction",),
    ) -> None:
        """Connect; needs no publisher yet.

        Args:
            endpoint: where the publisher is bound.
            source: receive this source only; None: all of them.
            timeout_s: silence that ends the iteration, seconds; None: never.
            kinds: which messages to receive: ``prediction``, ``status``, or both.

        Raises:
            EndpointError: malformed, or of a transport that this system does not have.
            OptionError: a negative time-out, or kinds that are not known.
        """
        if timeout_s is not None and not timeout_s >= 0:
            raise OptionError(f"a time-out is 0 or more seconds, or None; got {timeout_s}")
        if isinstance(kinds, str) or not kinds or not set(kinds) <= set(KINDS):
            raise OptionError(f"kinds are a tuple of some of {', '.join(KINDS)}; got {kinds!r}")
        self.lost = self.invalid = self.restarts = 0
        self._timeout_s = timeout_s
        self._kinds = frozenset(kinds)
        self._heard: dict[str, _Heard] = {}
        self._poller = ThreadPoolExecutor(1, "streamrec-subscriber")
        where = parse_endpoint(endpoint)
        # inproc:// joins sockets of one context only.
        self._owned = None if where.transport == "inproc" else zmq.Context()
        self._socket = (self._owned or zmq.Context.instance()).socket(zmq.SUB)
        try:
            _connect(self._socket, where, subscription(source))
        except EndpointError:
            self.close()
            raise

    def receive(self, timeout_s: float | None = None) -> Received | None:
        """Return the next message, or None after ``timeout_s`` seconds (None: wait for ever).

        Raises:
            EndpointError: the subscriber is closed.
        """
        deadline_s = _deadline_s(timeout_s)
        while (message := self._take()) is None:
            wait_s = min(deadline_s - time.monotonic(), POLL_S)
            if wait_s <= 0:
                return None
            self._socket.poll(math.ceil(wait_s * 1e3))
        return message

    async def receive_async(self, timeout_s: float | None = None) -> Received | None:
        """Do what `receive` does, without blocking the event loop."""
        deadline_s = _deadline_s(timeout_s)
        await asyncio.sleep(0)  # a message may always be waiting; other tasks get their turn
        while (message := self._take()) is None:
            wait_s = min(deadline_s - time.monotonic(), POLL_S)
            if wait_s <= 0:
                return None
            await self._poll(math.ceil(wait_s * 1e3))
        return message

    async def _poll(self, wait_ms: int) -> None:
        """Wait in a thread, as event loops differ in what they can watch (Windows: no ZeroMQ).

        A cancellation takes effect when the thread has left the socket, which is for one only.
        """
        loop, cancelled = asyncio.get_running_loop(), None
        polling = loop.run_in_executor(self._poller, self._socket.poll, wait_ms)
        while not polling.done():
            try:
                await asyncio.wait([polling])
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled
        polling.result()

    def _take(self) -> Received | None:
        """Return a message that is there already, can be read, and is wanted."""
        if self._socket.closed:
            raise EndpointError("the subscriber is closed; open a new one")
        for _ in range(QUEUED_MESSAGES):
            try:
                frames = self._socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return None
            message = self._read(frames)
            if message is not None and self._is_new(message):
                return message
        return None

    def _read(self, frames: list[bytes]) -> Received | None:
        try:
            if parse_topic(frames[0]).kind in self._kinds:
                return cast(Received, decode_frames(frames))
        except MessageError:
            self.invalid += 1
        return None

    def _is_new(self, message: Message) -> bool:
        """Count what is missing before this message; False for a status that is sent again."""
        heard = self._heard.get(message.source)
        if heard is None or heard.session != message.session:
            self.restarts += heard is not None
            heard = self._heard[message.source] = _Heard(message.session)
        kind = topic_of(message).kind
        last = heard.latest.get(kind)
        heard.latest[kind] = message.sequence
        if last is None:
            return True
        self.lost += max(message.sequence - last - 1, 0)
        return message.sequence != last

    def close(self) -> None:
        """Disconnect; safe to call twice."""
        self._poller.shutdown()
        self._socket.close()
        if self._owned is not None:
            self._owned.term()

    def __iter__(self) -> Iterator[Received]:
        while (message := self.receive(self._timeout_s)) is not None:
            yield message

    async def __aiter__(self) -> AsyncIterator[Received]:
        while (message := await self.receive_async(self._timeout_s)) is not None:
            yield message

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.close()


def _deadline_s(timeout_s: float | None) -> float:
    return math.inf if timeout_s is None else time.monotonic() + timeout_s


def _connect(subscriber: zmq.Socket[bytes], endpoint: Endpoint, prefix: bytes) -> None:
    if endpoint.transport == "tcp" and endpoint.port == 0:
        raise EndpointError(f"cannot subscribe to {endpoint}: which port? {ALLOWED}")
    subscriber.setsockopt(zmq.LINGER, 0)
    subscriber.setsockopt(zmq.RCVHWM, QUEUED_MESSAGES)
    subscriber.setsockopt(zmq.MAXMSGSIZE, MAX_PAYLOAD_BYTES)
    subscriber.setsockopt(zmq.RECONNECT_IVL, CONNECT_WAIT_MS)
    subscriber.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
    subscriber.setsockopt(zmq.HEARTBEAT_TIMEOUT, 2 * HEARTBEAT_MS)
    subscriber.setsockopt(zmq.IPV6, endpoint.is_ipv6)
    subscriber.setsockopt(zmq.SUBSCRIBE, prefix)
    try:
        subscriber.connect(str(endpoint))
    except zmq.ZMQError as error:
        reason = zmq.strerror(error.errno or 0)
        raise EndpointError(f"cannot subscribe to {endpoint}: {reason}; {ALLOWED}") from None
