"""Clips in a list: CSV or JSON."""

import math
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from streamrec.dataset.class_folders import NO_CLASS, SPLITS
from streamrec.dataset.clips import LabelledClip, Split
from streamrec.dataset.list_rows import Row, read_rows
from streamrec.errors import DatasetError
from streamrec.sources.uri import redact, scheme

COLUMNS = ("path", "label", "start", "end", "split", "group")
_PATH = ("file", "path")  # lists with both use "path" for where the file came from
_LABEL = ("label", "labels")
_GROUP = ("group", "source_group")

SEPARATOR = "|"
"""Between the labels of a clip in CSV."""

MAX_FAULTS = 20
"""Told at once."""


def read_list(path: Path) -> list[LabelledClip]:
    """Return the clips of a list, in its order.

    Raises:
        DatasetError: it cannot be read; faults are told with their lines, up to ``MAX_FAULTS``.
    """
    rows = read_rows(path)
    _require_columns(path, rows)
    clips, faults = [], list(_repeats(path, rows))
    for row in rows:
        try:
            clips.append(_clip(row.values, path.parent))
        except (TypeError, ValueError) as error:
            faults.append(f"{path}:{row.line}: {error}")
    if faults:
        more = len(faults) - MAX_FAULTS
        rest = [f"... and {more} more"] if more > 0 else []
        raise DatasetError("\n".join([*faults[:MAX_FAULTS], *rest]))
    return clips


def _require_columns(path: Path, rows: list[Row]) -> None:
    names = {name for row in rows for name in row.values}
    for column in (_PATH, _LABEL):
        if rows and names.isdisjoint(column):
            raise DatasetError(
                f"{path} has no column {column[-1] if column is _PATH else column[0]!r}; a list "
                f"has path and label, and may have {', '.join(COLUMNS[2:])}"
            )


def _repeats(path: Path, rows: list[Row]) -> Iterator[str]:
    """Tell of rows about the same piece of the same file."""
    first: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(str(_get(row.values, *names) or "") for names in (_PATH, ["start"], ["end"]))
        if key in first:
            yield (
                f"{path}:{row.line}: the same clip as in line {first[key]}; give all its labels in "
                f"one row, parted by {SEPARATOR}"
            )
        first.setdefault(key, row.line)


def _clip(values: Mapping[str, Any], folder: Path) -> LabelledClip:
    """Make a clip of a row.

    Raises:
        TypeError, ValueError: something in it is not allowed.
    """
    return LabelledClip(
        path=_path(_string(_get(values, *_PATH), "path"), folder),
        labels=_labels(_get(values, *_LABEL)),
        start_s=_seconds(values, "start") or 0.0,
        end_s=_seconds(values, "end"),
        split=_split(_string(values.get("split"), "split")),
        group=_string(_get(values, *_GROUP), "group") or None,
    )


def _get(values: Mapping[str, Any], *names: str) -> Any:
    return next((values[name] for name in names if values.get(name) not in (None, "")), None)


def _path(name: str, folder: Path) -> Path:
    if not name:
        raise ValueError("no path")
    if scheme(name) != "file" or name.lower().startswith("file:"):
        raise ValueError(f"a clip is a file, given by its path; got {redact(name)}")
    return folder / name


def _labels(value: Any) -> tuple[str, ...]:
    names = value if isinstance(value, list) else _string(value, "label").split(SEPARATOR)
    labels = dict.fromkeys(_string(name, "label") for name in names)
    return tuple(label for label in labels if label and label not in NO_CLASS)


def _seconds(values: Mapping[str, Any], name: str) -> float | None:
    value = values.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        seconds = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not 0.0 <= seconds < math.inf:
        raise ValueError(f"{name} is seconds, 0 or more; got {str(value)[:40]!r}")
    return seconds


def _split(name: str) -> Split | None:
    for split in SPLITS:
        if name == split:
            return split
    if name:
        raise ValueError(f"split is one of {', '.join(SPLITS)}, or empty; got {name[:40]!r}")
    return None


def _string(value: Any, name: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError(f"{name} is text; got {str(value)[:40]!r}")
    text = str(value).strip()
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValueError(f"{name} holds control characters: {text[:40]!r}")
    return text
