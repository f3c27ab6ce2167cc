"""What all tests share."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

# Threads of one test would only wait for each other where other programs run, too.
os.environ.setdefault("OMP_NUM_THREADS", "1")

PROJECT = Path(__file__).resolve().parents[1]
SHARED = PROJECT.parent / "shared"
sys.path.insert(0, str(PROJECT / "tools" / "rtsp"))

from remote import Cameras, MissingServerError, Network, Tool  # noqa: E402


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data and real clips beside the project."""
    if not SHARED.is_dir():
        pytest.skip("reference data and real clips (../shared) are not beside the project")
    return SHARED


@pytest.fixture
def tools() -> Iterator[ExitStack]:
    """Programs that end with the test."""
    with ExitStack() as running:
        yield running


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """A virtual X display."""
    if not (sys.platform.startswith("linux") and shutil.which("Xvfb")):
        pytest.skip("windows are tested on Linux, with Xvfb, which is in .ci/debian-packages.txt")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait()


@pytest.fixture
def on_display(display: str) -> Callable[..., tuple[str, str]]:
    """Run a script on a virtual X display; what it writes to stdout and stderr."""

    def run(script: str, *args: str) -> tuple[str, str]:
        result = subprocess.run(
            [sys.executable, "-c", script, *args],
            env=os.environ | {"DISPLAY": display},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return result.stdout, result.stderr

    return run


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the display away."""
    if not sys.platform.startswith("linux"):
        pytest.skip("windows need no X display here")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def cameras(tools: ExitStack) -> Callable[..., Cameras]:
    """Start a real RTSP server: so many cameras, ``cam0`` and so on; see ``remote.Cameras``."""

    def start(count: int = 1, **options: object) -> Cameras:
        return tools.enter_context(_server(*(f"cam{i}" for i in range(count)), **options))

    return start


@pytest.fixture
def network(tools: ExitStack) -> Callable[[Tool], Network]:
    """Start a proxy before a server."""
    return lambda server: tools.enter_context(Network(server))


class RtspServer:
    """A running server; its stream is at ``url``."""

    def __init__(self, server: Cameras) -> None:
        self.address, self.url, self.stop = server.address, server.url(), server.kill


@pytest.fixture
def rtsp_server(tools: ExitStack) -> Callable[..., RtspServer]:
    """Start RTSP servers, open to all or to one user only, with a test picture or a file, once."""

    def start(*login: str, play: Path | None = None) -> RtspServer:
        server = _server("test", login=login, play=play, once=play is not None)
        return RtspServer(tools.enter_context(server))

    return start


def _server(*names: str, **options: object) -> Cameras:
    try:
        return Cameras(*names, **options)
    except MissingServerError as error:
        pytest.skip(f"no GStreamer RTSP server: {error}")
