"""Source URIs: which kind they are, how they are shown, how their source is named."""

import re
from pathlib import PurePath

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):", re.IGNORECASE)  # two letters at least: C: is a drive
_CAMERA = re.compile(r"(?:/dev/video(?=\d))?(-?\d+)")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_NAME_LENGTH = 64


def camera_index(uri: str) -> int | None:
    """Return the index of a camera (``0``, ``/dev/video0``), None for anything else."""
    match = _CAMERA.fullmatch(uri)
    return int(match[1]) if match else None


def scheme(uri: str) -> str:
    """Return the scheme in lower case; a path, with or without a drive letter, is a ``file``."""
    match = _SCHEME.match(uri)
    return match[1].lower() if match else "file"


def redact(uri: str) -> str:
    """Hide everything in a network address that may be a secret: user, password and query."""
    head, slashes, rest = uri.partition("://")
    if not slashes or head.lower() == "file":
        return uri
    user, at, address = rest.rpartition("@")
    address, query, _ = address.partition("?")
    return f"{head}://{'***' if user else ''}{at}{address}{'?***' if query else ''}"


def network_name(url: str) -> str:
    """Name a network source after its host, port and path, never after its credentials."""
    address = redact(url).partition("://")[2].removesuffix("?***")
    return _safe(address.rpartition("@")[2])


def file_name(path: PurePath) -> str:
    """Name a file source after its stem."""
    return _safe(path.stem)


def _safe(text: str) -> str:
    """Keep what may stand in a topic: letters, digits, ``_``, ``.`` and ``-``."""
    return _UNSAFE.sub("_", text).strip("_.")[:_NAME_LENGTH] or "source"
