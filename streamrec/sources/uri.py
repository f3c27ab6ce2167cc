"""Source URIs: which kind they are, how they are shown, how their source is named."""

import re
from pathlib import PurePath

from streamrec.errors import OptionError

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):", re.IGNORECASE)  # two letters at least: C: is a drive
_CAMERA = re.compile(r"(?:/dev/video(?=\d))?(-?\d+)")
_DRIVE = re.compile(r"(?:file:)?/*(?:[a-z]:(?=[\\/]))?", re.IGNORECASE)
_LOGIN = re.compile(":.*@", re.DOTALL)
_QUERY = re.compile(r"([?#]).+", re.DOTALL)
_SECRET = re.compile(  # a key and its value, which ends before the next key
    r"((?:use?r|login|pass|pwd|token|key|auth|secret)[\w.-]*=).*?(?=[&;_][a-z]+=|$)",
    re.IGNORECASE | re.DOTALL,
)
_NETWORK = ("rtsp", "http", "https", "udp")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_NAME_LENGTH = 64


def camera_index(uri: str) -> int | None:
    """Return the index of a camera (``0``, ``/dev/video0``), None for anything else."""
    match = _CAMERA.fullmatch(uri)
    return int(match[1]) if match else None


def lasts(uri: str) -> bool:
    """Tell whether an address is a camera's or of a network: it is kept connected for ever."""
    return camera_index(uri) is not None or scheme(uri) in _NETWORK


def scheme(uri: str) -> str:
    """Return the scheme in lower case; a path, with or without a drive letter, is a ``file``."""
    match = _SCHEME.match(uri)
    return match[1].lower() if match else "file"


def redact(uri: str) -> str:
    """Hide everything that may be a secret: user and password, query, values of telling keys.

    Passwords are often not escaped, so whatever stands before the last ``@`` is hidden, and all
    of an address where that ``@`` may belong to a query or to a value.
    """
    if _is_path(uri):
        return _SECRET.sub(r"\1***", uri)
    head, slashes, rest = uri.partition("://")
    if not slashes or not _SCHEME.fullmatch(f"{head}:"):
        head, slashes, rest = "", "", uri
    login, at, address = rest.rpartition("@")
    if not set("?#=").isdisjoint(login):
        return f"{head}{slashes}***"
    address = _SECRET.sub(r"\1***", _QUERY.sub(r"\1***", address))
    return f"{head}{slashes}{'***' if login else ''}{at}{address}"


def network_name(url: str) -> str:
    """Name a network source after its host, port and path, never after its credentials."""
    shown = redact(url)
    address = shown.partition("://")[2] or shown
    return _safe(_QUERY.sub("", address.rpartition("@")[2]))


def require_name(name: str) -> None:
    """Check a name that somebody chose for a source, which stands in topics.

    Raises:
        OptionError: it has other characters than letters, digits, ``_``, ``.`` and ``-``.
    """
    if _UNSAFE.search(name) or not name:
        raise OptionError(f"a source's name has letters, digits, '_', '.' and '-'; got {name!r}")


def file_name(path: PurePath) -> str:
    """Name a file source after its stem."""
    return _safe(path.stem)


def _is_path(uri: str) -> bool:
    """Tell a path from an address without a scheme, which has a ``:`` before its ``@``."""
    return scheme(uri) == "file" and not _LOGIN.search(_DRIVE.sub("", uri, count=1))


def _safe(text: str) -> str:
    """Keep what may stand in a topic: letters, digits, ``_``, ``.`` and ``-``."""
    return _UNSAFE.sub("_", text).strip("_.")[:_NAME_LENGTH] or "source"
