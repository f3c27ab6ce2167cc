"""What subscribers cost each other: their number, those that stall, keys, and hostile clients."""

import json
import multiprocessing as mp
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import publishing
import zmq
from attacks import ATTACKS
from options import Options
from timing import Row

from streamrec.config import AccessOptions
from streamrec.sinks.zmq import RESEND_S
from streamrec.sockets.keys import connect_securely, new_keys
from streamrec.types import now_s

NUMBERS = (1, 10, 100)
STALLED_SHARE = 5
"""One subscriber in so many never reads."""

RATE_HZ, FLAT_OUT_HZ = 100.0, 1e6
WARM_UP_S = 1.0
JOINS = 9
_SHARE = 6.0  # of the seconds that are asked for, each line takes one part

_processes = mp.get_context("spawn")


def measure(options: Options) -> list[Row]:
    """Return a row for each number of subscribers without and with keys, then one an attack."""
    seconds = options.seconds / _SHARE
    keys = _keys(options.folder)
    rows = [
        _with_others(number, access, seconds)
        for number in NUMBERS
        for access in (AccessOptions(), keys)
    ]
    return rows + [_under_attack(attack, seconds) for attack in ATTACKS]


def _keys(folder: Path) -> AccessOptions:
    clients = folder / "clients"
    clients.mkdir(exist_ok=True)
    for name, to in (("service", folder), ("client", clients)):
        if not (to / f"{name}.key").exists():
            new_keys(name, to)
    return AccessOptions(keys=str(folder / "service.key_secret"), clients=str(clients))


def _with_others(number: int, access: AccessOptions, seconds: float) -> Row:
    """Publish at a steady rate, and as fast as it goes, to so many subscribers."""
    said = {}
    for rate_hz in (FLAT_OUT_HZ, RATE_HZ):
        with _publisher(rate_hz, access) as (endpoint, end):
            crowd = _start(_crowd, endpoint, access, number)
            good = _start(_listen, endpoint, access, seconds)
            delays = _delays(good.recv())
            joined_ms = float(np.median([_join_ms(endpoint, access) for _ in range(JOINS)]))
            said[rate_hz] = end()
            crowd.send("end")
    fast = said[FLAT_OUT_HZ]
    return {
        "subscribers": number,
        "stalled": number // STALLED_SHARE,
        "keys": bool(access.keys),
        "attack": "",
        "most_predictions_per_s": fast["sent"] / fast["seconds"],
        **delays,
        "first_status_ms": joined_ms,
        "grown_mib": said[RATE_HZ]["grown_mib"],
    }


def _under_attack(attack: str, seconds: float) -> Row:
    with _publisher(RATE_HZ, AccessOptions()) as (endpoint, end):
        good = _start(_listen, endpoint, AccessOptions(), seconds)
        time.sleep(WARM_UP_S)
        port = int(endpoint.rpartition(":")[2])
        vandal = _processes.Process(target=ATTACKS[attack], args=(port, seconds))
        vandal.start()
        delays = _delays(good.recv())
        vandal.join()
        said = end()
    return {
        "subscribers": 1,
        "stalled": 0,
        "keys": False,
        "attack": attack,
        "most_predictions_per_s": None,
        **delays,
        "first_status_ms": None,
        "grown_mib": said["grown_mib"],
    }


def _delays(delays_ms_and_lost: tuple[list[float], int]) -> Row:
    delays_ms, lost = delays_ms_and_lost
    p50, p99 = np.percentile(delays_ms, (50, 99))
    return {"p50_ms": float(p50), "p99_ms": float(p99), "lost": lost}


@contextmanager
def _publisher(rate_hz: float, access: AccessOptions) -> "Iterator[tuple[str, _End]]":
    command = (sys.executable, publishing.__file__, str(rate_hz), json.dumps(asdict(access)))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield process.stdout.readline().decode().strip(), _End(process)


class _End:
    """Ends a publisher, and returns what it says."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def __call__(self) -> Row:
        said: Row = json.loads(self._process.communicate(b"")[0])
        return said


def _start(target: object, *arguments: object) -> Connection:
    ours, theirs = _processes.Pipe()
    process = _processes.Process(target=target, args=(*arguments, theirs), daemon=True)  # type: ignore[arg-type]
    process.start()
    ours.recv()
    return ours


def _subscribe(
    context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str, access: AccessOptions, kind: str
) -> zmq.Socket[bytes]:
    subscriber = context.socket(zmq.SUB)
    subscriber.setsockopt(zmq.LINGER, 0)
    subscriber.setsockopt(zmq.SUBSCRIBE, f"streamrec/v1/camera-0/{kind}/".encode())
    if access.keys:
        own = Path(access.clients) / "client.key_secret"
        connect_securely(subscriber, Path(access.keys), own)
    subscriber.connect(endpoint)
    return subscriber


def _listen(endpoint: str, access: AccessOptions, seconds: float, parent: Connection) -> None:
    """Send how long messages took, milliseconds, and how many did not come."""
    delays_ms, numbers = [], []
    with zmq.Context() as context, _subscribe(context, endpoint, access, "prediction") as mine:
        parent.send("ready")
        end_s = time.monotonic() + WARM_UP_S + seconds
        while time.monotonic() < end_s:
            if not mine.poll(100):
                continue
            message = json.loads(mine.recv_multipart()[1])
            if time.monotonic() > end_s - seconds:
                delays_ms.append((now_s() - message["captured_s"]) * 1e3)
                numbers.append(message["sequence"])
    parent.send((delays_ms, numbers[-1] - numbers[0] + 1 - len(numbers)))


def _crowd(endpoint: str, access: AccessOptions, number: int, parent: Connection) -> None:
    """Subscribe so many times less one; some never read."""
    with zmq.Context() as context:
        poller = zmq.Poller()
        for index in range(1, number):
            subscriber = _subscribe(context, endpoint, access, "prediction")
            if index % STALLED_SHARE:
                poller.register(subscriber, zmq.POLLIN)
        parent.send("ready")
        while not parent.poll(0):
            for each, _ in poller.poll(100):
                each.recv_multipart()
        context.destroy(0)


def _join_ms(endpoint: str, access: AccessOptions) -> float:
    time.sleep(2 * RESEND_S)  # those who come together are answered together
    began_s = time.perf_counter()
    with zmq.Context() as context, _subscribe(context, endpoint, access, "status") as late:
        if not late.poll(10_000):
            raise SystemExit("no status came within 10 s")
    return (time.perf_counter() - began_s) * 1e3
