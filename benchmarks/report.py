"""Figures as a file: what was measured, where, with what and when."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from machine import machine, versions
from options import Options, facts
from timing import Row

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of a benchmark, and how they came to be.

    Attributes:
        command: that gives them, with placeholders for files.
        load: the machine's load average before and after.
        rows: the figures.
    """

    command: str
    load: tuple[float | None, float | None]
    rows: Sequence[Row]


def save(path: Path, results: Mapping[str, Result], options: Options) -> None:
    """Write the results of some benchmarks, by name, as JSON beside the facts they depend on."""
    record = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
        "options": facts(options),
        "results": {name: asdict(result) for name, result in results.items()},
    }
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> Record:
    """Read what ``save`` wrote."""
    loaded: Record = json.loads(path.read_text(encoding="utf-8"))
    return loaded
