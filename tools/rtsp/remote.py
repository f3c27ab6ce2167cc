"""Start the server and the proxy from a program, and tell them what to do."""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

FOLDER = Path(__file__).parent
SYSTEM_PYTHON = Path("/usr/bin/python3")
_MISSING = 3
_PATIENCE_S = 5.0


class MissingServerError(Exception):
    """There is no GStreamer RTSP server on this machine."""


class Tool:
    """A tool that runs; a context manager.

    Attributes:
        port: where it listens, on 127.0.0.1.
    """

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        line = self._answer()
        if not line:
            self.kill()
            if self._process.returncode == _MISSING:
                raise MissingServerError("the packages are in .ci/debian-packages.txt")
            raise RuntimeError(f"{shlex.join(command)} ended at once")
        self.port = int(line)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def do(self, command: str) -> None:
        """Tell it a command and wait until it has been carried out."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        if answer != "ok":
            raise RuntimeError(answer or f"it ended at {command!r}")

    def stop(self) -> None:
        """Let it end by itself."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(_PATIENCE_S)
        self.kill()

    def kill(self) -> None:
        """End it as a power cut does; safe to call twice."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def pause(self) -> None:
        """Halt it; its connections stay."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after a pause."""
        os.kill(self._process.pid, signal.SIGCONT)

    def __enter__(self) -> "Tool":
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


class Cameras(Tool):
    """A server and its cameras; ``options`` are those of ``server.py``.

    Args:
        names: of the cameras.
        login: user and password of all of them; none: all may watch.

    Raises:
        MissingServerError: GStreamer, or the system's Python, is not installed.
    """

    def __init__(
        self, *names: str, login: tuple[str, str] | None = None, **options: object
    ) -> None:
        if not SYSTEM_PYTHON.exists():
            raise MissingServerError(f"there is no {SYSTEM_PYTHON}")
        self.names, self._login, self._options = names, login, options
        self._start()

    def url(self, name: str | None = None, *, login: tuple[str, str] | None = None) -> str:
        """Return a camera's address, the first one's by default, with its login or another."""
        credentials = login or self._login
        shown = ":".join(quote(part, safe="") for part in credentials) + "@" if credentials else ""
        return f"rtsp://{shown}{self.address}/{name or self.names[0]}"

    def restart(self) -> None:
        """Kill it if it runs, and start it anew on the same port, without any fault."""
        self.kill()
        self._options["port"] = self.port
        self._start()

    def _start(self) -> None:
        options = [
            f"--{key}" if value is True else f"--{key}={value}"
            for key, value in self._options.items()
            if value not in (None, False)
        ]
        super().__init__(str(SYSTEM_PYTHON), str(FOLDER / "server.py"), *options, *self.names)
        if self._login:
            self.do(shlex.join(["login", *self._login]))


class Network(Tool):
    """A proxy before a server."""

    def __init__(self, server: Tool) -> None:
        super().__init__(sys.executable, str(FOLDER / "proxy.py"), server.address)

    def through(self, url: str, server: Tool) -> str:
        """Return the address of a camera on the server as it is reached through here."""
        return url.replace(server.address, self.address)
