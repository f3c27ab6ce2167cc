"""A real web server on this machine whose misbehaviour can be chosen, for tests of downloads."""

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class File:
    """What an address serves, and how.

    Attributes:
        cut_after: bytes after which the connection closes, one entry a request; None: whole.
        claim: bytes to claim in Content-Length beyond the content.
        silences_s: seconds before the answer, one entry a request.
    """

    content: bytes = b""
    status: int = 200
    etag: str | None = '"v1"'
    ranges: bool = True
    cut_after: list[int | None] = field(default_factory=list)
    claim: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    chunk_pause_s: float = 0.0
    silences_s: list[float] = field(default_factory=list)


class Web(ThreadingHTTPServer):
    """Serves ``files`` by path; ``requests`` lists (path, Range header) as they came."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, File] = {}
        self.requests: list[tuple[str, str | None]] = []

    def url(self, path):
        return f"http://127.0.0.1:{self.server_port}{path}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        asked = self.headers["Range"]
        self.server.requests.append((self.path, asked))
        file = self.server.files.get(self.path.partition("?")[0])
        if file is None:
            self.send_error(404)
            return
        time.sleep(file.silences_s.pop(0) if file.silences_s else 0.0)
        start = self._start(file, asked)
        if start and start >= len(file.content):
            self.send_error(416)
            return
        body = file.content[start:]
        self.send_response(206 if asked and start else file.status)
        if start:
            total = len(file.content)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        if file.etag:
            self.send_header("ETag", file.etag)
        for name, value in file.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + file.claim))
        self.end_headers()
        cut = file.cut_after.pop(0) if file.cut_after else None
        self._send(body[:cut], file.chunk_pause_s)
        self.close_connection = True

    def _start(self, file, asked):
        fresh = self.headers["If-Range"] in (None, file.etag)
        return int(asked[6:].rstrip("-")) if asked and file.ranges and fresh else 0

    def _send(self, body, pause_s):
        for offset in range(0, len(body), 1 << 16):
            with suppress(ConnectionError):
                self.wfile.write(body[offset : offset + (1 << 16)])
            time.sleep(pause_s)

    def log_message(self, *args):
        pass
