"""What clients share: they are context managers, and iterators over what they receive."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from typing import Generic, Self, TypeVar

Received_co = TypeVar("Received_co", covariant=True)


class Client(ABC):
    """Closed at the end of ``with`` or ``async with``."""

    @abstractmethod
    def close(self) -> None:
        """Disconnect; safe to call twice."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.close()


class Receiver(Client, Generic[Received_co]):
    """Gives messages to ``for`` and ``async for``, until none has come for ``_timeout_s``."""

    _timeout_s: float | None

    @abstractmethod
    def receive(self, timeout_s: float | None = None) -> Received_co | None:
        """Return the next message, or None after ``timeout_s`` seconds (None: wait for ever)."""

    @abstractmethod
    async def receive_async(self, timeout_s: float | None = None) -> Received_co | None:
        """Do what `receive` does, without blocking the event loop."""

    def __iter__(self) -> Iterator[Received_co]:
        while (message := self.receive(self._timeout_s)) is not None:
            yield message

    async def __aiter__(self) -> AsyncIterator[Received_co]:
        while (message := await self.receive_async(self._timeout_s)) is not None:
            yield message
