"""How commands print what they know: figures in words, facts, tables, JSON."""

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.box import Box
    from rich.console import Console
    from rich.table import Table

PAGE_WIDTH = 120
"""Columns of pages of text and tables that go to a file or a program."""

_KEY_WIDTH = 16
_WIDE = 200
_LEAST_MB = 100_000
_LONGEST = 500
_UNITS = ((1e9, "billion"), (1e6, "million"), (1e3, "thousand"))


def count(number: float) -> str:
    """Say how many: three or four digits and a unit."""
    for size, unit in _UNITS:
        if number >= size:
            value = number / size
            return f"{value:.{2 if value < 10 else 1}f} {unit}"
    return f"{number:g}"


def file_size(size_bytes: int | None) -> str:
    """Say a size in MB, small ones in kB; nothing for None."""
    if size_bytes is None:
        return ""
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= _LEAST_MB else f"{size_bytes / 1e3:.1f} kB"


def frames(number: int, fps: float) -> str:
    """Say a number of frames and how long they last."""
    return f"{number} frame{'s' * (number != 1)} ({number / fps:.1f} s)"


def sizes(shape: Iterable[int | str | None]) -> str:
    """Say the sizes of axes; ? is a free one."""
    return "x".join("?" if axis is None else str(axis) for axis in shape)


def in_line(text: str) -> str:
    """Leave out the end of what is very long, and what terminals take for commands."""
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return "".join(letter if letter.isprintable() else " " for letter in shown)


def print_facts(facts: Mapping[str, str]) -> None:
    """Print keys and values, a pair a line, whatever the texts are that files have for them."""
    for key, value in facts.items():
        print(f"{in_line(key):<{_KEY_WIDTH}}{in_line(value)}")


def make_table(*columns: str, box: "Box | None" = None) -> "Table":
    """Make a table; a ``>`` behind a name sets the column flush right."""
    from rich.table import Table

    table = Table(box=box, pad_edge=False)
    for name in columns:
        right = name.endswith(">")
        table.add_column(name.rstrip(">"), justify="right" if right else "left")
    return table


def print_table(table: "Table") -> None:
    """Print a table as wide as the terminal; into files and programs, as wide as it needs."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else _WIDE, markup=False).print(table)


def page_console() -> "Console":
    """Return what prints text and tables as wide as the terminal; elsewhere as a page is."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else PAGE_WIDTH
    return Console(width=width, markup=False, highlight=False)


def print_json(value: Any) -> None:
    """Print a record as one line of JSON."""
    import msgspec

    print(msgspec.json.encode(value).decode())
