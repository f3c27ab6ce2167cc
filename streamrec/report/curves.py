"""The file of a training run's curves, which also shows a run that goes on."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from streamrec.errors import DatasetError


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A value of a curve.

    Attributes:
        step: steps of the optimiser so far; ``epoch``: the epoch it belongs to, from 0.
        split: "train" or "val".
        name: "loss", "accuracy", "rate", "clips/s", ...
    """

    step: int
    epoch: int
    split: str
    name: str
    value: float


COLUMNS = tuple(column.name for column in fields(Point))


def read_curves(path: Path) -> list[Point]:
    """Read curves, in the order in which they were written.

    A last line that was cut off, as by a kill, is left out.

    Raises:
        DatasetError: the file cannot be read, or is another kind of file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise DatasetError(f"cannot read the curves {path}: {reason}") from None
    whole = text[: text.rfind("\n") + 1]
    try:
        return list(_points(csv.reader(whole.splitlines())))
    except (ValueError, csv.Error):
        raise DatasetError(
            f"{path} holds no curves: its columns are {','.join(COLUMNS)}; give another folder"
        ) from None


def _points(rows: Iterable[list[str]]) -> Iterator[Point]:
    rows = iter(rows)
    if tuple(next(rows, COLUMNS)) != COLUMNS:
        raise ValueError("another header")
    for step, epoch, split, name, value in rows:
        yield Point(step=int(step), epoch=int(epoch), split=split, name=name, value=float(value))
