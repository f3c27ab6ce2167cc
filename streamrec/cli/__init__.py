"""The command line: ``streamrec COMMAND``. Each command is one file, loaded when it is given."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

from streamrec.errors import ConfigError, StreamrecError
from streamrec.version import __version__

COMMANDS = (
    "run",
    "serve",
    "camera",
    "keys",
    "watch",
    "events",
    "mqtt",
    "schema",
    "classify",
    "features",
    "compare",
    "data",
    "collect",
    "train",
    "evaluate",
    "demo",
    "config",
    "models",
    "export",
    "doctor",
)
"""The files of this folder that are commands, in the order of ``--help``."""

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; see ``streamrec.errors`` for what they mean."""
    argv = sys.argv[1:] if argv is None else argv
    args = make_parser(argv[0] if argv else "").parse_args(argv)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # labels are in any language
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except StreamrecError as error:
        print("streamrec: error:", *str(error).splitlines(), file=sys.stderr)
        return error.exit_code
    except MemoryError:
        print("streamrec: error: there is not enough memory for this here", file=sys.stderr)
        return StreamrecError.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; point stdout elsewhere so that exit cannot fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def make_parser(command: str = "") -> argparse.ArgumentParser:
    """Return the parser of one command; of all commands if there is none of that name."""
    parser = argparse.ArgumentParser(
        prog="streamrec",
        description="Real-time action recognition: video in, predictions out over ZeroMQ.",
    )
    parser.add_argument("--version", action="version", version=f"streamrec {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in (command,) if command in COMMANDS else COMMANDS:
        import_module(f"streamrec.cli.{name}").register(commands)
    return parser
