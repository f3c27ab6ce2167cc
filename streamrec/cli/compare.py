"""``streamrec compare``: models side by side on the same files."""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamrec.cli.options import add_options, read_options
from streamrec.config import ModelOptions, WindowOptions

if TYPE_CHECKING:
    from streamrec.comparison.entry import Run


def register(commands: Any) -> None:
    """Add the command's parser."""
    # "resolve": unlike elsewhere, --model may be given more than once.
    parser = commands.add_parser(
        "compare", help="show models side by side on the same files", conflict_handler="resolve"
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="videos, GIFs or pictures")
    labels = parser.add_mutually_exclusive_group()
    labels.add_argument("--label", metavar="NAME", help="what all files show; default: not known")
    labels.add_argument(
        "--labels",
        type=Path,
        metavar="FILE.csv",
        help="what each file shows: a table with the columns file and label; default: not known",
    )
    parser.add_argument(
        "--start",
        type=float,
        default=0.0,
        metavar="S",
        help="when the action begins, seconds; default: 0",
    )
    parser.add_argument(
        "--untrained",
        action="store_true",
        help="run models whose weights cannot be had with random ones, to see what they cost",
    )
    parser.add_argument(
        "--top", type=int, default=3, metavar="K", help="classes told and drawn; default: 3"
    )
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="OUT.png",
        help="draw probabilities over time; of several files OUT-1.png, OUT-2.png, ...; "
        "default: none",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a model")
    parser.add_argument("--mirror", action="store_true", help="flip the picture left to right")
    add_options(parser, ModelOptions)
    add_options(parser, WindowOptions)
    parser.add_argument(
        "--model",
        dest="models",
        action="append",
        required=True,
        metavar="NAME",
        help="model name or file; give it once for each model (required)",
    )
    parser.set_defaults(run=run, model=None)


def run(args: argparse.Namespace) -> int:
    """Run the command: models that fail are told, and the others shown all the same."""
    from streamrec.errors import StreamrecError

    _check(args)
    labels, total = _labels(args), _frame_total(args.files)
    runs, errors = [], []
    for name, title in zip(args.models, _titles(args.models), strict=True):
        try:
            runs.append(_run(name, title, args, total))
        except StreamrecError as error:
            print(f"streamrec: error: {name}:", *str(error).splitlines(), file=sys.stderr)
            errors.append(error)
    if runs:
        _show(runs, labels, args)
    return errors[0].exit_code if errors else 0


def _check(args: argparse.Namespace) -> None:
    """Refuse what cannot work, before the work is done.

    Raises:
        OptionError, OutputError, RuntimeMissingError: see their messages.
    """
    from streamrec.errors import OptionError

    if args.top < 1:
        raise OptionError(f"--top is at least 1; got {args.top}")
    if not 0.0 <= args.start < math.inf:
        raise OptionError(f"--start is 0 seconds or more; got {args.start}")
    if twice := [name for name in args.models if args.models.count(name) > 1]:
        raise OptionError(f"{twice[0]} is given more than once; give each model once")
    if args.plot is not None:
        _check_plots(args)


def _check_plots(args: argparse.Namespace) -> None:
    from streamrec.cli.overwrite import require_other_file
    from streamrec.plot import require_plot

    require_plot(args.plot)
    for plot in _plots(args):
        for file in args.files:
            require_other_file("--plot", plot, file)


def _plots(args: argparse.Namespace) -> list[Path]:
    """Return the picture of each file."""
    path: Path = args.plot
    if len(args.files) == 1:
        return [path]
    return [path.with_stem(f"{path.stem}-{number + 1}") for number in range(len(args.files))]


def _labels(args: argparse.Namespace) -> list[str | None]:
    """Return what each file shows."""
    if args.labels is None:
        return [args.label] * len(args.files)
    from streamrec.comparison.labels import read_labels

    return read_labels(args.labels, args.files)


def _frame_total(files: Sequence[str]) -> int | None:
    """Return how many frames there are in all files, where they tell.

    Raises:
        SourceOpenError: one of them cannot be opened.
        OptionError: one of them has no end.
    """
    from streamrec.errors import OptionError
    from streamrec.sources.open import open_source

    counts = []
    for file in files:
        with open_source(file) as source:
            if source.live:
                raise OptionError(f"{source.name} has no end; compare takes files")
            counts.append(source.frame_count)
    return sum(count or 0 for count in counts) if all(counts) else None


def _titles(names: Sequence[str]) -> list[str]:
    """Return what models are called: short, and as they were given where that is not enough."""
    from streamrec.model_source import UNTRAINED, display_name

    short = [display_name(name.removeprefix(UNTRAINED)) for name in names]
    return [
        title if short.count(title) == 1 else name for name, title in zip(names, short, strict=True)
    ]


def _run(name: str, title: str, args: argparse.Namespace, total: int | None) -> "Run":
    """Make a model ready here, then run it in a process of its own."""
    from streamrec.cli.progress import download_progress, frame_progress
    from streamrec.comparison.alone import run_alone
    from streamrec.comparison.entry import enter, run_entry

    options = read_options(args, ModelOptions), read_options(args, WindowOptions)
    with download_progress(name) as progress:
        entry = enter(name, *options, allow_untrained=args.untrained, progress=progress)
    entry = replace(entry, model=title)
    with frame_progress(entry.model, total) as tell:
        return run_alone(run_entry, entry, args.files, args.mirror, tell=tell)


def _show(runs: "Sequence[Run]", labels: Sequence[str | None], args: argparse.Namespace) -> None:
    from streamrec.cli.comparison import print_lines, print_tables
    from streamrec.comparison.figures import judge

    results = [judge(run, labels, args.start) for run in runs]
    (print_lines if args.json else print_tables)(results, args.top)
    if args.plot is not None:
        from streamrec.comparison.plot import save_comparison_plot

        for file, path in enumerate(_plots(args)):
            save_comparison_plot(results, file, path, args.top)
