"""``streamrec train``: a model learns actions from clips with labels."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamrec.cli.option_file import add_required, merged, read_options_of
from streamrec.cli.options import add_options
from streamrec.config import AugmentOptions, DataOptions, MachineOptions, RecipeOptions

if TYPE_CHECKING:
    from streamrec.report.headline import Headline
    from streamrec.report.record import TrainingRun

_KINDS = (DataOptions, RecipeOptions, AugmentOptions, MachineOptions)


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("train", help="teach a model your own actions")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE.yaml",
        help="options by the same names, which flags overrule; default: none",
    )
    add_required(parser, DataOptions, "data")
    add_required(parser, MachineOptions, "out")
    add_options(parser, DataOptions, without=("data",), overruling=True)
    add_options(parser, RecipeOptions, overruling=True)
    add_options(parser, AugmentOptions, overruling=True)
    add_options(parser, MachineOptions, without=("out",), overruling=True)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from streamrec.cli.training_progress import Terminal

    values = read_options_of(args.config, _KINDS)
    _require_packages()
    from streamrec.training.options import TrainingOptions

    options = TrainingOptions(
        data=merged(DataOptions, values, args),
        recipe=merged(RecipeOptions, values, args),
        augment=merged(AugmentOptions, values, args),
        machine=merged(MachineOptions, values, args),
    )
    from streamrec.report.write import write_report
    from streamrec.training.resume import has_run
    from streamrec.training.run import train
    from streamrec.training.summary import summarise

    began_s = time.monotonic()
    try:
        done = train(options, Terminal())
    except KeyboardInterrupt:
        if has_run(Path(options.machine.out)):
            print("stopped; the same command with --resume goes on", file=sys.stderr)
        raise
    if done is None:
        return 0
    summary = summarise(done, options, time.monotonic() - began_s)
    page = write_report(summary, _report_folder(options.machine.out))
    _tell(summary, page)
    return 0


def _require_packages() -> None:
    """Check that what the extra brings is there.

    Raises:
        RuntimeMissingError: it is not.
    """
    from importlib.util import find_spec

    from streamrec.errors import RuntimeMissingError

    needed = ("jinja2", "lightning_fabric", "matplotlib", "sklearn", "tensorboard", "torchmetrics")
    if missing := [name for name in needed if find_spec(name) is None]:
        raise RuntimeMissingError(
            f'training needs {", ".join(missing)}: in the checkout, pip install ".[train]"'
        )


def _report_folder(out: str) -> Path:
    folder = Path(out) / "report"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _in_words(line: "Headline") -> str:
    parts = [f"{line.measure} {line.value:.3f}"]
    if line.spread is not None:
        parts.append(f"+- {line.spread:.3f} over the folds")
    if line.interval is not None:
        parts.append(f"(95 %: {line.interval.low:.3f} - {line.interval.high:.3f})")
    always = f"always saying {line.always!r}" if line.always else "chance"
    return f"{' '.join(parts)} on {line.clips} clips; {always} would reach {line.chance:.3f}"


def _tell(summary: "TrainingRun", page: Path) -> None:
    from streamrec.report.headline import headline

    for path, reason in summary.skipped.items():
        print(f"left out: {path}: {reason}", file=sys.stderr)
    print(_in_words(headline(summary.judged, summary.folds)))
    for fold, one in enumerate(summary.folds, 1):
        print(f"fold {fold}: {one.score:.3f} of {one.clips} clips")
    if not summary.folds:
        print(f"model:  {summary.result}")
    print(f"report: {page}")
