"""The rows of a CSV or JSON file, with their lines."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from streamrec.errors import DatasetError

FORMATS = (".csv", ".json", ".tsv")
_DELIMITERS = ",;\t"
_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Row:
    """One entry.

    Attributes:
        line: where it stands; of a row of several lines the last.
        values: by the names of its columns, in lower case.
    """

    line: int
    values: Mapping[str, Any]


def read_rows(path: Path) -> list[Row]:
    """Read a table with heads, or a JSON array of objects, in UTF-8 with or without a BOM.

    A table's columns are parted by commas, semicolons or tabs, whichever its heads have most.

    Raises:
        DatasetError: it is no such file; the message names the file and the line.
    """
    text = _text(path)
    return list(_json_rows(path, text) if path.suffix.lower() == ".json" else _rows(path, text))


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return data.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            line = data.count(b"\n", 0, error.start) + 1
            raise DatasetError(f"{path}:{line}: not UTF-8; save the list as UTF-8") from None
        raise DatasetError(f"cannot read {path}: {error}") from None


def _rows(path: Path, text: str) -> Iterator[Row]:
    heads = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=heads.count)
    reader = csv.reader(
        StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Row(reader.line_num, dict(zip(names, cells, strict=False)))
    except csv.Error as error:
        raise DatasetError(f"{path}:{reader.line_num}: {error}") from None


def _json_rows(path: Path, text: str) -> Iterator[Row]:
    """Read one object after the other, so that each has its line."""
    line, at, end = 1, 0, _skip(text, 0)
    if text[end : end + 1] != "[":
        raise DatasetError(f"{path}: a list of clips is a JSON array of objects: [{{...}}, ...]")
    end = _skip(text, end + 1)
    while text[end : end + 1] != "]":
        line, at = line + text.count("\n", at, end), end
        value, end = _value(path, line, text, at)
        if not isinstance(value, dict):
            raise DatasetError(f"{path}:{line}: a clip is a JSON object, got {str(value)[:40]!r}")
        yield Row(line, {name.strip().lower(): item for name, item in value.items()})
        end = _skip(text, end)
        if text[end : end + 1] == ",":
            end = _skip(text, end + 1)
        elif text[end : end + 1] != "]":
            raise DatasetError(f"{path}:{line}: no ',' or ']' after this clip")
    if text[end + 1 :].strip():
        raise DatasetError(f"{path}: something stands after the array of clips")


def _value(path: Path, line: int, text: str, at: int) -> tuple[Any, int]:
    try:
        return json.JSONDecoder().raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise DatasetError(f"{path}:{error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{path}:{line}: no clip: {error}") from None


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()
