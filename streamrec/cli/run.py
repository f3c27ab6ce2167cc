"""``streamrec run``: live video in, predictions and events out."""

import argparse
from typing import Any

from streamrec.cli.options import add_options, read_options
from streamrec.config import (
    AccessOptions,
    CaptureOptions,
    EventOptions,
    EventSettings,
    HealthOptions,
    ModelOptions,
    OutputOptions,
    RuleOptions,
    SourceOptions,
    StreamOptions,
    WindowOptions,
)

_OPTIONS = (
    SourceOptions,
    CaptureOptions,
    ModelOptions,
    WindowOptions,
    StreamOptions,
    RuleOptions,
    EventOptions,
    OutputOptions,
    AccessOptions,
    HealthOptions,
)


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("run", help="recognise live video and publish what is seen")
    for kind in _OPTIONS:
        add_options(parser, kind)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from streamrec.cli.live import LiveSettings, watch_source

    rule, options = read_options(args, RuleOptions), read_options(args, EventOptions)
    return watch_source(
        LiveSettings(
            source=read_options(args, SourceOptions),
            capture=read_options(args, CaptureOptions),
            model=read_options(args, ModelOptions),
            window=read_options(args, WindowOptions),
            stream=read_options(args, StreamOptions),
            events=EventSettings(rule=rule, options=options),
            output=read_options(args, OutputOptions),
            access=read_options(args, AccessOptions),
            health=read_options(args, HealthOptions),
        )
    )
