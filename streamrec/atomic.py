"""Files that appear whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from streamrec.errors import OutputError


@contextmanager
def atomic_path(path: Path, permissions: int = 0o666) -> Iterator[Path]:
    """Give a temporary path beside ``path``, which replaces it if the block succeeds.

    What was written is on the disk before that, so that a power cut leaves no empty file.

    Args:
        path: the file.
        permissions: of it, less the umask (POSIX).

    Raises:
        OutputError: the folder cannot be made or written.
    """
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch(mode=permissions, exist_ok=False)
        mode = temporary.stat().st_mode
        yield temporary
        temporary.chmod(mode)  # some libraries write files that others may not read
        _write_through(temporary)
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            temporary.unlink()


def _write_through(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())
