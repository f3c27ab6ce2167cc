"""``streamrec serve``: many cameras, for months."""

import argparse
import logging
import os
import signal
from pathlib import Path
from typing import Any


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("serve", help="watch many cameras, as a file says, for ever")
    parser.add_argument(
        "--config",
        type=Path,
        required=True,
        metavar="FILE.yaml",
        help="the cameras, read again on SIGHUP; `streamrec config example` shows one (required)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from streamrec.service.settings_file import read_settings
    from streamrec.service.supervisor import Supervisor

    _fill_standard_streams()
    _log_to_stderr()
    supervisor = Supervisor(read_settings(args.config), lambda: read_settings(args.config))
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: supervisor.stop())
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, lambda *_: supervisor.reload())
    supervisor.run()
    return 0


def _fill_standard_streams() -> None:
    """Let no socket get the number of a standard stream that whoever started this has closed."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(fd, True)
    os.close(fd)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log = logging.getLogger("streamrec")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
