"""Events as they come, none missed and none twice, whatever happens on the way."""

import time
from collections.abc import Callable, Collection

from msgspec.structs import replace

from streamrec.client.base import Receiver
from streamrec.client.connect import KeyFile, Keys
from streamrec.client.event_order import EventOrder
from streamrec.client.replay import CONNECTION_S, events_wanted, refusal
from streamrec.client.replay_socket import ReplaySocket
from streamrec.client.subscriber import QUEUED_MESSAGES, Subscriber
from streamrec.client.waiting import Steps, Waiter, deadline_s
from streamrec.errors import StoreError
from streamrec.types import DEFAULT_ENDPOINT, DEFAULT_REPLAY
from streamrec.wire import EventMessage, HeartbeatMessage, Message
from streamrec.wire.replay import Answer, Events, Refused

ANSWER_S = 2.0
"""The store is asked again after so long without an answer; one that comes later serves as well."""

MOST_PATIENCE_S = 2.0
"""Longest wait before a store that lags is asked again; the first one is a fortieth of it."""


class EventFollower(Receiver[EventMessage]):
    """All events of a service. An iterator and a context manager, also async.

    ::

        with follow_events(since=number) as events:  # None at the very first start
            for event in events:
                print(event.source, event.label, event.phase)
                number = event.number  # keep it where it outlives this program

    A service elsewhere publishes and replays on two endpoints, and has keys; ``key`` is needed
    where it knows its clients::

        follow_events(
            "tcp://10.0.0.5:5570",
            "tcp://10.0.0.5:5572",
            since=number,
            server_key="service.key",
            key="me.key_secret",
        )

    Each event comes once, in the order of their numbers. What was published while this program,
    the network or the service was away comes from the service's store first. A live event comes at
    once if it follows the one before; if one is missing, it waits until the store has that.

    Not for several threads or tasks at once.
    """

    def __init__(
        self,
        endpoint: str = DEFAULT_ENDPOINT,
        replay: str = DEFAULT_REPLAY,
        since: int | None = None,
        sources: Collection[str] | None = None,
        timeout_s: float | None = None,
        *,
        server_key: KeyFile | None = None,
        key: KeyFile | None = None,
        on_liveness: Callable[[bool], None] | None = None,
    ) -> None:
        """Connect; needs no service yet.

        Args:
            endpoint: where the service publishes.
            replay: where it answers, from its store, without which nothing comes here.
            since: ``number`` of the last event that was dealt with; 0: all events in the store;
                None: only what happens from now on.
            sources: events of these only; None: of all.
            timeout_s: silence that ends the iteration, seconds; None: never.
            server_key: the service's public key, where it has one: a file, or 40 characters.
            key: file with the secret key of this client, where the service knows its clients.
            on_liveness: told when the publisher is heard, and when it is not any more; also where
                it does not let us in: `why_silent` says which.

        Raises:
            EndpointError: malformed, or of a transport that this system does not have.
            KeysError: a key that is not there, malformed, or readable by others.
            OptionError: any other argument that is not allowed.
        """
        self._request = events_wanted(since, None, sources)
        self._order = EventOrder(since, self._request.sources)
        self._subscriber: Subscriber[Message] = Subscriber(
            endpoint,
            timeout_s=timeout_s,
            kinds=("event", "heartbeat"),
            server_key=server_key,
            key=key,
            on_liveness=on_liveness,
        )
        try:
            self._socket = ReplaySocket(replay, Keys(server_key, key))
        except BaseException:
            self._subscriber.close()
            raise
        self._waiter = Waiter(self._subscriber.socket, self._socket.socket)
        self._timeout_s = timeout_s
        self._trouble = ""
        self._ask_s = time.monotonic()
        self._patience_s = 0.0
        self._is_asked = False

    @property
    def alive(self) -> bool | None:
        """Whether the publisher is heard; None while it is too early to tell."""
        return self._subscriber.alive

    @property
    def is_behind(self) -> bool:
        """Whether events are missing, or may be, that the store has not given yet."""
        return self._order.is_behind

    @property
    def trouble(self) -> str:
        """Why it does not give them; empty where it does."""
        return self._trouble

    def why_silent(self) -> str:
        """Do what `Subscriber.why_silent` does, of where the service publishes."""
        return self._subscriber.why_silent()

    def receive(self, timeout_s: float | None = None) -> EventMessage | None:
        """Return the next event, or None after ``timeout_s`` seconds (None: wait for ever).

        Raises:
            EndpointError: the follower is closed, or what answers is no replay socket.
            OptionError: the service refuses, as it keeps no events, for example.
        """
        return self._waiter.run(self._receiving(timeout_s))

    async def receive_async(self, timeout_s: float | None = None) -> EventMessage | None:
        """Do what `receive` does, without blocking the event loop."""
        return await self._waiter.run_async(self._receiving(timeout_s))

    def _receiving(self, timeout_s: float | None) -> Steps[EventMessage | None]:
        end_s = deadline_s(timeout_s)
        while (event := self._take()) is None:
            now_s = time.monotonic()
            if now_s >= end_s:
                return None
            yield min(end_s, self._ask_s if self._order.is_behind else end_s) - now_s
        return event

    def _take(self) -> EventMessage | None:
        """Return what is there already; read more only where nothing is, so that little waits."""
        event = self._order.take()
        if event is None:
            self._hear()
            self._exchange(time.monotonic())
            event = self._order.take()
        return event

    def _hear(self) -> None:
        for _ in range(QUEUED_MESSAGES):
            match self._subscriber.receive(0):
                case EventMessage() as event:
                    self._order.hear(event)
                case HeartbeatMessage(number=int(number)):
                    self._order.hear_of(number)
                case None:
                    return

    def _exchange(self, now_s: float) -> None:
        """Take the answer of the store, if there is one, and ask on if need be."""
        if (said := self._socket.answer()) is not None:
            self._learn(said[0], now_s)
        if not self._order.is_behind or now_s < self._ask_s:
            return
        reached, unanswered = self._order.reached, self._is_asked
        most = 0 if reached is None else self._request.most
        self._is_asked = self._socket.ask(replace(self._request, since=reached, most=most))
        self._ask_s = now_s + (ANSWER_S if self._is_asked else CONNECTION_S)
        if unanswered or not self._is_asked:
            self._trouble = f"nobody answers on {self._socket.where}"

    def _learn(self, answer: Answer, now_s: float) -> None:
        self._is_asked = False
        before = self._order.reached
        match answer:
            case Events():
                self._trouble = ""
                self._order.replay(answer)
            case Refused():
                error = refusal(answer)
                if not isinstance(error, StoreError):
                    raise error
                self._trouble = answer.text
        if self._order.reached != before:
            self._patience_s = 0.0
        else:
            self._patience_s = min(2 * self._patience_s or MOST_PATIENCE_S / 40, MOST_PATIENCE_S)
        self._ask_s = now_s + self._patience_s

    def close(self) -> None:
        """Disconnect; safe to call twice."""
        self._waiter.close()
        self._socket.close()
        self._subscriber.close()


follow_events = EventFollower
"""`EventFollower`, by a name that says what the iterator does."""
