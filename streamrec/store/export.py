"""Events as a file: CSV for spreadsheets, JSON, Parquet."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, fields
from datetime import UTC, datetime
from io import TextIOWrapper
from itertools import islice
from typing import Any, BinaryIO, Literal, get_args

from streamrec.errors import RuntimeMissingError
from streamrec.types import ActionEvent

ExportFormat = Literal["csv", "json", "parquet"]
FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)

# "phase" says no more than whether there is an end.
_FIELDS = tuple(item.name for item in fields(ActionEvent) if item.name != "phase")
_MOMENTS = {
    "started_s": "started",
    "captured_s": "captured",
    "ended_s": "ended",
    "peak_s": "peak_at",
}
_NUMBERS = ("pts_s", "duration_s", "score", "peak", "mean")
COLUMNS = tuple(_MOMENTS.get(name, name) for name in _FIELDS)
"""Of CSV and Parquet."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_ROWS_AT_ONCE = 10_000


def require_export(format: ExportFormat) -> None:  # noqa: A002 - named as the option is
    """Check, before the work is done, that there is what writes the format.

    Raises:
        RuntimeMissingError: pyarrow is not installed.
    """
    if format != "parquet":
        return
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise RuntimeMissingError(
            'Parquet files are written by pyarrow: in the checkout, pip install ".[features]"; '
            "or take --format csv"
        ) from None


def write_events(events: Iterable[ActionEvent], file: BinaryIO, format: ExportFormat) -> int:  # noqa: A002
    """Write events as they come; return how many there were.

    ``json`` is one array, an object a line, with the fields of `ActionEvent` and times in Unix
    seconds. ``csv`` (RFC 4180, UTF-8) and ``parquet`` have ``COLUMNS``; times are in UTC, as text
    of ISO 8601 and as timestamps of microseconds. Text that a spreadsheet would take for a formula
    has a ``'`` before it in CSV (OWASP, CSV Injection).

    Raises:
        RuntimeMissingError: as `require_export`.
        OSError: the file cannot be written.
    """
    require_export(format)
    counted = _Counted(events)
    _WRITERS[format](counted, file)
    return counted.count


class _Counted:
    def __init__(self, events: Iterable[ActionEvent]) -> None:
        self.count, self._events = 0, events

    def __iter__(self) -> Iterator[ActionEvent]:
        for event in self._events:
            self.count += 1
            yield event


def _write_csv(events: Iterable[ActionEvent], file: BinaryIO) -> None:
    text = TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for event in events:
        writer.writerow([_cell(name, getattr(event, name)) for name in _FIELDS])
    text.detach()  # flushes; the file stays its owner's


def _cell(name: str, value: Any) -> Any:
    if value is None:
        return ""
    if name in _MOMENTS:
        return _moment(value).isoformat(timespec="microseconds")
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _moment(time_s: float) -> datetime:
    return datetime.fromtimestamp(time_s, UTC)


def _write_json(events: Iterable[ActionEvent], file: BinaryIO) -> None:
    separator = b"[\n"
    for event in events:
        file.write(separator + json.dumps(asdict(event)).encode())
        separator = b",\n"
    file.write(b"[]\n" if separator == b"[\n" else b"\n]\n")


def _write_parquet(events: Iterable[ActionEvent], file: BinaryIO) -> None:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    kinds = {
        "text": pa.string(),
        "moment": pa.timestamp("us", "UTC"),
        "number": pa.float64(),
        "count": pa.int64(),
    }
    schema = pa.schema(
        [(column, kinds[_kind(name)]) for column, name in zip(COLUMNS, _FIELDS, strict=True)]
    )
    rest = iter(events)
    with ParquetWriter(file, schema) as writer:
        while rows := [_row(event) for event in islice(rest, _ROWS_AT_ONCE)]:
            writer.write_table(pa.Table.from_pylist(rows, schema))


def _kind(name: str) -> str:
    if name in _MOMENTS:
        return "moment"
    if name in _NUMBERS:
        return "number"
    return "count" if name == "predictions" else "text"


def _row(event: ActionEvent) -> dict[str, Any]:
    values = ((name, getattr(event, name)) for name in _FIELDS)
    return {
        _MOMENTS.get(name, name): _moment(value)
        if name in _MOMENTS and value is not None
        else value
        for name, value in values
    }


_WRITERS: dict[ExportFormat, Callable[[Iterable[ActionEvent], BinaryIO], None]] = {
    "csv": _write_csv,
    "json": _write_json,
    "parquet": _write_parquet,
}
