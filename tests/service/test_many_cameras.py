"""Many cameras, some of which fail at random, through the real service and its embedded model."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import msgspec
import psutil
import pytest

from streamrec.client import Subscriber
from streamrec.types import CameraState
from streamrec.wire import PredictionMessage, StatusMessage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

LARGE = os.environ.get("STREAMREC_SLOW") == "1"
CAMERAS, BAD, SECONDS = (16, 4, 600.0) if LARGE else (4, 1, 12.0)
MAX_DELAY_S = 2.0
GRACE_S = 0.5  # from the supervisor to this process, where others run, too
START_S = 60.0
FAULTS = ("mute", "drop", "black", "freeze", "corrupt 0.3", "loss 0.1", "rate 3", "restore")
GROWTH = 1.1


@dataclass(frozen=True)
class Use:
    """What the service and all its processes take."""

    processes: int
    threads: int
    files: int
    bytes: int

    @classmethod
    def of(cls, pid: int) -> "Use":
        top = psutil.Process(pid)
        tree = [top, *top.children(recursive=True)]
        return cls(
            len(tree),
            sum(process.num_threads() for process in tree),
            sum(process.num_fds() for process in tree),
            sum(process.memory_full_info().uss for process in tree),
        )


@dataclass
class Heard:
    """All that a subscriber heard so far, and when."""

    subscriber: Subscriber
    predictions: dict[str, list[PredictionMessage]] = field(
        default_factory=lambda: defaultdict(list)
    )
    states: dict[str, list[CameraState]] = field(default_factory=lambda: defaultdict(list))
    latest_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def listen(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            self._take(self.subscriber.receive(left_s))

    def until_live(self, names: list[str]) -> None:
        """Listen until all are live and predicted anew."""
        self.predictions.clear()
        end_s = time.monotonic() + START_S
        while not all(self._is_live(name) for name in names):
            assert time.monotonic() < end_s, dict(self.states)
            self._take(self.subscriber.receive(1.0))

    def _is_live(self, name: str) -> bool:
        return self.states[name][-1:] == [CameraState.LIVE] and bool(self.predictions[name])

    def _take(self, message: PredictionMessage | StatusMessage | None) -> None:
        if isinstance(message, StatusMessage):
            self.states[message.source].append(message.state)
        elif message is not None:
            self.predictions[message.source].append(message)
            late_s = time.time() - message.captured_s
            self.latest_s[message.source] = max(late_s, self.latest_s[message.source])


@contextmanager
def serving(path: Path, cameras: dict[str, str]) -> Iterator[tuple[subprocess.Popen, str]]:
    """Run ``streamrec serve``; give the process, and where it publishes."""
    publish, control = (f"tcp://127.0.0.1:{_free_port()}" for _ in range(2))
    document = {
        "publish": publish,
        "control": control,
        "defaults": {
            "model": "gestures",
            "max_delay": MAX_DELAY_S,
            "frozen_after": 2.0,
            "open_timeout": 3.0,
            "read_timeout": 3.0,
            "retry_most": 2.0,
        },
        "cameras": {name: {"source": url} for name, url in cameras.items()},
    }
    path.write_bytes(msgspec.json.encode(document))  # JSON is YAML, too
    command = [sys.executable, "-P", "-m", "streamrec.cli", "serve", "--config", str(path)]
    process = subprocess.Popen(command)
    try:
        yield process, publish
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_healthy_cameras_do_not_notice_that_others_fail(tmp_path, cameras):
    server = cameras(CAMERAS, size="320x240", fps=10)
    names = list(server.names)
    bad, healthy = names[:BAD], names[BAD:]
    urls = {name: server.url(name) for name in names}
    with serving(tmp_path / "cameras.yaml", urls) as (process, endpoint):
        with Subscriber(endpoint, kinds=("prediction", "status")) as subscriber:
            heard = Heard(subscriber)
            heard.until_live(names)
            heard.listen(3.0)  # what is loaded at first is loaded
            before = Use.of(process.pid)
            heard.predictions.clear()
            heard.latest_s.clear()
            _make_trouble(server, bad, heard)
            seen, latest_s = dict(heard.predictions), dict(heard.latest_s)
            for name in bad:
                server.do(f"restore {name}")
            heard.until_live(names)
            heard.listen(3.0)
            after = Use.of(process.pid)
            lost = subscriber.lost
        _require_end(process)
    assert lost == 0
    for name in healthy:
        _require_steady(seen[name])
        assert latest_s[name] < MAX_DELAY_S + GRACE_S, name
        assert set(heard.states[name][-3:]) <= {CameraState.LIVE}, name
    assert any(CameraState.LOST in heard.states[name] for name in bad) or not LARGE
    assert after.processes == before.processes
    assert after.threads <= before.threads
    assert after.files <= before.files
    assert after.bytes < GROWTH * before.bytes


def _make_trouble(server: object, bad: list[str], heard: Heard) -> None:
    chance = random.Random(5)
    end_s = time.monotonic() + SECONDS
    while time.monotonic() < end_s:
        verb, _, value = chance.choice(FAULTS).partition(" ")
        server.do(f"{verb} {chance.choice(bad)} {value}")
        heard.listen(chance.uniform(0.5, 4.0))


def _require_steady(messages: list[PredictionMessage]) -> None:
    """No message is missing, and none is of a picture a second after the one before."""
    sequences = [message.sequence for message in messages]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    assert len({message.session for message in messages}) == 1
    times_s = [message.captured_s for message in messages]
    assert times_s[-1] - times_s[0] > 0.9 * SECONDS - 1
    assert max(b - a for a, b in pairwise(times_s)) < 1.0
    assert messages[-1].resets == messages[0].resets


def _require_end(process: subprocess.Popen) -> None:
    """It ends by itself when told to, and with it all that it started."""
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    assert process.wait(5.0) == 0
    assert not psutil.wait_procs(children, timeout=2.0)[1]
