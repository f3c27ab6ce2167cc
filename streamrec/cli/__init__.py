"""The command line: ``streamrec COMMAND``. Each command is one file, and imports lazily."""

import argparse
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from streamrec import __version__
from streamrec.cli import classify, demo, doctor, export, models, run, watch
from streamrec.errors import StreamrecError

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; see ``streamrec.errors`` for what they mean."""
    args = make_parser().parse_args(argv)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # labels are in any language
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except StreamrecError as error:
        print("streamrec: error:", *str(error).splitlines(), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; point stdout elsewhere so that exit cannot fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="streamrec",
        description="Real-time action recognition: video in, predictions out over ZeroMQ.",
    )
    parser.add_argument("--version", action="version", version=f"streamrec {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (run, watch, classify, demo, models, export, doctor):
        command.register(commands)
    return parser
