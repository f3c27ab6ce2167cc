"""``streamrec events``: what happened, from the store of a service, which may be running."""

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from streamrec.cli.event_options import (
    add_filter,
    add_store,
    read_filter,
    read_place,
    require_no_store,
)
from streamrec.cli.words import count, print_json
from streamrec.errors import OptionError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streamrec.footage.files import Footage
    from streamrec.store.export import ExportFormat
    from streamrec.store.query import EventFilter
    from streamrec.store.reader import Reader
    from streamrec.wire import EventMessage

_MOST_LISTED = 50
_MOST_MESSAGES = 10
_FORMATS = ("csv", "json", "parquet")
_STANDARD_OUTPUT = "-"


def register(commands: Any) -> None:
    """Add the command's parsers."""
    parser = commands.add_parser("events", help="see and export what a service has recognised")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = _add(actions, "list", list_events, "list events, the newest first")
    listing.add_argument("--json", action="store_true", help="print one JSON object an event")
    _add_show(actions)
    export = _add(actions, "export", export_events, "write events, the oldest first, into a file")
    export.add_argument(
        "--format", choices=_FORMATS, help="default: what --to ends with, otherwise csv"
    )
    export.add_argument(
        "--to", default=_STANDARD_OUTPUT, metavar="FILE", help="default: standard output, '-'"
    )
    stats = _add(actions, "stats", show_stats, "count events by camera, label, hour and day")
    stats.add_argument("--json", action="store_true", help="print one JSON object")
    for drawing in (listing, stats):
        drawing.add_argument(
            "--plot",
            type=Path,
            metavar="FILE.png",
            help="draw them over time, too, the time axis fitted to them unless --since and "
            "--until are both there; default: not",
        )


def _add(
    actions: Any, name: str, run: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    """Add an action that takes a filter."""
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text)
    add_filter(parser)
    add_store(parser)
    parser.set_defaults(run=run)
    return parser


def _add_show(actions: Any) -> None:
    parser = actions.add_parser("show", help="show all that is known of one event")
    parser.add_argument("event", metavar="ID", help="its id, or the beginning of it")
    parser.add_argument(
        "--thumbnail", type=Path, metavar="TO.jpg", help="copy its picture there; default: not"
    )
    parser.add_argument(
        "--clip", type=Path, metavar="TO.mp4", help="copy its clip there; default: not"
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="list all its messages; default: its first, its last and some between",
    )
    add_store(parser)
    parser.set_defaults(run=show_event)


def list_events(args: argparse.Namespace) -> int:
    """Run ``streamrec events list``."""
    from streamrec.store.query import find_events

    wanted = read_filter(args)
    with _reader(args) as reader:
        _plot(args, reader, wanted)
        if args.json:
            for event in find_events(reader, wanted):
                print_json(event)
        else:
            _print_newest(reader, wanted)
    return 0


def _print_newest(reader: "Reader", wanted: "EventFilter") -> None:
    from streamrec.cli.event_tables import print_events
    from streamrec.store.query import count_events, find_events

    shown = replace(wanted, most=wanted.most or _MOST_LISTED)
    found = list(find_events(reader, shown))
    if not found:
        _say(f"no such events in {reader.place}")
        return
    print_events(found)
    if wanted.most is None and len(found) == _MOST_LISTED:
        there = count_events(reader, wanted)
        if there > len(found):
            _say(f"the newest {len(found)} of {count(there)} events; --limit N shows more")


def show_event(args: argparse.Namespace) -> int:
    """Run ``streamrec events show``."""
    from streamrec.cli.event_tables import print_event
    from streamrec.footage.files import SUFFIXES, footage_file
    from streamrec.store.query import find_event, messages_of

    with _reader(args) as reader:
        event = find_event(reader, args.event)
        messages = messages_of(reader, event.id)
    media = read_place(args).media
    files = {
        what: footage_file(media, event.source, event.started_s, event.id, what)
        for what in SUFFIXES
    }
    shown = messages if args.all else _some_of(messages)
    print_event(event, {w: file for w, file in files.items() if _is_there(file)}, media, shown)
    if len(shown) < len(messages):
        _say(f"{len(shown)} of {count(len(messages))} messages; --all shows every one")
    if args.config is None and args.media is None and not all(map(_is_there, files.values())):
        _say(
            f"footage was looked for in {media}; where the service's configuration says otherwise, "
            "give that with --config FILE, or its folder with --media FOLDER"
        )
    targets: dict[Footage, Path | None] = {"thumbnail": args.thumbnail, "clip": args.clip}
    for what, target in targets.items():
        if target is not None:
            _copy(files[what], target, what)
    return 0


def _some_of(messages: "Sequence[EventMessage]") -> "Sequence[EventMessage]":
    """Return the first, the last and some between, evenly spread."""
    if len(messages) <= _MOST_MESSAGES:
        return messages
    step = (len(messages) - 1) / (_MOST_MESSAGES - 1)
    return [messages[round(i * step)] for i in range(_MOST_MESSAGES)]


def export_events(args: argparse.Namespace) -> int:
    """Run ``streamrec events export``."""
    from streamrec.store.export import require_export, write_events
    from streamrec.store.query import find_events

    wanted, form = read_filter(args), _format_of(args)
    require_export(form)
    with _reader(args) as reader, _output(args, form) as file:
        written = write_events(find_events(reader, wanted, oldest_first=True), file, form)
    _say_written(written, None if args.to == _STANDARD_OUTPUT else args.to)
    return 0


def show_stats(args: argparse.Namespace) -> int:
    """Run ``streamrec events stats``."""
    from streamrec.cli.event_tables import print_statistics
    from streamrec.store.query import find_events
    from streamrec.store.statistics import statistics_of

    wanted = read_filter(args)
    with _reader(args) as reader:
        _plot(args, reader, wanted)
        statistics = statistics_of(find_events(reader, wanted))
        if args.json:
            print_json(statistics)
        elif statistics.whole.count:
            print_statistics(statistics)
        else:
            _say(f"no such events in {reader.place}")
    return 0


def _plot(args: argparse.Namespace, reader: "Reader", wanted: "EventFilter") -> None:
    """Draw events if told so; where there are none, when cameras were away in the time wanted.

    It comes before what is printed, of which whoever reads it may take the beginning only.
    """
    if args.plot is None:
        return
    from streamrec.cli.timeline import Timeline, fitted_span, save_timeline
    from streamrec.plot import require_plot
    from streamrec.store.query import find_events, find_statuses
    from streamrec.types import now_s

    require_plot(args.plot)
    require_no_store(args, args.plot)
    events = list(find_events(reader, wanted))
    if not events and wanted.since_s is None:
        _say(f"nothing is drawn into {args.plot}")
        return
    begin_s, end_s = fitted_span(events, wanted.since_s, wanted.until_s, now_s())
    statuses = tuple(find_statuses(reader, begin_s, end_s, wanted.sources))
    save_timeline(Timeline(events, statuses, begin_s, end_s), args.plot)
    _say_written(len(events), args.plot)


def _reader(args: argparse.Namespace) -> "Reader":
    from streamrec.store.reader import Reader

    return Reader(read_place(args).url)


def _format_of(args: argparse.Namespace) -> "ExportFormat":
    by_suffix: dict[str, ExportFormat] = {".json": "json", ".parquet": "parquet"}
    form: ExportFormat = args.format or by_suffix.get(Path(args.to).suffix.lower(), "csv")
    if form == "parquet" and args.to == _STANDARD_OUTPUT and sys.stdout.isatty():
        raise OptionError("Parquet is nothing for a terminal; give a file with --to")
    return form


@contextmanager
def _output(args: argparse.Namespace, form: str) -> "Iterator[BinaryIO]":
    """Give the file to write, which appears whole or not at all; devices are written to."""
    from streamrec.atomic import atomic_path

    if args.to == _STANDARD_OUTPUT:
        sys.stdout.flush()
        yield sys.stdout.buffer
        return
    target = Path(args.to)
    require_no_store(args, target)
    if not target.parent.is_dir():
        raise OutputError(f"cannot write {target}: there is no folder {target.parent}")
    if target.exists() and not target.is_file():  # /dev/null stays what it is
        with _opened(target) as file:
            yield file
        return
    with atomic_path(target) as temporary, temporary.open("wb") as file:
        yield file


def _opened(target: Path) -> BinaryIO:
    try:
        return target.open("wb")
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from None


def _copy(file: Path, target: Path, what: "Footage") -> None:
    """Copy a file of footage.

    Raises:
        OutputError: there is none, or the copy cannot be written.
    """
    import shutil

    from streamrec.atomic import atomic_path

    if not _is_there(file):
        raise OutputError(f"there is no {what} of this event: no file {file} that you may read")
    with atomic_path(target) as temporary:
        shutil.copyfile(file, temporary)


def _is_there(file: Path) -> bool:
    """Tell whether a file can be read; footage is for the service's own user."""
    return os.access(file, os.R_OK)


def _say_written(events: int, target: Path | str | None) -> None:
    place = "" if target is None else f" into {target}"
    _say(f"{count(events) if events else 'no'} event{'s' * (events != 1)} written{place}")


def _say(text: str) -> None:
    print(text, file=sys.stderr)
