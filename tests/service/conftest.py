"""A real service with real processes and sockets, whose workers are scripted."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from streamrec.client import Subscriber
from streamrec.service.control import ANSWER_S, CameraReport, List, ask
from streamrec.service.settings_file import read_settings
from streamrec.service.supervisor import Supervisor

PATIENCE_S = 20.0


def write_config(path: Path, cameras: Mapping[str, object], **service: object) -> None:
    """Write a configuration; a camera is its source, or all its keys."""
    rows = {
        name: {"source": camera} if isinstance(camera, str) else camera
        for name, camera in cameras.items()
    }
    own = dict.fromkeys(("publish", "control", "replay"), "tcp://127.0.0.1:*") | {"store": "none"}
    document = {**own, **service, "cameras": rows}
    path.write_bytes(msgspec.json.encode(document))  # JSON is YAML, too


class Service:
    """A supervisor that runs in a thread."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.supervisor = Supervisor(
            read_settings(config), lambda: read_settings(config), module="scripted_worker"
        )
        self._thread = threading.Thread(target=self.supervisor.run)
        self._thread.start()

    def write(self, cameras: Mapping[str, object], **service: object) -> None:
        """Change the configuration."""
        write_config(self.config, cameras, **service)

    def ask(self, request, timeout_s: float = ANSWER_S):
        """Send a request."""
        return ask(self.supervisor.controlled_at, request, timeout_s)

    def cameras(self) -> dict[str, CameraReport]:
        """What the service says of its cameras."""
        return {report.status.source: report for report in self.ask(List())[0].cameras}

    def states(self) -> dict[str, tuple[str, str]]:
        """State and reason by camera."""
        reports = self.cameras().items()
        return {name: (str(r.status.state), r.status.reason) for name, r in reports}

    def wait(self, condition: Callable[[dict[str, CameraReport]], bool]) -> dict[str, CameraReport]:
        """Wait until the cameras are as they should be."""
        end_s = time.monotonic() + PATIENCE_S
        while not condition(reports := self.cameras()):
            assert time.monotonic() < end_s, reports
            time.sleep(0.05)
        return reports

    def wait_live(self, *names: str) -> dict[str, CameraReport]:
        """Wait until these cameras are live."""
        return self.wait(lambda reports: all(reports[n].status.state == "live" for n in names))

    def subscribe(self, **options) -> Subscriber:
        """Hear what it publishes."""
        return Subscriber(self.supervisor.publishes_on, timeout_s=PATIENCE_S, **options)

    def stop(self) -> None:
        """End it."""
        self.supervisor.stop()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Start services; cameras as in `write_config`."""
    running: list[Service] = []

    def start(cameras: Mapping[str, object], **options: object) -> Service:
        config = tmp_path / f"cameras-{len(running)}.yaml"
        write_config(config, cameras, **options)
        running.append(Service(config))
        return running[-1]

    yield start
    for one in running:
        one.stop()
