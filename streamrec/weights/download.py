"""What an address gives, and that it gives the same ever after.

Knows nothing of how a file travels, and loads that only when one has to.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from streamrec.errors import DownloadError
from streamrec.weights.files import Progress, read_json, sha256_of, write_json
from streamrec.weights.published import PublishedFile

_FILE_NAME = re.compile(r"\w[\w.-]{0,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was fetched, by hand or not, and its checksum in hexadecimal."""

    path: Path
    url: str
    sha256: str
    by_hand: bool

    def trust(self) -> None:
        """Record the checksum: from now on the address must give this file."""
        write_json(_record_path(self.path), _Record(self.url, self.sha256))

    def discard(self) -> None:
        """Delete the file."""
        self.path.unlink(missing_ok=True)

    def reject(self) -> None:
        """Delete the file, so that it is fetched anew, unless that took somebody's hands.

        Windows keeps a file while what failed to read it holds it; why it failed matters more.
        """
        if not self.by_hand:
            with suppress(OSError):
                self.discard()


@dataclass(frozen=True, slots=True)
class _Record:
    """What an address gave when it was first trusted."""

    url: str
    sha256: str


def fetch_checked(
    published: PublishedFile, folder: Path, progress: Progress | None = None
) -> Fetched:
    """Fetch a file into ``folder`` under its own name, unless it is there already.

    What people must fetch by hand is there. It must have the checksum that is published and, from
    the second time on, the one that was trusted first.

    Raises:
        DownloadError: the file cannot be had, or is not what it must be.
        OutputError: the folder cannot be written.
        WeightsError: a file that was fetched by hand cannot be read.
    """
    from streamrec.weights.transfer import fetch, without_secrets

    shown = published.by_hand or without_secrets(published.url)
    name = shown.rpartition("/")[2]
    if not _FILE_NAME.fullmatch(name):
        raise DownloadError(f"{shown} does not end in a file's name")
    path = folder / name
    if published.by_hand:
        checksum = sha256_of(path)
    else:
        checksum = fetch(published.url, path, sha256=published.sha256, progress=progress)
    file = Fetched(path, shown, checksum, bool(published.by_hand))
    record = read_json(_record_path(path), _Record)
    if record is not None and record.sha256 != checksum:
        file.reject()
        raise DownloadError(
            f"{shown} has changed: its SHA-256 is {checksum}, at first it was "
            f"{record.sha256}; delete {_record_path(path)} if the new file is to be trusted"
        )
    return file


def _record_path(path: Path) -> Path:
    return path.with_name(path.name + ".sha256.json")
