"""Tables as values, for the terminal and for the README."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ratios import show_spread
from rich.table import Column
from rich.table import Table as RichTable
from timing import Row


@dataclass(frozen=True, slots=True)
class Table:
    """Headers and cells, all of them text."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def rich(self) -> RichTable:
        """Return it for the terminal."""
        table = RichTable(*(Column(header, overflow="fold") for header in self.headers))
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """Return it for the README."""
        lines = [self.headers, ("---",) * len(self.headers), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plain(rows: Sequence[Row]) -> Table:
    """Return one line a row: its facts, then its ratios to each baseline."""
    facts = [key for key in rows[0] if key != "ratios"]
    baselines = list(dict.fromkeys(name for row in rows for name in row.get("ratios", ())))
    headers = [key.replace("_", " ") for key in facts] + [f"/ {name}" for name in baselines]
    cells = [
        (*(text(row[key]) for key in facts), *(_ratio(row, name) for name in baselines))
        for row in rows
    ]
    return Table(tuple(headers), tuple(cells))


def pivot(rows: Sequence[Row], across: str, down: Sequence[str], peers: Sequence[str]) -> Table:
    """Return milliseconds and a ratio in each cell.

    Args:
        rows: of ``timing.summarise``.
        across: the fact that makes the columns.
        down: the facts that make the lines.
        peers: a column's ratios are to the first of these that it has.
    """
    columns = list(dict.fromkeys(row[across] for row in rows))
    lines = list(dict.fromkeys(tuple(row[key] for key in down) for row in rows))
    baselines = {name: _baseline(rows, across, name, peers) for name in columns}
    cells = {
        (row[across], *(row[key] for key in down)): _cell(row, baselines[row[across]])
        for row in rows
    }
    headers = [f"{name}, ms" + (f" (/ {base})" if base else "") for name, base in baselines.items()]
    body = [
        (*map(text, line), *(cells.get((name, *line), "") for name in columns)) for line in lines
    ]
    return Table((*down, *headers), tuple(body))


def text(value: Any) -> str:
    """Write a value for a cell."""
    if isinstance(value, float):
        return f"{value:.1f}" if value >= 100 else f"{value:.3g}"
    return "" if value is None else str(value)


def _ratio(row: Row, baseline: str) -> str:
    ratios = row.get("ratios", {})
    return show_spread(ratios[baseline]) if baseline in ratios else ""


def _baseline(rows: Sequence[Row], across: str, name: str, peers: Sequence[str]) -> str:
    known = {peer for row in rows if row[across] == name for peer in row["ratios"]}
    return next((peer for peer in peers if peer in known), "")


def _cell(row: Row, baseline: str) -> str:
    median = f"{row['median_ms']:.2f}"
    return f"{median} ({_ratio(row, baseline)})" if baseline in row["ratios"] else median
