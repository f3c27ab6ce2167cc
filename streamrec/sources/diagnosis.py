"""Why a network source did not open: FFmpeg does not say, so the server is asked once more.

Only called after a failure. Sends no user name and password, except those that are in the path or
the query, without which the server would be asked for something else.
"""

import socket
import ssl
from urllib.parse import SplitResult, urlsplit

_PORTS = {"rtsp": 554, "http": 80, "https": 443}
_TIMEOUT_S = 2.0


def why_not_opened(url: str) -> str:
    """Say in a few words why ``url`` gave no video, and what to do."""
    parts = urlsplit(url)
    if "@" in f"{parts.path}{parts.query}{parts.fragment}":  # the host may be part of a password
        return "an '@' comes after the host; in a password write / ? # @ as %2F %3F %23 %40"
    if parts.scheme not in _PORTS:
        return "no video arrived in time; is the sender running, and sending to this address?"
    server = f"{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"
    try:
        status = _status(parts)
    except (socket.gaierror, UnicodeError):
        return f"the host {parts.hostname} is not known"
    except ConnectionRefusedError:
        return f"nothing listens on {server}"
    except TimeoutError:
        return f"{server} does not answer"
    except OSError as error:
        return f"no connection to {server}: {error.strerror or 'it was broken off'}"
    return _meaning(status, given=parts.password is not None)


def _meaning(status: int, *, given: bool) -> str:
    """Put a status of HTTP or RTSP, which share their numbers, into words."""
    if status in (401, 403) and given:
        return f"user name or password refused ({status})"
    if status in (401, 403):
        return f"it wants a user name and password ({status}): scheme://USER:PASSWORD@host/path"
    if status in (404, 410):
        return f"no such path on the server ({status})"
    if 200 <= status < 400:
        return f"it answers ({status}), but sent no video that can be decoded"
    return f"the server answered with status {status}"


def _status(parts: SplitResult) -> int:
    """Ask for the resource without credentials; return the status of the answer."""
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme == "rtsp":
        request = f"DESCRIBE rtsp://{host}:{port}{target} RTSP/1.0\r\nCSeq: 1\r\n\r\n"
    else:
        request = f"GET {target} HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n"
    with socket.create_connection((host, port), timeout=_TIMEOUT_S) as plain:
        connection = _unverified_tls(plain, host) if parts.scheme == "https" else plain
        connection.sendall(request.encode())
        with connection.makefile("rb") as answer:
            return _status_of(answer.readline(200))


def _unverified_tls(plain: socket.socket, host: str) -> ssl.SSLSocket:
    """Encrypt as FFmpeg does by default, which checks no certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=host)


def _status_of(line: bytes) -> int:
    fields = line.split()
    if len(fields) < 2 or not fields[1].isdigit():
        raise ConnectionError("no status line")
    return int(fields[1])
