"""Real video files and real servers for the tests of sources."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import pytest


@pytest.fixture
def video(tmp_path: Path) -> Callable[..., Path]:
    """Make a small video whose frame ``i`` is a grey of mean level ``10 * i``."""

    def make(name: str = "clip.mp4", fps: float = 25.0, frames: int = 20) -> Path:
        path = tmp_path / name
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (64, 48))
        for i in range(frames):
            writer.write(_picture(10 * i))
        writer.release()
        return path

    return make


def _picture(level: int) -> np.ndarray:
    """A grey that is brighter on the right."""
    row = np.clip(level + np.linspace(-8, 8, 64), 0, 255).astype(np.uint8)
    return np.broadcast_to(row[None, :, None], (48, 64, 3)).copy()


class _Handler(SimpleHTTPRequestHandler):
    """Files, /mjpeg (endless), /stalls (after 12 pictures) and /private (401)."""

    released: ClassVar[threading.Event]

    def do_GET(self) -> None:
        if self.path.startswith("/private"):
            self.send_error(401)
        elif self.path == "/mjpeg":
            self._mjpeg(last=None)
        elif self.path == "/stalls":
            self._mjpeg(last=12)
        else:
            super().do_GET()

    def _mjpeg(self, last: int | None) -> None:
        """Send pictures for ever, or stop after ``last`` of them and keep the line open."""
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        sent = 0
        while not self.released.wait(0.02):
            if sent != last:
                self._part(_picture(sent % 256))
                sent += 1

    def _part(self, image: np.ndarray) -> None:
        jpeg = cv2.imencode(".jpg", image)[1].tobytes()
        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        self.wfile.write(head.encode() + jpeg + b"\r\n")

    def log_message(self, *args: object) -> None:
        """Keep the test output clean."""


@pytest.fixture
def http_server(tmp_path: Path) -> Iterator[str]:
    """Serve the test's folder and a few streams over HTTP; give the base URL."""
    handler = type("Handler", (_Handler,), {"released": threading.Event()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(tmp_path)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    handler.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def run_python() -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Run a program in a fresh interpreter and return what it printed."""

    def run(program: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
        )

    return run
