"""What an address gives, and that it gives the same ever after.

Knows nothing of how a file travels, and loads that only when one has to.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from streamrec.errors import DownloadError
from streamrec.weights.files import Progress, read_json, write_json

_FILE_NAME = re.compile(r"\w[\w.-]{0,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was fetched, and its checksum in hexadecimal."""

    path: Path
    url: str
    sha256: str

    def trust(self) -> None:
        """Record the checksum: from now on the address must give this file."""
        write_json(_record_path(self.path), _Record(self.url, self.sha256))

    def discard(self) -> None:
        """Delete the file."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Record:
    """What an address gave when it was first trusted."""

    url: str
    sha256: str


def fetch_checked(
    url: str, folder: Path, pinned: str | None, progress: Progress | None = None
) -> Fetched:
    """Fetch ``url`` into ``folder`` under its own name.

    It must have the ``pinned`` checksum or, without one, the checksum that was trusted first.

    Raises:
        DownloadError: the file cannot be had, or is not what it must be.
        OutputError: the folder cannot be written.
    """
    from streamrec.weights.transfer import fetch, without_secrets

    shown = without_secrets(url)
    name = shown.rpartition("/")[2]
    if not _FILE_NAME.fullmatch(name):
        raise DownloadError(f"{shown} does not end in a file's name")
    path = folder / name
    file = Fetched(path, shown, fetch(url, path, sha256=pinned, progress=progress))
    record = read_json(_record_path(path), _Record)
    if pinned is None and record is not None and record.sha256 != file.sha256:
        file.discard()
        raise DownloadError(
            f"{shown} has changed: its SHA-256 is {file.sha256}, at first it was "
            f"{record.sha256}; delete {_record_path(path)} if the new file is to be trusted"
        )
    return file


def _record_path(path: Path) -> Path:
    return path.with_name(path.name + ".sha256.json")
