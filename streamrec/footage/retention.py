"""Old thumbnails and clips are deleted: by age, and the oldest where all are too large."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

LEFTOVER_S = 3600.0
"""What is still being written is not older than that."""

_ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_OURS = re.compile(rf"{_ID}\.(jpg|mp4)")
_TEMPORARY = re.compile(rf"\.{_ID}\.[0-9a-f]{{8}}\.(jpg|mp4)")  # as atomic_path names them
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Swept(NamedTuple):
    """How many files were deleted, and how many bytes they had."""

    files: int
    bytes: int


class _File(NamedTuple):
    written_s: float
    size: int
    path: Path


def sweep(folder: Path, days: float, gib: float) -> Swept:
    """Delete what is older than some days, and then the oldest until the rest is small enough.

    Nothing is touched but what ``footage_file`` names, and what was left over of writing that. No
    link is followed. Others may write and delete there at the same time.

    Args:
        folder: of all footage; need not exist.
        days: what was written before that goes; 0: nothing does for its age.
        gib: size of all files at most, in units of 2^30 bytes; 0: any.
    """
    now_s = time.time()
    days_there = list(_days(folder))
    files = sorted(file for day in days_there for file in _files(day, now_s))
    total, most = sum(file.size for file in files), gib * 2**30
    deleted = []
    for file in files:
        leftover = file.path.name.startswith(".")
        old = days > 0 and file.written_s < now_s - days * 86400
        if (leftover or old or 0 < most < total) and _delete(file.path):
            deleted.append(file.size)
            total -= file.size
    _remove_empty(days_there, now_s)
    return Swept(len(deleted), sum(deleted))


def _days(folder: Path) -> Iterator[Path]:
    """Yield the folders of one camera's day each."""
    for source in _entries(folder):
        if source.is_dir(follow_symlinks=False):
            for day in _entries(Path(source.path)):
                if _DAY.fullmatch(day.name) and day.is_dir(follow_symlinks=False):
                    yield Path(day.path)


def _files(day: Path, now_s: float) -> Iterator[_File]:
    """Yield our files of a day, with what is left over of others."""
    for entry in _entries(day):
        temporary = _TEMPORARY.fullmatch(entry.name) is not None
        if not (temporary or _OURS.fullmatch(entry.name)):
            continue
        with suppress(OSError):  # it has gone meanwhile
            facts = entry.stat(follow_symlinks=False)
            if not entry.is_file(follow_symlinks=False):
                continue
            if not temporary or facts.st_mtime < now_s - LEFTOVER_S:
                yield _File(facts.st_mtime, facts.st_size, Path(entry.path))


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:  # it is not there, or not any more, or others' alone
        return []


def _delete(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    return True


def _remove_empty(days: list[Path], now_s: float) -> None:
    """Remove folders in which there is nothing, except of days of which there may be more."""
    yesterday = (datetime.fromtimestamp(now_s, UTC) - timedelta(days=1)).strftime("%Y-%m-%d")
    for day in days:
        if day.name < yesterday:
            with suppress(OSError):  # it is not empty
                day.rmdir()
                day.parent.rmdir()
