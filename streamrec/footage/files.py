"""Where thumbnails and clips lie."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

Footage = Literal["thumbnail", "clip"]

SUFFIXES: dict[Footage, str] = {"thumbnail": ".jpg", "clip": ".mp4"}


FOLDER_PERMISSIONS, PERMISSIONS = 0o700, 0o600
"""Pictures of people are for the service's own user."""


def make_folders(folder: Path, file: Path) -> None:
    """Make the folders that a file of footage needs.

    Args:
        folder: of all footage.
        file: somewhere below it.

    Raises:
        OSError: they cannot be made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    inner = [parent for parent in file.parents if parent.is_relative_to(folder)]
    for parent in reversed(inner):
        parent.mkdir(FOLDER_PERMISSIONS, exist_ok=True)


def footage_file(folder: Path, source: str, started_s: float, event: str, what: Footage) -> Path:
    """Return the file, which need not exist: ``FOLDER/SOURCE/YYYY-MM-DD/EVENT.jpg``, UTC.

    Args:
        folder: of all footage.
        source: the source's name as topics have it.
        started_s: Unix time of the event's start, seconds.
        event: the event's id.
        what: which of the two.
    """
    day = datetime.fromtimestamp(started_s, UTC).strftime("%Y-%m-%d")
    camera = source if source.strip(".") else f"_{source}"  # no name leads out of the folder
    return folder / camera / day / f"{event}{SUFFIXES[what]}"
