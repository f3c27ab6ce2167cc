"""``streamrec evaluate``: how good a model is, on clips whose labels are known."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamrec.cli.options import add_options, read_options
from streamrec.config import (
    DEFAULT_MODEL,
    EventOptions,
    EventSettings,
    LiveOptions,
    ModelOptions,
    RuleOptions,
    StreamOptions,
    WindowOptions,
)

if TYPE_CHECKING:
    from streamrec.cli.evaluation_result import Evaluation
    from streamrec.dataset.clips import Dataset, LabelledClip
    from streamrec.evaluation.clips import Fault, Views
    from streamrec.evaluation.live_result import LiveResult
    from streamrec.evaluation.open_set import OpenSet, Watched
    from streamrec.evaluation.thresholds import Threshold
    from streamrec.recognizer import Recognizer
    from streamrec.report.record import Judgement
    from streamrec.weights.files import Progress

_DEFAULT_PRECISION = 0.9
_TOLD = 3


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("evaluate", help="measure a model on clips with labels")
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="DIR|FILE",
        help="folder of class folders, or a list: .csv or .json with path, label, start, end, "
        "split, group (required)",
    )
    parser.add_argument(
        "--split",
        choices=("val", "test", "all"),
        help="which clips; default: val, or all where no clip has a split",
    )
    parser.add_argument(
        "--views",
        choices=("multi", "single", "both"),
        default="multi",
        help="whole clips, or one piece from the middle of each, as long as the model was trained "
        "with; default: multi",
    )
    parser.add_argument(
        "--live",
        action="store_true",
        help="measure endless video, too, made of the clips with background between them",
    )
    _add_events(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object a part")
    parser.add_argument(
        "--to",
        type=Path,
        metavar="FOLDER",
        help="write the answers as tables, and a page with pictures; default: none",
    )
    for kind in (ModelOptions, WindowOptions, LiveOptions, RuleOptions, EventOptions):
        add_options(parser, kind)
    add_options(parser, StreamOptions, without=("predict",))
    parser.set_defaults(run=run, predict="grid")


def _add_events(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("events of clips, each seen as live video")
    group.add_argument(
        "--unknown",
        type=Path,
        metavar="DIR|FILE",
        help="videos of no class, to see what events they raise; default: the clips without labels",
    )
    group.add_argument(
        "--event-precision",
        type=float,
        metavar="P",
        help="suggest scores at which each label starts events, so that this share of them is "
        f"right; default: {_DEFAULT_PRECISION} where scores are suggested",
    )
    group.add_argument(
        "--write-config",
        type=Path,
        metavar="FILE.yaml",
        help="write these scores into a new configuration for `streamrec serve`; default: none",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command: clips that cannot be read are told, and the others judged all the same."""
    from streamrec.cli.evaluation_tables import print_evaluation, print_lines

    _check(args)
    dataset, which = _dataset(args)
    recognizer = _recognizer(args)
    evaluation = _Measurer(args, dataset, recognizer).measure(which)
    (print_lines if args.json else print_evaluation)(evaluation)
    _tell_faults(evaluation)
    if args.write_config is not None:
        _write_config(args, evaluation)
    if args.to is not None:
        from streamrec.cli.evaluation_folder import write_folder

        print(write_folder(evaluation, args.data, args.to), file=sys.stderr)
    return 0


def _check(args: argparse.Namespace) -> None:
    """Refuse what cannot work, before the work is done.

    Raises:
        OptionError, OutputError, RuntimeMissingError: see their messages.
    """
    from streamrec.errors import OptionError
    from streamrec.evaluation.metrics import require_metrics

    require_metrics()
    if args.live:
        from streamrec.evaluation.live import check_live

        check_live(read_options(args, LiveOptions))
    if args.event_precision is not None and not 0.0 < args.event_precision <= 1.0:
        raise OptionError(
            f"--event-precision is above 0 and at most 1, as 0.9; got {args.event_precision}"
        )
    if args.write_config is not None:
        from streamrec.evaluation.thresholds import require_new

        require_new(args.write_config)
    if args.to is not None:
        from streamrec.cli.evaluation_folder import require_folder

        require_folder(args.to)


def _dataset(args: argparse.Namespace) -> "tuple[Dataset, str]":
    """Return the clips to judge, and what they are in words.

    Raises:
        DatasetError: the data set cannot be read, or has none of the wanted split.
    """
    from streamrec.dataset.listing import read_dataset
    from streamrec.errors import DatasetError

    dataset = read_dataset(args.data)
    counts = Counter(clip.split for clip in dataset.clips)
    wanted = args.split or ("all" if counts.keys() == {None} else "val")
    if wanted == "all":
        return dataset, f"all of {dataset.name}"
    if wanted not in counts:
        found = ", ".join(f"{count} {name or 'without'}" for name, count in counts.items())
        raise DatasetError(
            f"no clip of {args.data} has the split {wanted}; there are {found}; take another "
            "--split, or --split all"
        )
    chosen = tuple(clip for clip in dataset.clips if clip.split == wanted)
    return replace(dataset, clips=chosen), f"split {wanted} of {dataset.name}"


def _recognizer(args: argparse.Namespace) -> "Recognizer":
    from streamrec.build import choose_model
    from streamrec.cli.progress import download_progress

    options, windows = read_options(args, ModelOptions), read_options(args, WindowOptions)
    with download_progress(options.model or DEFAULT_MODEL) as progress:
        return choose_model(options, windows, lambda text: print(text, file=sys.stderr), progress)


class _Measurer:
    """Measures what the flags ask for."""

    def __init__(
        self, args: argparse.Namespace, dataset: "Dataset", recognizer: "Recognizer"
    ) -> None:
        from streamrec.evaluation.live_playlist import playlist

        self._args, self._dataset, self._recognizer = args, dataset, recognizer
        self._stream = read_options(args, StreamOptions)
        quiet = playlist(recognizer, dataset, args.background_label).quiet
        self._events = EventSettings(
            options=read_options(args, EventOptions),
            rule=read_options(args, RuleOptions),
            deny=tuple(quiet.values()),
        )
        self._known = [clip for clip in dataset.clips if clip.labels]
        self._unknown = [clip for clip in dataset.clips if not clip.labels]
        if args.unknown is not None:
            self._unknown = _videos(args.unknown)
        self._faults: dict[str, Fault] = {}

    def measure(self, which: str) -> "Evaluation":
        """Return all that was measured; ``which``: the clips, in words."""
        args = self._args
        from streamrec.cli.evaluation_result import Evaluation

        views: tuple[Views, ...] = ("multi", "single") if args.views == "both" else (args.views,)
        judged = {each: self._judged(each) for each in views}
        opened, thresholds = self._seen_live()
        return Evaluation(
            model=args.model or self._recognizer.name,
            engine=self._recognizer.engine,
            which=which,
            judged=judged,
            open_set=opened,
            thresholds=thresholds,
            events=self._events,
            live=self._live() if args.live else None,
            faults=tuple(self._faults.values()),
        )

    def _judged(self, views: "Views") -> "Judgement":
        from streamrec.cli.progress import frame_progress
        from streamrec.evaluation.bootstrap import intervals_of
        from streamrec.evaluation.clips import answer
        from streamrec.evaluation.metrics import figures_of
        from streamrec.report.record import Judgement

        with frame_progress("clips", len(self._known)) as progress:
            answers, faults = answer(
                self._recognizer, self._known, self._dataset.labels, views=views, progress=progress
            )
        self._remember(faults)
        return Judgement(
            answers=answers, figures=figures_of(answers), intervals=intervals_of(answers)
        )

    def _seen_live(self) -> "tuple[OpenSet | None, tuple[Threshold, ...] | None]":
        """Stream clips where somebody wants to know which events they raise."""
        args = self._args
        wanted = args.event_precision or (args.write_config and _DEFAULT_PRECISION)
        if not (wanted or self._unknown):
            return None, None
        from streamrec.cli.progress import frame_progress
        from streamrec.evaluation.open_set import open_set, watch_clips

        clips = [*self._known, *self._unknown]
        with frame_progress("events", len(clips)) as progress:
            watched, faults = watch_clips(
                self._recognizer, clips, self._stream, self._events, progress
            )
        self._remember(faults)
        unknown = [one for one in watched if not one.clip.labels]
        known = [one for one in watched if one.clip.labels]
        opened = open_set(unknown, known) if unknown else None
        return opened, self._thresholds(watched, wanted) if wanted else None

    def _thresholds(
        self, watched: "Sequence[Watched]", precision: float
    ) -> "tuple[Threshold, ...]":
        from streamrec.evaluation.clips import class_ids, truth_of
        from streamrec.evaluation.thresholds import suggest

        labels = self._recognizer.labels
        classes = class_ids(self._dataset.labels, self._recognizer)
        truth = truth_of([one.clip for one in watched], classes, len(labels))
        return suggest(watched, truth, labels, precision)

    def _live(self) -> "LiveResult":
        from streamrec.evaluation.live import evaluate_live

        args = self._args
        with _part_progress("live") as progress:
            return evaluate_live(
                args.model or self._recognizer.name,
                self._dataset,
                read_options(args, LiveOptions),
                read_options(args, ModelOptions),
                progress,
                windows=read_options(args, WindowOptions),
                stream=self._stream,
                events=replace(self._events, deny=()),
            )

    def _remember(self, faults: "Sequence[Fault]") -> None:
        self._faults |= {fault.clip.name: fault for fault in faults}


def _videos(path: Path) -> "list[LabelledClip]":
    """Return the videos of a folder and of the folders in it, as clips of no class.

    Raises:
        DatasetError: there are none.
    """
    from streamrec.dataset.class_folders import SUFFIXES
    from streamrec.dataset.clips import LabelledClip
    from streamrec.errors import DatasetError

    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    found = [file for file in files if file == path or file.suffix.lower() in SUFFIXES]
    if not found or not path.exists():
        raise DatasetError(f"--unknown: no videos in {path}; give a video or a folder of them")
    return [LabelledClip(path=file, labels=()) for file in found]


@contextmanager
def _part_progress(name: str) -> "Iterator[Progress | None]":
    """Show a bar on a terminal; what it gives is told what is done, and of how much."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell_faults(evaluation: "Evaluation") -> None:
    faults = evaluation.faults
    if not faults:
        return
    many = len(faults) > 1
    print(f"{len(faults)} clip{'s' * many} left out, which cannot be read:", file=sys.stderr)
    for fault in faults[:_TOLD]:
        print(f"  {fault.reason}", file=sys.stderr)
    if len(faults) > _TOLD:
        print(f"  and {len(faults) - _TOLD} more", file=sys.stderr)


def _write_config(args: argparse.Namespace, evaluation: "Evaluation") -> None:
    from streamrec.evaluation.thresholds import write_config
    from streamrec.model_source import as_file_path

    path = as_file_path(evaluation.model)
    model = evaluation.model if path is None else str(path.absolute())
    options = (
        replace(read_options(args, ModelOptions), model=model),
        read_options(args, WindowOptions),
        read_options(args, StreamOptions),
    )
    write_config(args.write_config, evaluation.thresholds or (), evaluation.events, options)
    print(f"{args.write_config}: name your cameras there", file=sys.stderr)
