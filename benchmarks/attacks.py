"""What hostile clients do to a ZeroMQ socket, over bare TCP; to this machine only."""

import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from functools import partial

_SIGNATURE = b"\xff" + b"\0" * 8 + b"\x7f\x03\x00"  # of ZMTP 3.0, rfc.zeromq.org/spec/23
GREETING = _SIGNATURE + b"NULL".ljust(20, b"\0") + b"\0" * 32
_READY = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 3) + b"SUB"
READY = bytes([4, len(_READY)]) + _READY
HUGE = b"\x02" + struct.pack(">Q", 1 << 62)


def _client(port: int, said: bytes = b"") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=0.2)
    with suppress(OSError):
        client.sendall(said)
    return client


def guest(port: int, host: str = "") -> socket.socket:
    """Connect, be let in, and say nothing yet; ``host``: from where."""
    client = socket.create_connection(("127.0.0.1", port), 2.0, (host, 0) if host else None)
    client.sendall(GREETING + READY)
    heard = b""
    while b"Socket-Type\0\0\0\x04XPUB" not in heard:
        if not (more := client.recv(1000)):
            raise ConnectionError
        heard += more
    client.settimeout(0.2)
    return client


def _until(seconds: float) -> Iterator[int]:
    """Count until the time is over."""
    end_s, number = time.monotonic() + seconds, 0
    while time.monotonic() < end_s:
        yield number
        number += 1


def again_and_again(port: int, seconds: float, said: bytes) -> None:
    """Connect, say something, and go."""
    for _ in _until(seconds):
        with suppress(OSError), _client(port, said):
            pass


def held_open(port: int, seconds: float, said: bytes, most: int = 3000) -> None:
    """Open connections and keep them, each having said something."""
    with ExitStack() as stack:
        for number in _until(seconds):
            if number >= most:
                time.sleep(0.01)
                continue
            with suppress(OSError):
                stack.enter_context(_client(port, said))


def drop_by_drop(port: int, seconds: float) -> None:
    """Say one byte at a time."""
    clients = [_client(port) for _ in range(50)]
    for number in _until(seconds):
        for client in clients:
            with suppress(OSError):
                client.sendall((GREETING + READY)[number : number + 1])
        time.sleep(0.05)
    for client in clients:
        client.close()


def endless_messages(port: int, seconds: float) -> None:
    """Send parts of a message and never the last; when cut off, connect again and go on."""
    parts = (bytes([1, 200]) + b"\2" * 200) * 100
    client = guest(port)
    for _ in _until(seconds):
        try:
            client.sendall(parts)
        except OSError:
            client.close()
            with suppress(OSError):
                client = guest(port)
    client.close()


def subscriptions(port: int, seconds: float, form: bytes) -> None:
    """Subscribe as fast as it goes; when cut off, connect again and go on."""
    client = guest(port)
    for number in _until(seconds):
        topics = (form.replace(b"#", b"%09d" % (number * 1000 + n)) for n in range(1000))
        try:
            client.sendall(b"".join(bytes([0, len(t) + 1]) + b"\1" + t for t in topics))
        except TimeoutError:
            continue  # a part may have been sent: the rest is garbage
        except OSError:
            client.close()
            with suppress(OSError):
                client = guest(port)
    client.close()


ATTACKS: Mapping[str, Callable[[int, float], None]] = {
    "garbage": partial(again_and_again, said=b"GET / HTTP/1.1\r\nHost: camera\r\n\r\n" * 4),
    "huge frames": partial(again_and_again, said=GREETING + READY + HUGE),
    "huge handshakes": partial(again_and_again, said=GREETING + HUGE),
    "connections that come and go": partial(again_and_again, said=GREETING + READY),
    "half-open handshakes": partial(held_open, said=GREETING[:20]),
    "idle connections": partial(held_open, said=GREETING + READY),
    "byte by byte": drop_by_drop,
    "messages that do not end": endless_messages,
    "distinct subscriptions": partial(subscriptions, form=b"streamrec/v1/#/"),
    "long subscriptions": partial(subscriptions, form=b"#" * 20),
    "the same subscription": partial(subscriptions, form=b"streamrec/v1/"),
}
