"""The JavaScript example against a real publisher, with npm's ZeroMQ."""

import itertools
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from streamrec import wire
from streamrec.config import AccessOptions
from streamrec.sinks.zmq import ZmqPublisher
from streamrec.sockets.keys import new_keys
from streamrec.types import CameraState, CameraStatus

TOOL = Path(__file__).parents[2] / "tools" / "javascript"
EVENT = wire.decode((Path(__file__).parents[1] / "wire/event-v1.json").read_bytes())
WAIT_S = 20.0

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None,
    reason="node and npm are not installed",
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tool with what it depends on; its binary comes with the package."""
    folder = tmp_path_factory.mktemp("javascript")
    for file in ("package.json", "subscribe.mjs"):
        shutil.copy(TOOL / file, folder)
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock")
    command = [shutil.which("npm"), "install", "--fetch-retries=1", *options]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=90)
    except subprocess.TimeoutExpired:
        pytest.skip("npm's registry does not answer")
    if done.returncode:
        pytest.skip(f"npm's registry cannot be reached: {done.stderr[-300:]}")
    return folder


class Subscription:
    """The running tool, heard line by line."""

    def __init__(self, folder: Path, endpoint: str, *options: str, **variables: object) -> None:
        environment = os.environ | {name: str(value) for name, value in variables.items()}
        self.process = subprocess.Popen(
            [shutil.which("node"), "subscribe.mjs", endpoint, *options],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def lines(self) -> tuple[list[dict[str, object]], str]:
        """Wait for its end; return the messages and what it said on standard error."""
        output, errors = self.process.communicate(timeout=WAIT_S)
        return [json.loads(line) for line in output.splitlines()], errors


@pytest.fixture
def subscribe(installed: Path) -> Iterator[Callable[..., Subscription]]:
    """Start the tool."""
    running = []

    def start(*arguments: str, **variables: object) -> Subscription:
        running.append(Subscription(installed, *arguments, **variables))
        return running[-1]

    yield start
    for each in running:
        each.process.kill()
        each.process.communicate()


def publisher_with(access: AccessOptions | None = None) -> ZmqPublisher:
    return ZmqPublisher("tcp://127.0.0.1:*", access=access or AccessOptions())


class Publishing:
    """Publishes the same again and again until the tool has heard enough."""

    def __init__(self, publisher: ZmqPublisher) -> None:
        self.publisher = publisher
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._publish)

    def _publish(self) -> None:
        number = 0
        while not self._ended.wait(0.02):
            number += 1
            phase = "start" if number % 2 else "end"
            fields = {"number": number, "id": f"e-{(number + 1) // 2}", "phase": phase}
            self.publisher.announce(msgspec.structs.replace(EVENT, **fields))
            self.publisher.heartbeat(1, 1, number)
            self.publisher.turn()

    def __enter__(self) -> "Publishing":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended.set()
        self._thread.join()
        self.publisher.close()


def test_events_are_printed_as_they_are_sent(subscribe):
    with Publishing(publisher_with()) as publishing:
        messages, errors = subscribe(publishing.publisher.endpoint, "--count", "20").lines()
    sequences = [message["sequence"] for message in messages]
    assert sequences == list(range(sequences[0], sequences[0] + 20))
    decoded = wire.decode(json.dumps(messages[0]).encode())
    assert isinstance(decoded, wire.EventMessage)
    assert errors == ""


def test_a_late_joiner_gets_the_status_at_once(subscribe):
    publisher = publisher_with()
    publisher.tell(CameraStatus(source="door", state=CameraState.LIVE, since_s=1.0))
    running = subscribe(publisher.endpoint, "--source", "door", "--kind", "status", "--count", "1")
    end_s = time.monotonic() + WAIT_S
    while running.process.poll() is None and time.monotonic() < end_s:
        publisher.turn()
        time.sleep(0.02)
    messages, _ = running.lines()
    publisher.close()
    assert [message["state"] for message in messages] == ["live"]


def test_what_is_missing_is_told(subscribe, monkeypatch):
    publisher = publisher_with()
    put, losing = publisher._put, threading.Event()

    def lose_one(frames):
        if losing.is_set() and b"/event/" in frames[0]:
            losing.clear()
        else:
            put(frames)

    monkeypatch.setattr(publisher, "_put", lose_one)
    with Publishing(publisher):
        running = subscribe(publisher.endpoint, "--kind", "event", "--count", "20")
        before = json.loads([running.process.stdout.readline() for _ in range(5)][-1])
        losing.set()
        after, errors = running.lines()
    numbers = [before["number"], *(message["number"] for message in after)]
    (found,) = (b for a, b in itertools.pairwise(numbers) if b != a + 1)
    assert errors == f"1 missing before streamrec/v1/camera-0/event/ {found - 1}\n"


@pytest.mark.parametrize("knows_clients", [False, True])
def test_keys_let_it_in(subscribe, tmp_path, knows_clients):
    clients = tmp_path / "clients"
    clients.mkdir()
    public, secret = new_keys("service", tmp_path)
    own_public, own = new_keys("me", tmp_path)
    shutil.copy(own_public, clients)
    access = AccessOptions(keys=str(secret), clients=str(clients) if knows_clients else "")
    variables = {"STREAMREC_SERVER_KEY": public} | ({"STREAMREC_KEY": own} if knows_clients else {})
    with Publishing(publisher_with(access)) as publishing:
        endpoint = publishing.publisher.endpoint
        messages, errors = subscribe(endpoint, "--count", "2", **variables).lines()
        assert (len(messages), errors) == (2, "")


def test_without_the_key_that_is_wanted_it_hears_nothing_and_says_so(subscribe, tmp_path):
    _, secret = new_keys("service", tmp_path)
    with Publishing(publisher_with(AccessOptions(keys=str(secret)))) as publishing:
        running = subscribe(publishing.publisher.endpoint, "--count", "1")
        told = running.process.stderr.readline()
        assert told.startswith("nothing from tcp://127.0.0.1:") and "does it have keys" in told
        assert running.process.poll() is None


@pytest.mark.parametrize(
    ("options", "variables", "said"),
    [
        (("--kind", "happening"), {}, "--kind is one of"),
        (("--count", "0"), {}, "--count"),
        ((), {"STREAMREC_KEY": "me.key_secret"}, "STREAMREC_SERVER_KEY"),
        ((), {"STREAMREC_SERVER_KEY": "package.json"}, "no public-key"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_without_a_traceback(subscribe, options, variables, said):
    running = subscribe("tcp://127.0.0.1:1", *options, **variables)
    messages, errors = running.lines()
    assert (messages, running.process.returncode) == ([], 1)
    assert errors.startswith("error: ")
    assert said in errors
    assert errors.count("\n") == 1


def test_it_ends_without_a_traceback_when_its_reader_has_gone(subscribe):
    publisher = publisher_with()
    running = subscribe(publisher.endpoint, "--kind", "event")
    with Publishing(publisher):
        assert running.process.stdout.readline()
        running.process.stdout.close()
        assert running.process.wait(WAIT_S) == 0
    assert running.process.stderr.read() == ""
