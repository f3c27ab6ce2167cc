"""Small file work with clear errors: whole files appear at once or not at all."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streamrec.errors import LabelsError, OutputError, WeightsError

_MAX_LABELS_BYTES = 1 << 20


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a temporary path beside ``target``; it takes the target's place if all goes well.

    Raises:
        OutputError: the folder cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        os.close(handle)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror}") from error
    temporary = Path(name)
    try:
        yield temporary
        temporary.replace(target)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


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
