"""Where thumbnails and clips lie."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

Footage = Literal["thumbnail", "clip"]

SUFFIXES: dict[Footage, str] = {"thumbnail": ".jpg", "clip": ".mp4"}


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
