"""A whole service that is killed again and again, by what a subscriber heard and what is stored."""

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from streamrec.client import EventMessage, Subscriber, follow_events
from streamrec.types import EventEnd, EventPhase
from streamrec.wire import decode

KILLS = 200 if os.environ.get("STREAMREC_SLOW") else 5
PATIENCE_S = 30.0
LAUNCHER = """
import signal, sys
sys.path[:] = eval(sys.argv[1])
from pathlib import Path
from streamrec.service.settings_file import read_settings
from streamrec.service.supervisor import Supervisor
settings = read_settings(Path(sys.argv[2]))
supervisor = Supervisor(settings, lambda: settings, module="scripted_worker")
signal.signal(signal.SIGTERM, lambda *_: supervisor.stop())
print("it may be stopped", flush=True)
supervisor.run()
"""


class Killed:
    """A service at fixed addresses that is started and killed at will."""

    def __init__(self, folder: Path) -> None:
        self.publish, self.replay, control = (f"tcp://127.0.0.1:{port}" for port in free_ports(3))
        self.database = folder / "events.db"
        self._config = folder / "cameras.yaml"
        document = {
            "publish": self.publish,
            "replay": self.replay,
            "control": control,
            "store": str(self.database),
            "cameras": {name: {"source": "acts"} for name in ("door", "hall", "yard")},
        }
        self._config.write_text(json.dumps(document))  # JSON is YAML, too
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether its supervisor runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it."""
        command = [sys.executable, "-c", LAUNCHER, repr(sys.path), self._config]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)

    def kill(self, *, children: bool) -> None:
        """Kill the supervisor, or each process of the service."""
        descendants = psutil.Process(self._process.pid).children(recursive=True)
        self._process.kill()
        for process in descendants if children else ():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()
        self._process.stdout.close()

    def stop(self) -> None:
        """Let it end by itself, once it knows how."""
        assert self._process.stdout.readline()
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(PATIENCE_S) == 0
        self._process.stdout.close()

    def messages(self) -> list[EventMessage]:
        """Return all messages of events in the database, in order."""
        with sqlite3.connect(self.database) as connection:
            rows = connection.execute("SELECT payload FROM messages ORDER BY number").fetchall()
        return [decode(payload.encode()) for (payload,) in rows]


class Listener:
    """A thread that remembers the events that a client gives."""

    def __init__(self, client) -> None:
        self.heard: list[EventMessage] = []
        self._client, self._ending = client, threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def wait_more(self) -> None:
        """Wait until it hears something new."""
        before, end_s = len(self.heard), time.monotonic() + PATIENCE_S
        while len(self.heard) == before:
            assert time.monotonic() < end_s
            time.sleep(0.01)

    def end(self) -> None:
        """Listen no more."""
        self._ending.set()
        self._thread.join(PATIENCE_S)

    def _listen(self) -> None:
        with self._client:
            while not self._ending.is_set():
                if (message := self._client.receive(0.1)) is not None:
                    self.heard.append(message)


@pytest.fixture
def service(tmp_path):
    service = Killed(tmp_path)
    yield service
    if service.is_running:
        service.kill(children=True)


@pytest.fixture
def listen():
    """Start listeners, which end with the test."""
    listeners = []

    def start(client) -> Listener:
        listeners.append(Listener(client))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.end()


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform == "win32", reason="services are ended by signals here")
def test_a_service_that_is_killed_at_any_moment_loses_no_event(service, listen):
    chance = random.Random(0)
    subscriber = listen(Subscriber(service.publish, kinds=("event",)))
    follower = listen(follow_events(service.publish, service.replay, since=0))
    for number in range(KILLS):
        service.start()
        subscriber.wait_more()
        time.sleep(chance.uniform(0.0, 0.5))
        service.kill(children=number % 2 == 0)
    open_before = still_open(service.messages())
    service.start()
    subscriber.wait_more()
    wait_for(lambda: not open_before & still_open(service.messages()))
    service.stop()
    check_messages(service.messages(), subscriber.heard)
    service.start()
    newest = service.messages()[-1].number
    wait_for(lambda: follower.heard[-1].number >= newest)
    followed = [message.number for message in follower.heard]
    wait_for(lambda: service.messages()[-1].number >= followed[-1])  # the newest may be spooled yet
    stored = [message.number for message in service.messages()]
    assert followed == stored[: len(followed)]


def still_open(stored: list[EventMessage]) -> set[str]:
    """Return the ids of events without an end."""
    return ids(stored, EventPhase.START).keys() - ids(stored, EventPhase.END).keys()


def ids(stored: list[EventMessage], phase: EventPhase) -> Counter[str]:
    """Count the messages of a phase by event."""
    return Counter(message.id for message in stored if message.phase == phase)


def check_messages(stored: list[EventMessage], heard: list[EventMessage]) -> None:
    """Check that nothing is missing, open or twice."""
    by_number = {message.number: message.id for message in stored}
    assert [m for m in heard if by_number.get(m.number) != m.id] == []
    begun, ended = ids(stored, EventPhase.START), ids(stored, EventPhase.END)
    assert begun == ended
    assert set(begun.values()) == {1}
    assert any(message.reason == EventEnd.INTERRUPTED for message in stored)
    starts = [message for message in stored if message.previous is None]
    print(f"{len(heard)} heard, {len(stored)} stored, {len(begun)} events, {len(starts)} lives")


def wait_for(condition) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.05)


def free_ports(count: int) -> list[int]:
    """Return ports that nobody uses at present."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports
