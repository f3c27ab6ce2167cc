"""What files show, from a table."""

import csv
from collections.abc import Sequence
from pathlib import Path, PurePath

from streamrec.errors import OptionError

_FILE, _LABEL = "file", "label"


def read_labels(table: Path, files: Sequence[str]) -> list[str | None]:
    """Return what each of the files shows; None for those that the table does not tell.

    Args:
        table: CSV in UTF-8 with the columns ``file`` and ``label``, and any others. A row is about
            a file whose path ends like its own.
        files: paths.

    Raises:
        OptionError: the table cannot be read, lacks a column, or tells of none of the files.
    """
    rows = _rows(table)
    labels = [_label_of(PurePath(file), rows) for file in files]
    if not any(labels):
        raise OptionError(f"{table} has a label for none of {', '.join(files)}")
    return labels


def _rows(table: Path) -> list[tuple[PurePath, str]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            missing = {_FILE, _LABEL} - set(reader.fieldnames or ())
            if missing:
                raise OptionError(
                    f"{table} has no column {min(missing)!r}; its first line is heads"
                )
            return [(PurePath(row[_FILE] or ""), (row[_LABEL] or "").strip()) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise OptionError(f"cannot read {table}: {error}") from None


def _label_of(file: PurePath, rows: Sequence[tuple[PurePath, str]]) -> str | None:
    fitting = (label for path, label in rows if path.parts and _ends_like(file, path))
    return next(fitting, None) or None


def _ends_like(file: PurePath, path: PurePath) -> bool:
    return file.parts[-len(path.parts) :] == path.parts
