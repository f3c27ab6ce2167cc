"""Clips in folders that are named after what they show."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from streamrec.dataset.clips import LabelledClip, Split
from streamrec.errors import DatasetError

SUFFIXES = (
    *(".3gp", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"),
    *(".mts", ".ogv", ".ts", ".webm", ".wmv"),
)
"""What is a video in a class folder. A list may name any file that OpenCV reads."""

NO_CLASS = ("_background", "_unknown")
"""Names for what is of no class: the clips have no label."""

SPLITS: tuple[Split, ...] = get_args(Split)


def read_folder(folder: Path) -> tuple[list[LabelledClip], list[Path]]:
    """Return the clips of ``CLASS/**`` or ``{train,val,test}/CLASS/**``, and all other files.

    A clip called ``GROUP~NAME`` is of that group. Hidden files and folders are left out. Other
    files are those that are no video by their suffix, and videos that are in no class folder.

    Raises:
        DatasetError: it cannot be read, or folders of splits and of classes are mixed.
    """
    found = [path.relative_to(folder) for path in _files(folder)]
    videos = [path for path in found if path.suffix.lower() in SUFFIXES]
    depth = 2 if _has_splits(folder, videos) else 1
    clips = [_clip(folder, path, depth) for path in videos if len(path.parts) > depth]
    used = {clip.path for clip in clips}
    return clips, [folder / path for path in found if folder / path not in used]


def _files(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Yield every file below a folder; links are followed, but not in a circle."""
    real = folder.resolve()
    if real in above:
        return
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise DatasetError(f"cannot read the folder {folder}: {error.strerror or error}") from None
    for entry in entries:
        if entry.is_dir():
            yield from _files(entry, (*above, real))
        else:
            yield entry


def _has_splits(folder: Path, videos: list[Path]) -> bool:
    names = {path.parts[0] for path in videos if len(path.parts) > 1}
    splits = sorted(names.intersection(SPLITS))
    if splits and (classes := sorted(names.difference(SPLITS))):
        raise DatasetError(
            f"{folder} has folders of splits ({', '.join(splits)}) beside others "
            f"({', '.join(classes[:5])}): either all are splits, called {', '.join(SPLITS)}, with "
            "class folders in them, or none; rename or move some, or give a list (.csv)"
        )
    return bool(splits)


def _clip(folder: Path, path: Path, depth: int) -> LabelledClip:
    label = path.parts[depth - 1]
    split = next((name for name in SPLITS if depth == 2 and name == path.parts[0]), None)
    labels = () if label in NO_CLASS else (label,)
    group, tilde, _ = path.name.partition("~")
    return LabelledClip(
        path=folder / path, labels=labels, split=split, group=group if tilde and group else None
    )
