"""Small file work with clear errors."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from streamrec.atomic import atomic_path
from streamrec.errors import LabelsError, WeightsError

Progress = Callable[[int, int | None], None]
"""Called with the bytes received so far and the total, None where that is not known."""

_MAX_LABELS_BYTES = 1 << 20

_T = TypeVar("_T")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal.

    Raises:
        WeightsError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror}") from error


def read_labels(path: Path) -> tuple[str, ...]:
    """Read class names in logit order: UTF-8 text, one name a line.

    Raises:
        LabelsError: the file cannot be read, is not text, is empty or has an empty line.
    """
    try:
        if path.stat().st_size > _MAX_LABELS_BYTES:
            raise LabelsError(f"{path} is too large for a list of labels (over 1 MiB)")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise LabelsError(f"cannot read labels from {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LabelsError(f"{path} is not a text file of labels, one a line") from error
    labels = tuple(line.strip() for line in lines)
    if not labels or "" in labels:
        raise LabelsError(f"{path} must have one label a line and no empty line")
    return labels


def read_json(path: Path, kind: type[_T]) -> _T | None:
    """Read a record, None where there is no file that holds one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError):
        return None


def write_json(path: Path, record: object) -> None:
    """Write a record; the file appears whole.

    Raises:
        OutputError: the file cannot be written.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(msgspec.json.encode(record))
