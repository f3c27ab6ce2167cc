"""``streamrec schema``: what messages look like, for programs in other languages."""

import argparse
from typing import Any

KINDS = ("prediction", "event", "status", "heartbeat")


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("schema", help="print the JSON Schema of the messages")
    parser.add_argument("--kind", choices=KINDS, help="of these only; default: all in one schema")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the schema."""
    import json

    from streamrec.wire.schema import message_schema

    print(json.dumps(message_schema(args.kind), indent=2))
    return 0
