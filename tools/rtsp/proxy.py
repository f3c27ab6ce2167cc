"""A TCP relay that behaves like a bad network: ``python tools/rtsp/proxy.py 127.0.0.1:554``.

Prints the port on which it listens, on this machine only, then answers each command that it reads,
one a line, with ``ok`` or what is wrong:

    delay MS     everything arrives so much later
    jitter MS    and up to so much later again, by chance; nothing overtakes
    limit KBPS   so many kilobits a second and connection at most; 0: no limit
    stall        connections are accepted and kept, but nothing comes through
    cut          all connections are broken off
    restore      all as at the start, but for connections that are gone
    quit         so does the end of the input

For packets that are lost see ``server.py``: what is lost of TCP is sent again.
"""

import argparse
import asyncio
import random
import sys
import threading
from collections.abc import Coroutine
from typing import Any, TypeAlias

_CHUNK_BYTES = 16384
_MOST_ON_THE_WAY = 4096

_Line: TypeAlias = asyncio.Queue[tuple[float, bytes]]


class Proxy:
    """Connections to one server, and what is wrong with them."""

    def __init__(self, host: str, port: int) -> None:
        self._server = host, port
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = asyncio.Event()
        self._random = random.Random(0)
        self.restore()

    def restore(self) -> None:
        """Be a good network."""
        self._delay_s = self._jitter_s = self._limit_kbps = 0.0
        self._open.set()

    def obey(self, line: str) -> str:
        """Carry out a command; return the answer."""
        match line.split():
            case ["delay", value]:
                self._delay_s = float(value) / 1000
            case ["jitter", value]:
                self._jitter_s = float(value) / 1000
            case ["limit", value]:
                self._limit_kbps = float(value)
            case ["stall"]:
                self._open.clear()
            case ["cut"]:
                for task in self._tasks:
                    task.cancel()
            case ["restore"]:
                self.restore()
            case _:
                return f"error: {line!r}"
        return "ok"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection, both ways, until either end hangs up."""
        task = asyncio.ensure_future(self._relay(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.wait([task])
        writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        try:
            there, back = await asyncio.open_connection(*self._server)
        except OSError:
            return
        try:
            await _first_of(self._way(reader, back), self._way(there, writer))
        finally:
            back.transport.abort()

    async def _way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line: _Line = asyncio.Queue(_MOST_ON_THE_WAY)
        await _first_of(self._fill(line, reader), self._empty(line, writer))

    async def _fill(self, line: _Line, reader: asyncio.StreamReader) -> None:
        clock = asyncio.get_running_loop().time
        while data := await reader.read(_CHUNK_BYTES):
            delay_s = self._delay_s + self._random.uniform(0, self._jitter_s)
            await line.put((clock() + delay_s, data))

    async def _empty(self, line: _Line, writer: asyncio.StreamWriter) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due_s, data = await line.get()
            await asyncio.sleep(due_s - clock())
            await self._open.wait()
            writer.write(data)
            await writer.drain()
            if self._limit_kbps:
                await asyncio.sleep(len(data) * 8 / 1000 / self._limit_kbps)


async def _first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends or fails, then end the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _main(host: str, port: int) -> None:
    proxy, loop, ended = Proxy(host, port), asyncio.get_running_loop(), asyncio.Event()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)

    def answer(line: str) -> None:
        print(proxy.obey(line), flush=True)

    def listen() -> None:
        for line in sys.stdin:
            if line.strip() == "quit":
                break
            loop.call_soon_threadsafe(answer, line)
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=listen, daemon=True).start()
    await ended.wait()


def main() -> None:
    """Relay until told to quit."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("server", metavar="HOST:PORT")
    host, _, port = parser.parse_args().server.rpartition(":")
    asyncio.run(_main(host, int(port)))


if __name__ == "__main__":
    main()
