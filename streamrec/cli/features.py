"""``streamrec features``: the vectors that a model's classifier sees of files."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamrec.config import DEFAULT_MODEL

if TYPE_CHECKING:
    from streamrec.errors import StreamrecError
    from streamrec.inspection.features import FileFeatures
    from streamrec.runtimes.base import Runtime


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("features", help="write the vectors that a model makes of files")
    parser.add_argument("files", nargs="+", metavar="FILE", help="videos, GIFs or pictures")
    parser.add_argument(
        "--model",
        default=DEFAULT_MODEL,
        metavar="M",
        help=f"its name, or a file of its weights; default: {DEFAULT_MODEL}",
    )
    parser.add_argument(
        "--to", type=Path, metavar="OUT.npz", help="the vectors, .npz or .parquet; default: none"
    )
    parser.add_argument(
        "--plot", type=Path, metavar="OUT.png", help="draw a map of the files; default: none"
    )
    parser.add_argument(
        "--device", default="auto", metavar="D", help="PyTorch's: cpu, cuda, ...; default: auto"
    )
    parser.add_argument(
        "--flow",
        choices=("dis", "tvl1"),
        default="dis",
        help="optical flow, where the model sees it; default: dis",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command: every file that can be read is taken, then what failed is told."""
    from streamrec.errors import StreamrecError
    from streamrec.model_source import display_name

    _check(args)
    found, errors = _watched(args.files, _runtime(args))
    try:
        if found:
            _write(args, display_name(args.model), found)
    except StreamrecError as error:
        errors.append(error)
    for earlier in errors[:-1]:
        print(f"streamrec: error: {earlier}", file=sys.stderr)
    if errors:
        raise errors[-1]
    return 0


def _check(args: argparse.Namespace) -> None:
    from streamrec.cli.overwrite import require_other_file
    from streamrec.errors import OptionError
    from streamrec.inspection.feature_file import require_feature_file
    from streamrec.inspection.feature_map import require_map

    if args.to is None and args.plot is None:
        raise OptionError("say what to make: --to OUT.npz, --plot OUT.png, or both")
    if args.to is not None:
        require_feature_file(args.to)
    if args.plot is not None:
        require_map(args.plot, len(args.files))
    for file in args.files:
        require_other_file("--to", args.to, file)
        require_other_file("--plot", args.plot, file)


def _runtime(args: argparse.Namespace) -> "Runtime":
    from streamrec.cli.catalog import fetched_weights
    from streamrec.inspection.features import feature_runtime
    from streamrec.model_source import display_name, network, spec_of

    weights = fetched_weights(args.model)
    spec = spec_of(weights, display_name(args.model))
    return feature_runtime(network(weights), spec, device=args.device, flow=args.flow)


def _watched(
    files: Sequence[str], runtime: "Runtime"
) -> "tuple[list[FileFeatures], list[StreamrecError]]":
    """Return the features of all files that can be read, and why others cannot."""
    from rich.console import Console
    from rich.progress import track

    from streamrec.errors import SourceError

    found: list[FileFeatures] = []
    errors: list[StreamrecError] = []
    console, quiet = Console(stderr=True), not sys.stderr.isatty()
    for file in track(files, "watching", console=console, transient=True, disable=quiet):
        try:
            found.append(_features(file, runtime))
        except SourceError as error:
            errors.append(error)
    return found, errors


def _features(file: str, runtime: "Runtime") -> "FileFeatures":
    from streamrec.errors import OptionError
    from streamrec.inspection.features import file_features
    from streamrec.sources.open import open_source

    with open_source(file) as source:
        if source.live:
            raise OptionError(f"{source.name} has no end; features are of files")
        return file_features(runtime, source, file=file)


def _write(args: argparse.Namespace, model: str, found: "list[FileFeatures]") -> None:
    from streamrec.inspection.feature_file import save_features
    from streamrec.inspection.feature_map import draw_map

    if args.to is not None:
        save_features(args.to, model, found)
        files = f"{len(found)} file{'s' * (len(found) != 1)}"
        print(f"{args.to}: {files}, {len(found[0].vector)} features each")
    if args.plot is not None:
        draw_map(found, model, args.plot)
        print(args.plot)
