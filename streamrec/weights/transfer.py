"""Fetches a file over HTTP: resumed where it was cut off, checked, and put in place at once."""

import re
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx
from filelock import FileLock

from streamrec.errors import DownloadError, OutputError
from streamrec.weights.files import Progress, read_json, sha256_of, write_json

TIMEOUT = httpx.Timeout(10.0)

_ATTEMPTS = 4
_PAUSE_S = 0.5
_MAX_BYTES = 2 << 30
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")


class _CutOffError(Exception):
    """The transfer failed; trying again may finish it."""


class _RefusedError(Exception):
    """The server's answer will not do; trying again is of no use."""


_FINAL = (
    _RefusedError,
    httpx.InvalidURL,
    httpx.TooManyRedirects,
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a partial file is a part of; ``validator`` is the server's name for that version."""

    url: str
    validator: str


def fetch(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    progress: Progress | None = None,
    timeout: httpx.Timeout = TIMEOUT,
) -> str:
    """Download ``url`` to ``target`` unless it is there already; return its SHA-256.

    An interrupted download leaves ``target.part``, which the next one continues if the server's
    file is still the same. A server that never answers is asked once only. Processes that want
    the same target wait for one another.

    Args:
        url: http or https; redirects are followed, but never from https to http.
        target: where the file goes; it appears there whole and checked, or not at all.
        sha256: what the file must be, or how that begins, in hexadecimal; None: anything.
        progress: told of every chunk.
        timeout: for connecting and for each read.

    Raises:
        DownloadError: the file cannot be had, or is not what it must be. The message says what to
            fetch by hand and where to put it.
        OutputError: the folder cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_name(target.name + ".lock")):
            if target.exists():
                return _checked(target, sha256)
            return _download(url, target, sha256, progress, timeout)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    except (_CutOffError, httpx.TransportError, *_FINAL) as error:
        raise DownloadError(
            f"cannot fetch {without_secrets(url)}: {str(error) or type(error).__name__}; "
            f"to go on without it, fetch that file by other means and put it at {target}"
        ) from error


def without_secrets(url: str) -> str:
    """Return a URL as it may be shown: no user, no password, no query."""
    try:
        return str(httpx.URL(url).copy_with(userinfo=b"", query=None, fragment=None))
    except httpx.InvalidURL:
        return "that malformed URL"


def _download(
    url: str, target: Path, sha256: str | None, progress: Progress | None, timeout: httpx.Timeout
) -> str:
    part = target.with_name(target.name + ".part")
    answered = False
    for attempt in range(1, _ATTEMPTS + 1):
        done, headers = _resume(url, part)
        try:
            with (
                httpx.Client(timeout=timeout, follow_redirects=True) as client,
                client.stream("GET", url, headers=headers) as response,
            ):
                answered = True
                _save(response, url, part, done, progress)
            break
        except _FINAL:
            raise
        except (_CutOffError, httpx.TransportError):
            if not answered or attempt == _ATTEMPTS:
                raise
            time.sleep(_PAUSE_S * attempt)
    _mark_path(part).unlink(missing_ok=True)
    found = _checked(part, sha256)
    part.replace(target)
    return found


def _checked(file: Path, sha256: str | None) -> str:
    found = sha256_of(file)
    if sha256 is not None and not found.startswith(sha256.lower()):
        file.unlink()
        raise _RefusedError(f"its SHA-256 is {found} instead of {sha256}, so it was discarded")
    return found


def _resume(url: str, part: Path) -> tuple[int, dict[str, str]]:
    """Return how many bytes are here already, and the headers that ask for the rest."""
    mark = read_json(_mark_path(part), _Mark)
    headers = {"Accept-Encoding": "identity"}
    if not part.exists() or mark is None or mark.url != without_secrets(url):
        return 0, headers
    done = part.stat().st_size
    return done, headers | {"Range": f"bytes={done}-", "If-Range": mark.validator}


def _save(
    response: httpx.Response, url: str, part: Path, done: int, progress: Progress | None
) -> None:
    if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.unlink(missing_ok=True)
        raise _CutOffError("the server no longer has the rest of the file")
    start = _start(response, done)
    _write_mark(part, url, response)
    _receive(response, part, start, progress)


def _start(response: httpx.Response, done: int) -> int:
    """Return at which byte the answer begins, or raise if it is not the file."""
    visited = [reply.url.scheme for reply in (*response.history, response)]
    if "https" in visited and visited[-1] != "https":
        raise _RefusedError("the server redirects from https to http, which is not followed")
    status = f"the server answers {response.status_code} {response.reason_phrase}"
    if response.is_server_error:
        raise _CutOffError(status)
    if response.status_code == HTTPStatus.OK:
        return 0
    if response.status_code != HTTPStatus.PARTIAL_CONTENT:
        raise _RefusedError(status)
    parts = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if parts is None or int(parts[1]) != done or int(parts[2]) + 1 != int(parts[3]):
        raise _RefusedError("the server sent another part of the file than was asked for")
    return done


def _receive(response: httpx.Response, part: Path, start: int, progress: Progress | None) -> None:
    length = response.headers.get("Content-Length", "")
    total = start + int(length) if length.isdecimal() else None
    done = start
    with part.open("ab" if start else "wb") as file:
        for chunk in response.iter_raw():
            done += len(chunk)
            if max(done, total or 0) > _MAX_BYTES:
                raise _RefusedError(f"it is larger than {_MAX_BYTES} bytes")
            file.write(chunk)
            if progress is not None:
                progress(done, total)
    if total is not None and done != total:
        raise _CutOffError(f"it ended after {done} of {total} bytes")


def _mark_path(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _write_mark(part: Path, url: str, response: httpx.Response) -> None:
    validator = response.headers.get("ETag") or response.headers.get("Last-Modified")
    if not validator or validator.startswith("W/"):
        _mark_path(part).unlink(missing_ok=True)
    else:
        write_json(_mark_path(part), _Mark(without_secrets(url), validator))
