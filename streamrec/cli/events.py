"""``streamrec events``: what happened, from the store of a service, which may be running."""

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import contextmanager
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
    from collections.abc import Iterator

    from streamrec.footage.files import Footage
    from streamrec.store.export import ExportFormat
    from streamrec.store.query import EventFilter
    from streamrec.store.reader import Reader
    from streamrec.types import ActionEvent

_MOST_LISTED = 50
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
            help="draw them over time instead; default: not",
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
    add_store(parser)
    parser.set_defaults(run=show_event)


def list_events(args: argparse.Namespace) -> int:
    """Run ``streamrec events list``."""
    from dataclasses import replace

    from streamrec.cli.event_tables import print_events
    from streamrec.store.query import count_events, find_events

    wanted = read_filter(args)
    if args.plot is not None:
        return _plot(args, wanted)
    with _reader(args) as reader:
        if args.json:
            for event in find_events(reader, wanted):
                print_json(event)
            return 0
        shown = replace(wanted, most=wanted.most or _MOST_LISTED)
        found = list(find_events(reader, shown))
        if not _say_if_none(found, reader):
            print_events(found)
        if wanted.most is None and len(found) == _MOST_LISTED:
            there = count_events(reader, wanted)
            if there > len(found):
                _say(f"the newest {len(found)} of {count(there)} events; --limit N shows more")
    return 0


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
    print_event(event, {what: file for what, file in files.items() if _is_there(file)}, messages)
    targets: dict[Footage, Path | None] = {"thumbnail": args.thumbnail, "clip": args.clip}
    for what, target in targets.items():
        if target is not None:
            _copy(files[what], target, what)
    return 0


def export_events(args: argparse.Namespace) -> int:
    """Run ``streamrec events export``."""
    from streamrec.store.export import require_export, write_events
    from streamrec.store.query import find_events

    wanted, form = read_filter(args), _format_of(args)
    require_export(form)
    with _reader(args) as reader, _output(args, form) as file:
        written = write_events(find_events(reader, wanted, oldest_first=True), file, form)
    target = "" if args.to == _STANDARD_OUTPUT else f" into {args.to}"
    _say(f"{count(written) if written else 'no'} event{'s' * (written != 1)} written{target}")
    return 0


def show_stats(args: argparse.Namespace) -> int:
    """Run ``streamrec events stats``."""
    from streamrec.cli.event_tables import print_statistics
    from streamrec.store.query import find_events
    from streamrec.store.statistics import statistics_of

    wanted = read_filter(args)
    if args.plot is not None:
        return _plot(args, wanted)
    with _reader(args) as reader:
        statistics = statistics_of(find_events(reader, wanted))
        if args.json:
            print_json(statistics)
        elif statistics.whole.count:
            print_statistics(statistics)
        else:
            _say_if_none([], reader)
    return 0


def _plot(args: argparse.Namespace, wanted: "EventFilter") -> int:
    from streamrec.cli.timeline import Timeline, save_timeline
    from streamrec.plot import require_plot
    from streamrec.store.query import find_events, find_statuses
    from streamrec.types import now_s

    require_plot(args.plot)
    require_no_store(args, args.plot)
    with _reader(args) as reader:
        events = list(find_events(reader, wanted))
        if _say_if_none(events, reader) and wanted.since_s is None:
            return 0
        begin_s = min((e.started_s for e in events), default=0.0)
        begin_s = begin_s if wanted.since_s is None else wanted.since_s
        is_now = wanted.since_s is not None or any(event.ended_s is None for event in events)
        end_s = now_s() if is_now else max(event.captured_s for event in events)
        end_s = max(end_s if wanted.until_s is None else wanted.until_s, begin_s + 1.0)
        statuses = tuple(find_statuses(reader, begin_s, end_s, wanted.sources))
    save_timeline(Timeline(events, statuses, begin_s, end_s), args.plot)
    return 0


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


def _say_if_none(found: "list[ActionEvent]", reader: "Reader") -> bool:
    if not found:
        _say(f"no such events in {reader.place}")
    return not found


def _say(text: str) -> None:
    print(text, file=sys.stderr)
