"""Writes the tables of the two READMEs from files: ``python benchmarks/readme.py FILE.json...``.

A table stands between ``<!-- benchmark: NAME -->`` and ``<!-- end -->``.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from catalogue import BENCHMARKS
from report import Record, read

_HERE = Path(__file__).resolve().parent
READMES = (_HERE.parent / "README.md", _HERE / "README.md")
"""What users want to know, and the rest of the tables."""

_BLOCK = re.compile(r"(<!-- benchmark: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def fill(text: str, records: Sequence[Record]) -> str:
    """Return the README's text with new tables; a block without figures stays as it is."""
    blocks = {name: block(name, record) for record in records for name in record["results"]}

    def replaced(match: re.Match[str]) -> str:
        start, name, end = match.groups()
        return f"{start}{blocks[name]}{end}" if name in blocks else match[0]

    return _BLOCK.sub(replaced, text)


def markers(text: str) -> list[str]:
    """Return the names of the README's blocks."""
    return [match[1] for match in _BLOCK.findall(text)]


def block(name: str, record: Record) -> str:
    """Return a benchmark's description, its table, and where and how it was measured."""
    benchmark, facts, result = BENCHMARKS[name], record["machine"], record["results"][name]
    flags = ", ".join(facts["flags"]) or "no known SIMD flags"
    before, after = result["load"]
    where = (
        f"`{result['command']}`, {record['date'][:10]}: {facts['cpu']} ({flags}), "
        f"{facts['usable_cores']} of {facts['cores']} cores, load {before} before, {after} after"
    )
    table = benchmark.table(result["rows"]).markdown()
    return f"{benchmark.description}\n\n{table}\n\n{where}.\n"


def update(path: Path, records: Sequence[Record]) -> None:
    """Rewrite the tables in a file."""
    path.write_text(fill(path.read_text(encoding="utf-8"), records), encoding="utf-8")


def update_all(records: Sequence[Record]) -> None:
    """Rewrite the tables of both READMEs."""
    for path in READMES:
        update(path, records)


def main() -> None:
    """Read the files, rewrite the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE.json")
    args = parser.parse_args()
    update_all([read(file) for file in args.files])


if __name__ == "__main__":
    main()
