"""``streamrec keys``: keys with which a service and its clients know each other."""

import argparse
from pathlib import Path
from typing import Any

_PURPOSE = "make and show keys: for a service that other machines can reach, and for its clients"


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("keys", help=_PURPOSE)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    new = actions.add_parser("new", help="make a pair of keys")
    new.add_argument("name", metavar="NAME", help="whose; the files are NAME.key, NAME.key_secret")
    new.add_argument(
        "--to", type=Path, default=Path(), metavar="FOLDER", help="where; default: here"
    )
    new.set_defaults(run=make)
    shown = actions.add_parser("show", help="print the public key of a file, never the secret one")
    shown.add_argument("file", type=Path, metavar="FILE", help="either file of a pair")
    shown.set_defaults(run=show)


def make(args: argparse.Namespace) -> int:
    """Run ``streamrec keys new``."""
    from streamrec.sockets.keys import new_keys

    public_file, secret_file = new_keys(args.name, args.to)
    print(f"{public_file}: public; give it to those who are to know {args.name}")
    print(f"{secret_file}: secret; keep it here, for the eyes of {args.name} only")
    return 0


def show(args: argparse.Namespace) -> int:
    """Run ``streamrec keys show``."""
    from streamrec.sockets.keys import read_public_key

    print(read_public_key(args.file).decode())
    return 0
