"""Messages as they are published."""

import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Literal, TypedDict, TypeVar, Unpack, cast, overload

import zmq

from streamrec.client.base import Receiver
from streamrec.client.connect import Connection, KeyFile, Keys
from streamrec.client.continuity import Continuity, Gap
from streamrec.client.diagnosis import diagnose
from streamrec.client.liveness import Liveness
from streamrec.client.waiting import Steps, Waiter, deadline_s
from streamrec.errors import EndpointError, MessageError, OptionError
from streamrec.types import DEFAULT_ENDPOINT
from streamrec.wire import (
    KINDS,
    MAX_PAYLOAD_BYTES,
    SYSTEM,
    EventMessage,
    HeartbeatMessage,
    Message,
    PredictionMessage,
    StatusMessage,
    Topic,
    decode_frames,
    parse_topic,
    source_name,
    subscription,
)

if TYPE_CHECKING:  # Python 3.13 gives type variables a default
    import typing_extensions

    Received = typing_extensions.TypeVar("Received", bound=Message, default=PredictionMessage)
else:
    Received = TypeVar("Received", bound=Message)

QUEUED_MESSAGES = 1000
"""Messages held while the program is busy; further ones are lost, and counted as lost."""

_HEARTBEAT = "heartbeat"


class _Options(TypedDict, total=False):
    server_key: KeyFile | None
    key: KeyFile | None
    on_gap: Callable[[Gap], None] | None
    on_liveness: Callable[[bool], None] | None


class Subscriber(Receiver[Received]):
    """Messages of one publisher, oldest first. An iterator and a context manager, also async.

    ::

        with Subscriber("tcp://127.0.0.1:5570", kinds=("event", "status")) as subscriber:
            for message in subscriber: ...

        Subscriber("tcp://10.0.0.5:5570", server_key="service.key", key="me.key_secret")

    The second one is of a service with keys; ``key`` is needed where it knows its clients.

    Iteration ends after ``timeout_s`` seconds without a message, and can be taken up again.
    Not for several threads or tasks at once.

    Attributes:
        socket: readable when something has come, for pollers; not to be read.
        invalid: messages that could not be read, and were skipped.
    """

    @overload
    def __init__(
        self: "Subscriber[PredictionMessage]",
        endpoint: str = DEFAULT_ENDPOINT,
        source: str | None = None,
        timeout_s: float | None = None,
        *,
        kinds: tuple[Literal["prediction"]] = ...,
        **options: Unpack[_Options],
    ) -> None: ...

    @overload
    def __init__(
        self: "Subscriber[EventMessage]",
        endpoint: str = DEFAULT_ENDPOINT,
        source: str | None = None,
        timeout_s: float | None = None,
        *,
        kinds: tuple[Literal["event"]],
        **options: Unpack[_Options],
    ) -> None: ...

    @overload
    def __init__(
        self: "Subscriber[StatusMessage]",
        endpoint: str = DEFAULT_ENDPOINT,
        source: str | None = None,
        timeout_s: float | None = None,
        *,
        kinds: tuple[Literal["status"]],
        **options: Unpack[_Options],
    ) -> None: ...

    @overload
    def __init__(
        self: "Subscriber[HeartbeatMessage]",
        endpoint: str = DEFAULT_ENDPOINT,
        source: str | None = None,
        timeout_s: float | None = None,
        *,
        kinds: tuple[Literal["heartbeat"]],
        **options: Unpack[_Options],
    ) -> None: ...

    @overload
    def __init__(
        self: "Subscriber[Message]",
        endpoint: str = DEFAULT_ENDPOINT,
        source: str | None = None,
        timeout_s: float | None = None,
        *,
        kinds: Collection[str],
        **options: Unpack[_Options],
    ) -> None: ...

    def __init__(
        self,
        endpoint: str = DEFAULT_ENDPOINT,
        source: str | None = None,
        timeout_s: float | None = None,
        *,
        kinds: Collection[str] = ("prediction",),
        server_key: KeyFile | None = None,
        key: KeyFile | None = None,
        on_gap: Callable[[Gap], None] | None = None,
        on_liveness: Callable[[bool], None] | None = None,
    ) -> None:
        """Connect; needs no publisher yet.

        Args:
            endpoint: where the publisher is bound.
            source: receive this source only, and heartbeats; None: all of them.
            timeout_s: silence that ends the iteration, seconds; None: never.
            kinds: which messages to receive: some of ``prediction``, ``event``, ``status`` and
                ``heartbeat``.
            server_key: the publisher's public key, where it has one: a file, or 40 characters.
            key: file with the secret key of this client, where the publisher knows its clients;
                None: one that nobody knows.
            on_gap: told of messages that were published and did not come, before the next one.
            on_liveness: told when the publisher is heard, and when it is not any more: after three
                heartbeats that did not come. That is also so where it does not let us in:
                `why_silent` says which. Both are called while messages are waited for.

        Raises:
            EndpointError: malformed, or of a transport that this system does not have.
            KeysError: a key that is not there, malformed, or readable by others.
            OptionError: a negative time-out, kinds that are not known, or ``key`` alone.
        """
        if timeout_s is not None and not timeout_s >= 0:
            raise OptionError(f"a time-out is 0 or more seconds, or None; got {timeout_s}")
        if isinstance(kinds, str) or not kinds or not set(kinds) <= set(KINDS):
            raise OptionError(f"kinds are a tuple of some of {', '.join(KINDS)}; got {kinds!r}")
        self.invalid = 0
        self._timeout_s = timeout_s
        self._kinds = frozenset(kinds)
        self._on_gap = on_gap
        self._continuity = Continuity(self._kinds, all_sources=source is None)
        self._liveness = Liveness(time.monotonic(), on_liveness)
        self._keys = Keys(server_key, key)
        self._connection = Connection(zmq.SUB, endpoint, self._keys, MAX_PAYLOAD_BYTES)
        self.socket = self._connection.socket
        self.socket.setsockopt(zmq.RCVHWM, QUEUED_MESSAGES)
        for prefix in _prefixes(source, self._kinds):
            self.socket.setsockopt(zmq.SUBSCRIBE, prefix)
        self._connection.open("subscribe to")
        self._waiter = Waiter(self.socket)

    @property
    def lost(self) -> int:
        """Messages that the publisher sent and that never came, seen by their numbers."""
        return self._continuity.lost

    @property
    def restarts(self) -> int:
        """How often the publisher came back with a new session."""
        return self._continuity.restarts

    @property
    def alive(self) -> bool | None:
        """Whether the publisher is heard; None while it is too early to tell."""
        return self._liveness.alive

    def why_silent(self) -> str:
        """Return what could be wrong while nothing comes, in words: it is not there, keys.

        Asks by a connection of its own; takes up to two seconds.

        Raises:
            KeysError: a key that is no more what it was.
        """
        return diagnose(self._connection.where, self._keys)

    def receive(self, timeout_s: float | None = None) -> Received | None:
        """Return the next message, or None after ``timeout_s`` seconds (None: wait for ever).

        Raises:
            EndpointError: the subscriber is closed.
        """
        return self._waiter.run(self._receiving(timeout_s))

    async def receive_async(self, timeout_s: float | None = None) -> Received | None:
        """Do what `receive` does, without blocking the event loop."""
        return await self._waiter.run_async(self._receiving(timeout_s))

    def _receiving(self, timeout_s: float | None) -> Steps[Received | None]:
        end_s = deadline_s(timeout_s)
        while (message := self._take()) is None:
            wait_s = end_s - time.monotonic()
            if wait_s <= 0:
                return None
            yield wait_s
        return message

    def _take(self) -> Received | None:
        """Return a message that is there already, can be read, and is wanted."""
        if self.socket.closed:
            raise EndpointError("the subscriber is closed; open a new one")
        for _ in range(QUEUED_MESSAGES):
            try:
                frames = self.socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                self._liveness.look(time.monotonic())
                return None
            message = self._read(frames)
            if message is not None and self._is_wanted(message):
                return cast(Received, message)
        return None

    def _read(self, frames: list[bytes]) -> Message | None:
        try:
            kind = parse_topic(frames[0]).kind
            wanted = kind in self._kinds or kind == _HEARTBEAT
            message = decode_frames(frames) if wanted else None
        except MessageError:
            self.invalid += 1
            return None
        interval_s = message.interval_s if isinstance(message, HeartbeatMessage) else None
        self._liveness.hear(time.monotonic(), interval_s)
        return message

    def _is_wanted(self, message: Message) -> bool:
        """Tell what is missing before this message; False for one that is sent again."""
        heard = self._continuity.hear(message)
        if self._on_gap is not None:
            for gap in heard.gaps:
                self._on_gap(gap)
        return heard.new

    def close(self) -> None:
        """Disconnect; safe to call twice."""
        self._waiter.close()
        self._connection.close()


def _prefixes(source: str | None, kinds: Collection[str]) -> list[bytes]:
    """Return what to subscribe to: of one source only what is wanted of it."""
    if source is None:
        return [subscription()]
    beat = Topic(SYSTEM, _HEARTBEAT).encode()
    return [*(Topic(source_name(source), kind).encode() for kind in sorted(kinds)), beat]
