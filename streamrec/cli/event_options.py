"""Which events, and where they are stored, as flags."""

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from streamrec.cli.moments import MOMENTS, parse_moment
from streamrec.config import StoreOptions
from streamrec.errors import OptionError

if TYPE_CHECKING:
    from streamrec.store.place import StorePlace
    from streamrec.store.query import EventFilter

_STORE_FILES = ("", "-wal", "-shm", ".spool")
"""What is appended to the name of a SQLite store's file for those beside it."""


def add_filter(parser: argparse.ArgumentParser) -> None:
    """Add flags for what `read_filter` returns."""
    which = parser.add_argument_group("which events")
    times = MOMENTS.replace("%", "%%")
    which.add_argument(
        "--since",
        metavar="TIME",
        help=f"those that went on at it or later; default: all; for example: {times}",
    )
    which.add_argument("--until", metavar="TIME", help="those that began before it; default: all")
    which.add_argument(
        "--camera",
        action="append",
        default=[],
        metavar="NAME",
        help="of it only; may be repeated; default: all",
    )
    which.add_argument(
        "--label",
        action="append",
        default=[],
        metavar="LABEL",
        help="with it only; * and ? as in file names; may be repeated; default: all",
    )
    which.add_argument(
        "--min-score",
        type=float,
        default=0.0,
        metavar="P",
        help="whose highest score reaches it; default: 0",
    )
    which.add_argument("--open", action="store_true", help="that have not ended")
    which.add_argument(
        "--limit", type=int, metavar="N", help="the newest so many; default: all, a table has 50"
    )


def add_store(parser: argparse.ArgumentParser) -> None:
    """Add flags for what `read_place` returns."""
    group = parser.add_argument_group("where they are stored")
    either = group.add_mutually_exclusive_group()
    either.add_argument(
        "--store",
        metavar="FILE|URL",
        help="a file, or postgresql://USER:{NAME}@HOST/DATABASE with the password from the "
        "environment variable NAME; default: events.db in the user's data folder, or in "
        "STREAMREC_HOME",
    )
    either.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the store of the service with this one; default: none",
    )
    group.add_argument(
        "--media", metavar="FOLDER", help="of thumbnails and clips; default: beside the store"
    )


def read_filter(args: argparse.Namespace) -> "EventFilter":
    """Return which events are wanted.

    Raises:
        OptionError: a value that is not allowed.
    """
    from streamrec.store.query import EventFilter
    from streamrec.wire import source_name

    if not 0 <= args.min_score <= 1:
        raise OptionError(f"--min-score is at least 0 and at most 1; got {args.min_score}")
    if args.limit is not None and args.limit < 1:
        raise OptionError(f"--limit is at least 1; got {args.limit}")
    now = datetime.now()
    since_s, until_s = (
        None if text is None else parse_moment(text, now) for text in (args.since, args.until)
    )
    if since_s is not None and until_s is not None and since_s >= until_s:
        raise OptionError(f"--since is before --until; got {args.since} and {args.until}")
    return EventFilter(
        since_s=since_s,
        until_s=until_s,
        sources=tuple(map(source_name, args.camera)),
        labels=tuple(args.label),
        least_peak=args.min_score,
        open_only=args.open,
        most=args.limit,
    )


def read_place(args: argparse.Namespace) -> "StorePlace":
    """Return the store, with the secrets of its address.

    Raises:
        OptionError, ConfigError: a store, or a configuration, that is not allowed.
        SourceOpenError: a secret is missing.
    """
    from streamrec.service.secrets import resolve
    from streamrec.store.place import store_place

    options = StoreOptions() if args.store is None else StoreOptions(store=args.store)
    if args.config is not None:
        from streamrec.service.settings_file import read_settings

        options = read_settings(args.config).store
    place = store_place(resolve(options.store), args.media or options.media)
    if place is None:
        raise OptionError("nothing is stored there: 'store' is none; name another with --store")
    return place


def require_no_store(args: argparse.Namespace, target: Path) -> None:
    """Check that an output is no file of the store itself.

    Raises:
        OptionError: it is.
    """
    spool = read_place(args).spool.resolve()
    if target.resolve() in [spool.with_name(f"{spool.stem}{suffix}") for suffix in _STORE_FILES]:
        raise OptionError(f"{target} belongs to the store itself; give another file")
