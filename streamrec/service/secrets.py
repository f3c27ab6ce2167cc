"""Secrets of a source or a database: ``{NAME}`` stands for one until the moment of connecting.

They come from the environment, or from files of that name where systemd and containers put
credentials. ``{{`` is a brace.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from streamrec.errors import OptionError, SourceOpenError

CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""Where systemd says that a service's credentials lie (systemd.exec, ``LoadCredential=``)."""

CONTAINER_SECRETS = Path("/run/secrets")
"""Where Docker, Podman and Compose mount secrets."""

_BRACE = re.compile(r"\{(?:(\{)|([A-Za-z_][A-Za-z0-9_.-]*)\})?")
_LOGIN = re.compile(r"[^/?#]*://([^/?#]*)@")
_TELLING = re.compile(r"(?:pass|pwd|token|key|auth|secret)[\w.-]*=(?![{&]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret and, in words, where it was found."""

    value: str = field(repr=False)
    place: str


def secret_names(source: str) -> tuple[str, ...]:
    """Return the names of the secrets that a source needs, in order.

    Raises:
        OptionError: a brace that is neither doubled nor part of a ``{NAME}``.
    """
    names = []
    for match in _BRACE.finditer(source):
        if match[0] == "{":
            raise OptionError(
                "a '{' begins a secret's {NAME}, of letters, digits, '_', '.' and '-'; write '{{' "
                "for the brace itself"
            )
        names += [match[2]] if match[2] else []
    return tuple(names)


def find_secret(name: str) -> Secret | None:
    """Look a secret up; what is empty is none.

    Raises:
        SourceOpenError: its file is there and cannot be read, or it is not one line of text.
    """
    for value, place in _places(name):
        if not value.isprintable():
            raise SourceOpenError(f"the secret {name}, from {place}, is not one line of text")
        if value:
            return Secret(value, place)
    return None


def resolve(source: str) -> str:
    """Put the secrets into a source, percent-encoded where they are the login of an address.

    Raises:
        SourceOpenError: a secret is missing or cannot be read.
        OptionError: a brace that is neither doubled nor part of a ``{NAME}``.
    """
    secret_names(source)
    login = _LOGIN.match(source)
    first, last = login.span(1) if login else (0, 0)

    def put(match: re.Match[str]) -> str:
        if match[1]:
            return "{"
        value = _require(match[2])
        if not first <= match.start() < last:
            return value
        return quote(value, safe=":" if match.span() == (first, last) else "")

    return _BRACE.sub(put, source)


def secret_values(source: str) -> tuple[str, ...]:
    """Return the secrets of a source in every form in which a text may repeat them.

    Raises:
        SourceOpenError, OptionError: as for ``resolve``.
    """
    values = [_require(name) for name in secret_names(source)]
    return tuple(form for value in values for form in (quote(value, safe=""), quote(value), value))


def hide(text: str, values: tuple[str, ...]) -> str:
    """Put ``***`` in place of secrets, wherever they stand in a text."""
    for value in values:
        text = text.replace(value, "***")
    return text


def lies_open(source: str) -> bool:
    """Tell whether a source has a password in it that is written out."""
    login = _LOGIN.match(source)
    password = login[1].partition(":")[2] if login else ""
    return bool(_BRACE.sub("", password) or _TELLING.search(source))


def _require(name: str) -> str:
    secret = find_secret(name)
    if secret is None:
        raise SourceOpenError(
            f"the secret {name} is missing: set it in the environment, or put it into a file of "
            f"that name in ${CREDENTIALS} or {CONTAINER_SECRETS}"
        )
    return secret.value


def _places(name: str) -> Iterator[tuple[str, str]]:
    """Go through what is found under a name, and where."""
    yield os.environ.get(name, ""), "the environment"
    credentials = os.environ.get(CREDENTIALS)
    for folder in (*([Path(credentials)] if credentials else []), CONTAINER_SECRETS):
        yield _read(folder / name), str(folder / name)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise SourceOpenError(f"cannot read the secret in {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SourceOpenError(f"the secret in {path} is not UTF-8 text") from None
