"""Curves of a training run, written as they come: a table, and files for TensorBoard."""

import csv
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from streamrec.atomic import atomic_path
from streamrec.errors import OutputError, RuntimeMissingError
from streamrec.report.curves import COLUMNS, read_curves

FILE = "curves.csv"
BOARD = "tensorboard"

_FLUSH_S = 10
"""Of what TensorBoard shows."""


class Curves:
    """Writes ``curves.csv`` and ``tensorboard/`` in a run's folder.

    A row is in the file when ``add`` returns, whatever happens afterwards.

    Args:
        folder: the run's.
        resumed: the step from which the run goes on; what was written after it is taken back.
            None: a new run, whose curves replace those that were there.

    Raises:
        RuntimeMissingError: TensorBoard is not installed.
        OutputError: the folder cannot be written.
        DatasetError: the table that is there cannot be read.
    """

    def __init__(self, folder: Path, resumed: int | None = None) -> None:
        self._path = folder / FILE
        _begin(self._path, resumed)
        try:
            self._file = self._path.open("a", newline="", encoding="utf-8")
        except OSError as error:
            raise self._failed(error) from None
        self._rows = csv.writer(self._file, lineterminator="\n")
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise RuntimeMissingError(
                'curves are written by TensorBoard: in the checkout, pip install ".[train]"'
            ) from None
        self._board = SummaryWriter(
            str(folder / BOARD),
            purge_step=0 if resumed is None else resumed + 1,
            flush_secs=_FLUSH_S,
        )

    def add(self, step: int, epoch: int, split: str, values: Mapping[str, float]) -> None:
        """Write the values of one moment: ``add(12, 0, "train", {"loss": 0.7})``.

        Raises:
            OutputError: they cannot be written; is the disk full?
        """
        try:
            self._rows.writerows((step, epoch, split, name, float(values[name])) for name in values)
            self._file.flush()
            for name, value in values.items():
                self._board.add_scalar(f"{name}/{split}", value, step)
        except OSError as error:
            raise self._failed(error) from None

    def close(self) -> None:
        """Write the end of the files."""
        with suppress(OSError):
            self._board.close()
        with suppress(OSError):  # every row has been flushed
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(f"cannot write {self._path}: {error.strerror or error}")


def _begin(path: Path, resumed: int | None) -> None:
    """Write a table of what is kept."""
    kept = read_curves(path) if resumed is not None and path.exists() else []
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows(
            (point.step, point.epoch, point.split, point.name, point.value)
            for point in kept
            if point.step <= (resumed or 0)
        )
