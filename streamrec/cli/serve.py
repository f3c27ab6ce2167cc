"""``streamrec serve``: many cameras, for months."""

import argparse
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamrec.cli.options import add_options, overruled
from streamrec.config import HealthOptions

if TYPE_CHECKING:
    from streamrec.service.settings import ServiceSettings


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
    add_options(parser, HealthOptions, overruling=True)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from streamrec.health.logs import log_to_stderr
    from streamrec.service.model_labels import labels_at_hand
    from streamrec.service.settings_file import read_settings
    from streamrec.service.supervisor import Supervisor
    from streamrec.sockets.files import allow_many_files

    def read() -> "ServiceSettings":
        settings = read_settings(args.config, labels_at_hand)
        return replace(settings, health=overruled(settings.health, args))

    _fill_standard_streams()
    allow_many_files()
    settings = read()
    log_to_stderr(settings.health.log_format)
    supervisor = Supervisor(settings, read)
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
