"""The one way in: ``python benchmarks/run.py`` lists the benchmarks, with names it runs them."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import readme
from catalogue import BENCHMARKS
from machine import load
from options import MissingError, Options, add_flags, general_flags, read_flags
from report import Result, read, save
from rich.console import Console
from timing import Row

ALL = "all"


def run(
    names: Sequence[str], options: Options, args: argparse.Namespace
) -> Iterator[tuple[str, Result]]:
    """Run benchmarks and print their tables; one that lacks something is told and left out."""
    for name in names:
        print(f"{name}: measuring", file=sys.stderr)
        before = load()
        try:
            rows = BENCHMARKS[name].measure(options)
        except MissingError as missing:
            print(f"{name}: left out: {missing}", file=sys.stderr)
            continue
        show(name, rows)
        yield name, Result(command(name, args), (before, load()), rows)


def command(name: str, args: argparse.Namespace) -> str:
    """Return the command that runs one benchmark with the flags that were given."""
    flags = general_flags(args, BENCHMARKS[name].inputs)
    return f"python benchmarks/run.py {name} {flags}".rstrip()


def show(name: str, rows: Sequence[Row]) -> None:
    """Print a benchmark's table."""
    benchmark = BENCHMARKS[name]
    Console().print(f"\n{name}: {benchmark.description}", benchmark.table(rows).rich(), sep="\n")


def list_all() -> None:
    """Print every benchmark with its description."""
    for name, benchmark in BENCHMARKS.items():
        print(f"{name:12}{benchmark.description}")
    print(f"{ALL:12}All of these.")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    choices = [*BENCHMARKS, ALL]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(choices)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument(
        "--readme", action="store_true", help="update the tables of both READMEs, with --json"
    )
    add_flags(parser)
    return parser


def main() -> int:
    """Parse the options, run, report."""
    parser = make_parser()
    args = parser.parse_args()
    if unknown := [name for name in args.names if name not in (*BENCHMARKS, ALL)]:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    if args.readme and not args.json:
        parser.error("--readme takes its tables from a file: give --json FILE, too")
    if not args.names:
        list_all()
        return 0
    names = list(BENCHMARKS) if ALL in args.names else args.names
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        options = read_flags(args, Path(folder))
        for name, result in run(names, options, args):
            results[name] = result
            if args.json:
                save(args.json, results, options)
    if args.readme and results:
        readme.update_all([read(args.json)])
    return 0 if results else 1


if __name__ == "__main__":
    sys.exit(main())
