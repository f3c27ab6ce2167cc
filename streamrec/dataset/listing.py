"""A folder or a list -> a data set."""

from pathlib import Path

from streamrec.dataset.class_folders import SUFFIXES, read_folder
from streamrec.dataset.clip_list import read_list
from streamrec.dataset.clips import Dataset, LabelledClip
from streamrec.dataset.list_rows import FORMATS
from streamrec.errors import DatasetError


def read_dataset(path: Path) -> Dataset:
    """Read which clips there are and what they show; no file of theirs is opened.

    Args:
        path: a folder of class folders, which may stand in ``train``, ``val`` and ``test``, and
            whose clips may be called ``GROUP~NAME``; or a list, CSV or JSON, with the columns
            ``path`` (or ``file``) and ``label``, and, where known, ``start`` and ``end`` (seconds),
            ``split`` and ``group`` (or ``source_group``).
            Paths are relative to the list's folder. Several labels are parted by ``|``, or are a
            list in JSON. No label, ``_background`` or ``_unknown``: it shows something of no class.

    Returns:
        The data set, labels sorted.

    Raises:
        DatasetError: it cannot be read, or is empty; faults of a list are told with their lines.
    """
    clips = read_folder(path)[0] if path.is_dir() else _listed(path)
    if not clips:
        raise DatasetError(f"no clips in {path}; {_allowed()}")
    labels = sorted({label for clip in clips for label in clip.labels})
    return Dataset(name=path.resolve().name, labels=tuple(labels), clips=tuple(clips))


def ignored_files(path: Path) -> list[Path]:
    """Return the files of a folder that are no clips; of a list, none.

    Raises:
        DatasetError: it cannot be read.
    """
    return read_folder(path)[1] if path.is_dir() else []


def _listed(path: Path) -> list[LabelledClip]:
    if not path.exists():
        raise DatasetError(f"no such folder or list: {path}")
    if path.suffix.lower() not in FORMATS:
        raise DatasetError(f"{path} is no data set; {_allowed()}")
    return read_list(path)


def _allowed() -> str:
    return (
        f"give a folder that holds a folder for each class with videos ({' '.join(SUFFIXES)}), or "
        f"a list ({', '.join(FORMATS)}) with the columns path and label"
    )
