"""A running ``streamrec serve`` before RTSP cameras, and what its processes use."""

import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from options import MissingError

_RTSP_TOOLS = Path(__file__).parents[1] / "tools" / "rtsp"
_READY = re.compile(r"publishing on (\S+),")
_KINDS = {"streamrec.reader": "capture", "streamrec.service.worker": "worker"}
KINDS = ("capture", "worker", "supervisor")
_STOP_S = 10.0


@dataclass(slots=True)
class Usage:
    """What processes of one kind have used so far.

    Attributes:
        processes, threads, descriptors: how many there are.
        cpu_s: processor time of those that are there, seconds.
        rss_mib: resident memory, what they share counted once for each.
    """

    processes: int = 0
    threads: int = 0
    descriptors: int = 0
    cpu_s: float = 0.0
    rss_mib: float = 0.0


class Service:
    """The service in a process of its own; a context manager.

    Args:
        folder: where its file and its log go.
        cameras: addresses by name.
        shared: what the file says of all of them.

    Attributes:
        endpoint: where it publishes.
    """

    def __init__(self, folder: Path, cameras: Mapping[str, str], **shared: object) -> None:
        require_tools()
        config, self._log = folder / "cameras.yaml", folder / "serve.log"
        config.write_text(_config(cameras, shared), encoding="utf-8")
        command = (sys.executable, "-m", "streamrec.cli", "serve", "--config", str(config))
        with self._log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(command, stderr=log)
        self._root = import_module("psutil").Process(self._process.pid)
        self.endpoint = self._await_ready()

    def usage(self) -> dict[str, Usage]:
        """Return what each kind of process has used so far: ``KINDS``."""
        used = {kind: Usage() for kind in KINDS}
        for process in (self._root, *self._root.children(recursive=True)):
            with suppress(import_module("psutil").Error):  # it has just ended
                _add(used, process)
        return used

    def pids(self, kind: str) -> set[int]:
        """Return the numbers of the processes of one kind."""
        found: dict[str, set[int]] = defaultdict(set)
        for process in self._root.children(recursive=True):
            with suppress(import_module("psutil").Error):
                found[_kind(process)].add(process.pid)
        return found[kind]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _await_ready(self) -> str:
        while self._process.poll() is None:
            if match := _READY.search(self._log.read_text(encoding="utf-8")):
                return match[1]
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.1)
        raise MissingError(f"the service did not start: {self._log.read_text(encoding='utf-8')}")


def require_tools() -> None:
    """Check that processes can be looked at.

    Raises:
        MissingError: they cannot.
    """
    if find_spec("psutil") is None:
        raise MissingError("psutil is not installed: pip install psutil")


def cameras(*names: str, play: Path) -> Any:
    """Start a server with cameras that show a video: ``tools/rtsp/remote.py``.

    Raises:
        MissingError: there is no RTSP server on this machine.
    """
    remote = _remote()
    try:
        return remote.Cameras(*names, play=play)
    except remote.MissingServerError as error:
        raise MissingError(f"no RTSP server: {error}") from None


def _remote() -> ModuleType:
    if str(_RTSP_TOOLS) not in sys.path:
        sys.path.append(str(_RTSP_TOOLS))
    return import_module("remote")


def _config(cameras: Mapping[str, str], shared: Mapping[str, object]) -> str:
    lines = [
        "publish: tcp://127.0.0.1:*",
        "control: tcp://127.0.0.1:*",
        "defaults:",
        *(f"  {key}: {value}" for key, value in shared.items()),
        "cameras:",
        *(f"  {name}: {{source: {url}}}" for name, url in cameras.items()),
    ]
    return "\n".join(lines) + "\n"


def _kind(process: Any) -> str:
    words = process.cmdline()
    return next((kind for module, kind in _KINDS.items() if module in words), "supervisor")


def _add(used: Mapping[str, Usage], process: Any) -> None:
    with process.oneshot():
        one = Usage(
            processes=1,
            threads=process.num_threads(),
            descriptors=process.num_fds() if hasattr(process, "num_fds") else process.num_handles(),
            cpu_s=sum(process.cpu_times()[:2]),
            rss_mib=process.memory_info().rss / 2**20,
        )
        kind = used[_kind(process)]
    for name in Usage.__slots__:
        setattr(kind, name, getattr(kind, name) + getattr(one, name))
