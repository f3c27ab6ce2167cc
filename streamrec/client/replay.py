"""Events that were published before, and their thumbnails and clips."""

import time
from collections import deque
from collections.abc import AsyncIterator, Collection, Iterator
from typing import TypeVar

import msgspec

from streamrec.client.base import Client
from streamrec.client.connect import KeyFile, Keys
from streamrec.client.replay_socket import ReplaySocket
from streamrec.client.waiting import Steps, Waiter, deadline_s
from streamrec.errors import EndpointError, OptionError, StoreError
from streamrec.types import DEFAULT_REPLAY
from streamrec.wire import EventMessage, source_name
from streamrec.wire.replay import (
    UNAVAILABLE,
    Answer,
    Events,
    EventsWanted,
    Footage,
    FootageFound,
    FootageWanted,
    Refused,
    Request,
)

CONNECTION_S = 0.05
"""How often is looked whether there is a connection by now."""

ANSWER_S = 5.0
"""A request without an answer is sent again: the service may have been restarted meanwhile."""

_UNREAD = 0  # what a server answers that cannot read the number of a request

Wanted = TypeVar("Wanted", bound=Answer)
Asked = TypeVar("Asked", bound=Request)


class Replay(Client):
    """What a service has kept. A context manager, also async.

    Not for several threads or tasks at once.
    """

    def __init__(
        self,
        endpoint: str = DEFAULT_REPLAY,
        timeout_s: float = 15.0,
        *,
        server_key: KeyFile | None = None,
        key: KeyFile | None = None,
    ) -> None:
        """Connect; needs no service yet.

        Args:
            endpoint: where the service answers, its ``replay``.
            timeout_s: longest wait for one answer, seconds.
            server_key: the service's public key, where it has one: a file, or 40 characters.
            key: file with the secret key of this client, where the service knows its clients.

        Raises:
            EndpointError: malformed, or of a transport that this system does not have.
            KeysError: a key that is not there, malformed, or readable by others.
            OptionError: a time-out that is not positive, or ``key`` alone.
        """
        if not timeout_s > 0:
            raise OptionError(f"a time-out is above 0 seconds; got {timeout_s}")
        self._timeout_s = timeout_s
        self._asked = _UNREAD
        self._socket = ReplaySocket(endpoint, Keys(server_key, key))
        self._waiter = Waiter(self._socket.socket)

    def events(
        self,
        since: int | None = None,
        since_s: float | None = None,
        sources: Collection[str] | None = None,
    ) -> "ReplayedEvents":
        """Return the messages of events, oldest first, for ``for`` or ``async for``.

        Args:
            since: those with a higher ``number`` only.
            since_s: those numbered at this Unix time in seconds or later only.
            sources: those of these sources only.

        Raises:
            OptionError: an argument that is not allowed. Iteration raises `OptionError`,
                `EndpointError` where nobody answers in time, and `StoreError` where the service
                cannot read its store.
        """
        return ReplayedEvents(self, events_wanted(since, since_s, sources))

    def thumbnail(self, event: str) -> bytes | None:
        """Return the picture of an event, JPEG; None where there is none.

        There may be none yet, none any more, or the camera keeps none; nor has an event any that
        the service's store does not have, or does not have yet.

        Args:
            event: its id.

        Raises:
            OptionError: no id, or a file that is too long to be sent.
            StoreError: the service cannot read its store, or the file.
            EndpointError: nobody answers in time.
        """
        return self._waiter.run(self._fetching(event, "thumbnail"))

    async def thumbnail_async(self, event: str) -> bytes | None:
        """Do what `thumbnail` does, without blocking the event loop."""
        return await self._waiter.run_async(self._fetching(event, "thumbnail"))

    def clip(self, event: str) -> bytes | None:
        """Return the clip of an event, MP4, as `thumbnail` does; it is there after the end."""
        return self._waiter.run(self._fetching(event, "clip"))

    async def clip_async(self, event: str) -> bytes | None:
        """Do what `clip` does, without blocking the event loop."""
        return await self._waiter.run_async(self._fetching(event, "clip"))

    def _fetching(self, event: str, what: Footage) -> Steps[bytes | None]:
        request = checked(FootageWanted(event=event, what=what))
        found, file = yield from self._asking(request, FootageFound)
        if found.size is None:
            return None
        if len(file) != found.size:
            raise EndpointError(f"the {what} has {len(file)} bytes of {found.size}; ask again")
        return file

    def _asking(self, request: Request, kind: type[Wanted]) -> Steps[tuple[Wanted, bytes]]:
        self._asked += 1
        request = msgspec.structs.replace(request, request=self._asked)
        end_s = deadline_s(self._timeout_s)
        again_s = time.monotonic()
        while (said := self._answer()) is None:
            now_s = time.monotonic()
            if now_s >= end_s:
                raise self._silence()
            if now_s >= again_s:
                again_s = now_s + (ANSWER_S if self._socket.ask(request) else CONNECTION_S)
            yield min(end_s, again_s) - now_s
        answer, file = said
        if isinstance(answer, Refused):
            raise refusal(answer)
        if not isinstance(answer, kind):
            raise EndpointError(f"{self._socket.where} answered another request than this one")
        return answer, file

    def _answer(self) -> tuple[Answer, bytes] | None:
        """Return the answer to the last request; those to earlier ones are passed over."""
        while (said := self._socket.answer()) is not None:
            if said[0].request in (self._asked, _UNREAD):
                return said
        return None

    def _silence(self) -> EndpointError:
        return EndpointError(
            f"no service answers on {self._socket.where} after {self._timeout_s:g} s; start one "
            "with `streamrec serve`, name its replay endpoint, or, where it has keys, give its "
            "public key and one that it knows"
        )

    def close(self) -> None:
        """Disconnect; safe to call twice."""
        self._waiter.close()
        self._socket.close()


class ReplayedEvents:
    """Messages of events, fetched some at a time."""

    def __init__(self, replay: Replay, request: EventsWanted) -> None:
        self._replay, self._request = replay, request
        self._fetched: deque[EventMessage] = deque()
        self._more = True

    def _next(self) -> Steps[EventMessage | None]:
        while self._more and not self._fetched:
            answer, _ = yield from self._replay._asking(self._request, Events)
            self._fetched.extend(answer.events)
            self._request = msgspec.structs.replace(self._request, since=answer.number)
            self._more = answer.more
        return self._fetched.popleft() if self._fetched else None

    def __iter__(self) -> Iterator[EventMessage]:
        while (event := self._replay._waiter.run(self._next())) is not None:
            yield event

    async def __aiter__(self) -> AsyncIterator[EventMessage]:
        while (event := await self._replay._waiter.run_async(self._next())) is not None:
            yield event


def events_wanted(
    since: int | None = None,
    since_s: float | None = None,
    sources: Collection[str] | None = None,
) -> EventsWanted:
    """Return the request for events.

    Raises:
        OptionError: a negative number, a time that is not finite, or too many sources.
    """
    if isinstance(sources, str):
        raise OptionError(f"sources are a tuple of names; got {sources!r}")
    names = None if sources is None else tuple(map(source_name, sources))
    return checked(EventsWanted(since=since, since_s=since_s, sources=names))


def checked(request: Asked) -> Asked:
    """Return a request that fits its own schema.

    Raises:
        OptionError: it does not.
    """
    try:
        return msgspec.convert(msgspec.to_builtins(request), type(request))
    except msgspec.ValidationError as error:
        raise OptionError(f"cannot be asked for: {error}") from None


def refusal(answer: Refused) -> OptionError | StoreError:
    """Return the error that a refusal is."""
    return (StoreError if answer.exit_code == UNAVAILABLE else OptionError)(answer.text)
