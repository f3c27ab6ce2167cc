"""One way of waiting for sockets, for those who block and for those who ``await``.

What a client does is a generator that yields how long it may wait next, and ends with its result.
It never waits itself.
"""

import asyncio
import math
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias, TypeVar

import zmq

POLL_S = 0.25
"""Longest wait in one go: what cannot interrupt it (a cancellation; Ctrl-C on Windows) waits."""

Result = TypeVar("Result")
Steps: TypeAlias = Generator[float, None, Result]
"""Yields seconds to wait at most for a socket to become readable; returns the result."""


def deadline_s(timeout_s: float | None) -> float:
    """Return the time of the monotonic clock that is so far ahead; None: never."""
    return math.inf if timeout_s is None else time.monotonic() + timeout_s


class Waiter:
    """Runs steps, and waits for some sockets in between."""

    def __init__(self, *sockets: zmq.Socket[bytes]) -> None:
        self._poller = zmq.Poller()
        for socket in sockets:
            self._poller.register(socket, zmq.POLLIN)
        self._thread = ThreadPoolExecutor(1, "streamrec-client")

    def run(self, steps: Steps[Result]) -> Result:
        """Run them to their end."""
        while True:
            try:
                wait_s = next(steps)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            self._poll(wait_s)

    async def run_async(self, steps: Steps[Result]) -> Result:
        """Run them to their end, without blocking the event loop."""
        await asyncio.sleep(0)  # there may always be something to read; other tasks get their turn
        while True:
            try:
                wait_s = next(steps)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            await self._poll_async(wait_s)

    def close(self) -> None:
        """Leave the sockets, which may then be closed."""
        self._thread.shutdown()

    def _poll(self, wait_s: float) -> None:
        self._poller.poll(math.ceil(max(min(wait_s, POLL_S), 0.0) * 1e3))

    async def _poll_async(self, wait_s: float) -> None:
        """Wait in a thread, as event loops differ in what they can watch (Windows: no ZeroMQ).

        A cancellation takes effect when the thread has left the sockets, which are for one only.
        """
        cancelled = None
        polling = asyncio.get_running_loop().run_in_executor(self._thread, self._poll, wait_s)
        while not polling.done():
            try:
                await asyncio.wait([polling])
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled
        polling.result()
