"""``streamrec watch``: show what a publisher says."""

import argparse
from typing import Any

from streamrec.cli.key_options import add_keys
from streamrec.types import DEFAULT_ENDPOINT


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "watch", help="show what is published: predictions, events, cameras"
    )
    parser.add_argument(
        "endpoint", nargs="?", default=DEFAULT_ENDPOINT, help=f"default: {DEFAULT_ENDPOINT}"
    )
    parser.add_argument("--source", metavar="NAME", help="show this source only; default: all")
    parser.add_argument("--json", action="store_true", help="print one JSON object a message")
    parser.add_argument(
        "--kind",
        choices=("prediction", "event", "status", "heartbeat", "all"),
        help="which messages; default: all, and prediction with --json",
    )
    parser.add_argument(
        "--count",
        type=int,
        metavar="N",
        help="stop after so many messages that are shown; default: never",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        metavar="S",
        help="stop after so many seconds in which nothing is shown; default: never",
    )
    add_keys(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from streamrec.watch import watch

    return watch(
        args.endpoint,
        args.source,
        args.json,
        args.count,
        args.timeout,
        args.kind,
        server_key=args.server_key,
        key=args.key,
    )
