"""Where clips go, and what they are called: ``DIR/LABEL/GROUP~TIME-NUMBER.mp4``.

Clips of one group, such as all of one session, never part over splits: ``read_dataset`` takes what
stands before the ``~`` for the group.
"""

import math
import secrets
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from streamrec.dataset.class_folders import NO_CLASS, SPLITS
from streamrec.errors import OptionError, OutputError

BACKGROUND = NO_CLASS[0]
"""Where nothing is recorded to: what is of no class."""

SUFFIX = ".mp4"


class ClipFolder:
    """A folder of class folders that clips are added to.

    Args:
        folder: made as needed.
        source: name of the source, letters, digits, ``_``, ``.`` and ``-``.
        group_s: a later clip begins a new group, seconds.

    Attributes:
        counts: how many clips there are of each label, those of earlier sessions included.

    Raises:
        OptionError: the folder has folders of splits.
        OutputError: it cannot be made or read.
    """

    def __init__(self, folder: Path, source: str, group_s: float = math.inf) -> None:
        self._folder, self._source, self._group_s = folder, source, group_s
        self.counts = _counts(folder)
        self._number = 0
        self.begin_group()

    def begin_group(self) -> None:
        """Let the clips from now on be of another group."""
        self._group = f"{self._source}-{secrets.token_hex(3)}"
        self._began_s: float | None = None

    def groups(self) -> set[str]:
        """Return the groups of all clips that are there."""
        return {path.name.partition("~")[0] for path in self._folder.glob(f"*/*~*{SUFFIX}")}

    def place(self, label: str, started_s: float) -> Path:
        """Return where the next clip goes; nothing is there.

        Args:
            label: what it shows.
            started_s: Unix time of its first frame, seconds.
        """
        if self._began_s is not None and started_s - self._began_s >= self._group_s:
            self.begin_group()
        self._began_s = started_s if self._began_s is None else self._began_s
        self._number += 1
        time = datetime.fromtimestamp(started_s, UTC).strftime("%Y%m%dT%H%M%SZ")
        path = self._folder / label / f"{self._group}~{time}-{self._number:04d}{SUFFIX}"
        return path if not path.exists() else self.place(label, started_s)


def _counts(folder: Path) -> Counter[str]:
    """Make the folder; count the clips of each label in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        inner = [path for path in folder.iterdir() if path.is_dir()]
        counts = {path.name: len(list(path.glob(f"*{SUFFIX}"))) for path in inner}
    except OSError as error:
        raise OutputError(f"cannot write to {folder}: {error.strerror or error}") from None
    if splits := sorted(counts.keys() & set(SPLITS)):
        raise OptionError(
            f"{folder} is parted into {', '.join(splits)}; give one of these folders, such as "
            f"--to {folder / splits[-1]}"
        )
    return Counter(counts)
