"""A real MQTT broker: Debian's mosquitto."""

import shutil
import socket
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

PATIENCE_S = 15.0


class Mosquitto:
    """A broker on a port of its own; it can be killed and started again."""

    def __init__(self, folder: Path, login: tuple[str, str] | None) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        lines = [f"listener {self.port} 127.0.0.1", "allow_anonymous " + str(not login).lower()]
        if login:
            passwords = folder / "passwords"
            tool = shutil.which("mosquitto_passwd")
            subprocess.run([tool, "-b", "-c", passwords, *login], check=True, capture_output=True)
            passwords.chmod(0o644)
            lines.append(f"password_file {passwords}")
        self._config = folder / "mosquitto.conf"
        self._config.write_text("\n".join([*lines, "user root", ""]))
        self.start()

    def start(self) -> None:
        command = [shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", self._config]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        end_s = time.monotonic() + PATIENCE_S
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < end_s and self._process.poll() is None
            time.sleep(0.02)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class Listener:
    """Hears everything that a broker says."""

    def __init__(self, port: int, login: tuple[str, str] | None = None) -> None:
        self._heard: defaultdict[str, Queue[str]] = defaultdict(Queue)
        self._client = Client(CallbackAPIVersion.VERSION2)
        if login:
            self._client.username_pw_set(*login)
        self._client.on_message = lambda _, __, m: self._heard[m.topic].put(m.payload.decode())
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def wait(self, topic: str, condition: Callable[[str], bool] = lambda payload: True) -> str:
        """Return the next payload of a topic that fulfils a condition."""
        end_s = time.monotonic() + PATIENCE_S
        while (left_s := end_s - time.monotonic()) > 0:
            with suppress(Empty):
                payload = self._heard[topic].get(timeout=left_s)
                if condition(payload):
                    return payload
        raise AssertionError(f"{topic} was not heard, but {list(self._heard)}")

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """Start brokers."""
    if not (shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists()):
        pytest.skip("no MQTT broker: install Debian's mosquitto")
    running: list[Mosquitto] = []

    def start(login: tuple[str, str] | None = None) -> Mosquitto:
        running.append(Mosquitto(tmp_path, login))
        return running[-1]

    yield start
    for one in running:
        one.kill()


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """Hear brokers."""
    listening: list[Listener] = []

    def start(*where: object) -> Listener:
        listening.append(Listener(*where))
        return listening[-1]

    yield start
    for one in listening:
        one.close()
