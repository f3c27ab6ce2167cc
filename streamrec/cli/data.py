"""``streamrec data``: what there is to learn from."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamrec.cli.options import add_options
from streamrec.config import DataOptions

if TYPE_CHECKING:
    from streamrec.dataset.clips import Dataset
    from streamrec.dataset.scan import ClipFacts

_FPS = 5.0
_TAKEN = ("val", "test")


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("data", help="look at clips that a model is to learn from")
    parts = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_check(parts)
    _add_list(parts)


def _add_check(parts: Any) -> None:
    parser = parts.add_parser(
        "check", help="count clips, find broken files and copies, draw what there is"
    )
    _add_data(parser)
    rate = parser.add_mutually_exclusive_group()
    rate.add_argument(
        "--fps",
        type=float,
        default=_FPS,
        metavar="HZ",
        help=f"the rate at which the model is to see frames; default: {_FPS:g}",
    )
    rate.add_argument("--model", metavar="NAME", help="take its rate; default: none")
    others = [name for name in DataOptions.__dataclass_fields__ if name not in _TAKEN]
    add_options(parser, DataOptions, without=others)
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the splits; default: 0"
    )
    parser.add_argument(
        "--sheet",
        type=Path,
        metavar="OUT.png",
        help="draw frames of some clips of each class; default: none",
    )
    parser.add_argument(
        "--show",
        type=int,
        default=20,
        metavar="N",
        help="broken files and copies told; default: 20",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run_check)


def _add_list(parts: Any) -> None:
    parser = parts.add_parser("list", help="write the list of a folder, to edit groups and splits")
    _add_data(parser)
    parser.add_argument(
        "--to",
        type=Path,
        required=True,
        metavar="LIST.csv",
        help="the list: .csv, .tsv or .json (required)",
    )
    parser.set_defaults(run=run_list)


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "data",
        type=Path,
        metavar="DIR|FILE",
        help="folder of class folders, or a list: .csv or .json with path, label, start, end, "
        "split, group",
    )


def run_check(args: argparse.Namespace) -> int:
    """Check a data set: what cannot be used is told, and an error only where nothing can be."""
    from streamrec.cli.data_tables import print_json, print_tables
    from streamrec.dataset.duplicates import find_duplicates
    from streamrec.dataset.hints import hints
    from streamrec.dataset.listing import ignored_files, read_dataset
    from streamrec.dataset.summary import summarise

    _check(args)
    fps = _fps(args)
    dataset = read_dataset(args.data)
    facts = _scan(dataset, fps)
    dataset, facts, notes = _split(dataset, facts, args)
    summary = summarise(
        dataset,
        facts,
        fps,
        ignored=len(ignored_files(args.data)),
        duplicates=find_duplicates([one for one in facts if one.fault is None]),
    )
    if args.sheet is not None:
        from streamrec.dataset.contact_sheet import save_contact_sheet

        save_contact_sheet(dataset, summary.facts, args.sheet)
    (print_json if args.json else print_tables)(summary, [*notes, *hints(summary)], args.show)
    return 0


def run_list(args: argparse.Namespace) -> int:
    """Write the list of a data set."""
    from streamrec.dataset.list_writer import write_list
    from streamrec.dataset.listing import read_dataset
    from streamrec.errors import OutputError

    if args.to.exists():
        raise OutputError(f"{args.to} exists; nothing is replaced, give another file")
    dataset = read_dataset(args.data)
    write_list(dataset, args.to)
    print(f"{args.to}: {len(dataset.clips)} clips")
    return 0


def _check(args: argparse.Namespace) -> None:
    """Refuse what cannot work, before the work is done.

    Raises:
        OptionError, OutputError, RuntimeMissingError: see their messages.
    """
    from streamrec.dataset.library import require_library
    from streamrec.errors import OptionError
    from streamrec.types import MAX_MODEL_FPS

    require_library()
    if not 0.0 < args.fps <= MAX_MODEL_FPS:
        raise OptionError(f"--fps is above 0 and at most {MAX_MODEL_FPS:g}; got {args.fps}")
    if args.show < 0:
        raise OptionError(f"--show is 0 or more; got {args.show}")
    if not 0 <= args.seed < 2**31:
        raise OptionError(f"--seed is 0 to {2**31 - 1}; got {args.seed}")
    if min(args.val, args.test) < 0.0 or args.val + args.test >= 1.0:
        raise OptionError(
            f"--val and --test are 0 or more, and below 1 together; got {args.val}, {args.test}"
        )
    if args.sheet is not None:
        from streamrec.plot import require_plot

        require_plot(args.sheet)


def _fps(args: argparse.Namespace) -> float:
    """Return the rate at which frames are counted."""
    if args.model is None:
        return float(args.fps)
    from streamrec.config import EMBEDDED_MODEL
    from streamrec.model_source import architecture_of, is_onnx_file

    if args.model == EMBEDDED_MODEL or is_onnx_file(args.model):
        from streamrec.build import load

        return load(args.model).spec.fps
    return architecture_of(args.model).fps


def _scan(dataset: "Dataset", fps: float) -> "tuple[ClipFacts, ...]":
    """Look at every file.

    Raises:
        DatasetError: none can be used.
    """
    from streamrec.cli.progress import frame_progress
    from streamrec.dataset.scan import scan
    from streamrec.errors import DatasetError

    with frame_progress(dataset.name, len(dataset.clips)) as tell:
        facts = scan(dataset, fps, tell)
    if all(one.fault is not None for one in facts):
        first = facts[0]
        raise DatasetError(
            f"none of {len(facts)} clips can be used; the first one is {first.clip.name}: "
            f"{first.fault}"
        )
    return facts


def _split(
    dataset: "Dataset", facts: "tuple[ClipFacts, ...]", args: argparse.Namespace
) -> "tuple[Dataset, tuple[ClipFacts, ...], list[str]]":
    """Leave out what cannot be used, and split the rest as training would.

    Returns:
        The data set; the facts, with the splits; why it could not be split.
    """
    from streamrec.dataset.splits import split
    from streamrec.errors import DatasetError

    usable = [i for i, one in enumerate(facts) if one.fault is None]
    dataset = replace(dataset, clips=tuple(dataset.clips[i] for i in usable))
    notes = []
    try:
        dataset = split(dataset, val=args.val, test=args.test, seed=args.seed)
    except DatasetError as error:
        notes.append(str(error))
    known = list(facts)
    for i, clip in zip(usable, dataset.clips, strict=True):
        known[i] = replace(facts[i], clip=clip)
    return dataset, tuple(known), notes
