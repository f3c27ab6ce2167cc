"""A data set -> a list that people can edit."""

import csv
import json
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from streamrec.atomic import atomic_path
from streamrec.dataset.clip_list import COLUMNS, SEPARATOR
from streamrec.dataset.clips import Dataset, LabelledClip
from streamrec.dataset.list_rows import FORMATS
from streamrec.errors import DatasetError, OutputError


def write_list(dataset: Dataset, path: Path) -> None:
    """Write a list that `read_dataset` reads; the suffix says of which form.

    Paths of files below the list's folder are relative to it.

    Raises:
        OutputError: another suffix, or it cannot be written.
        DatasetError: a name that a list of this form cannot hold.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise OutputError(f"cannot write {path}: a list is one of {', '.join(FORMATS)}")
    rows = [_row(clip, path.parent) for clip in dataset.clips]
    text = _json(rows) if suffix == ".json" else _table(rows, "\t" if suffix == ".tsv" else ",")
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise DatasetError("a file's name is no text in any language; rename it") from None
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def _row(clip: LabelledClip, folder: Path) -> dict[str, Any]:
    values = (
        _relative(clip.path, folder),
        list(clip.labels),
        clip.start_s or None,
        clip.end_s,
        clip.split,
        clip.group,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _relative(path: Path, folder: Path) -> str:
    path, folder = path.absolute(), folder.absolute()
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()


def _json(rows: Sequence[dict[str, Any]]) -> str:
    lines = [
        json.dumps({name: value for name, value in row.items() if value is not None})
        for row in rows
    ]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _table(rows: Sequence[dict[str, Any]], delimiter: str) -> str:
    for label in {label for row in rows for label in row["label"]}:
        if SEPARATOR in label:
            raise DatasetError(f"the label {label!r} has a {SEPARATOR!r} in it; write a .json list")
    text = StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "label": SEPARATOR.join(row["label"])} for row in rows)
    return text.getvalue()
