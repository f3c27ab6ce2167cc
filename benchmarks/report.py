"""Figures as a file: what was measured, where, with what and when."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from machine import versions
from timing import Row

Record = dict[str, Any]


def record(results: Mapping[str, Sequence[Row]], machine_before: Mapping[str, Any]) -> Record:
    """Put the rows of some benchmarks, by name, beside the machine's facts."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": dict(machine_before),
        "versions": versions(),
        "results": {name: list(rows) for name, rows in results.items()},
    }


def save(path: Path, results: Mapping[str, Sequence[Row]], facts: Mapping[str, Any]) -> None:
    """Write the figures as JSON."""
    path.write_text(json.dumps(record(results, facts), indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> Record:
    """Read what ``save`` wrote."""
    loaded: Record = json.loads(path.read_text(encoding="utf-8"))
    return loaded
