"""What all tests share."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

# Threads of one test would only wait for each other where other programs run, too.
os.environ.setdefault("OMP_NUM_THREADS", "1")

RTSP_SERVER = Path(__file__).with_name("rtsp_server.py")
SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data and real clips beside the project."""
    if not SHARED.is_dir():
        pytest.skip("reference data and real clips (../shared) are not beside the project")
    return SHARED


class RtspServer:
    """A running server; its stream is at ``url``."""

    def __init__(self, login: tuple[str, ...], play: Path | None) -> None:
        if not Path("/usr/bin/python3").exists():
            pytest.skip("the RTSP server is run by /usr/bin/python3, which is not here")
        options = [] if play is None else ["--play", str(play)]
        command = ["/usr/bin/python3", str(RTSP_SERVER), *options, "--", *login]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        port = self._process.stdout.readline()
        if not port:
            self.stop()
            pytest.skip("no GStreamer RTSP server; the packages are in .ci/debian-packages.txt")
        self.address = f"127.0.0.1:{int(port)}"
        credentials = ":".join(quote(part, safe="") for part in login) + "@" if login else ""
        self.url = f"rtsp://{credentials}{self.address}/test"

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture
def rtsp_server() -> Iterator[Callable[..., RtspServer]]:
    """Start RTSP servers, open to all or to one user only, with a test picture or a file."""
    running: list[RtspServer] = []

    def start(*login: str, play: Path | None = None) -> RtspServer:
        running.append(RtspServer(login, play))
        return running[-1]

    yield start
    for server in running:
        server.stop()
