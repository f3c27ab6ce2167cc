"""``streamrec config``: the configuration file of ``streamrec serve``."""

import argparse
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any


def register(commands: Any) -> None:
    """Add the command's parsers."""
    parser = commands.add_parser("config", help="check a configuration, or show how to write one")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="say what is wrong, or what was understood")
    check.add_argument("file", type=Path, metavar="FILE", help="the configuration")
    check.set_defaults(run=run_check)
    schema = actions.add_parser("schema", help="print the JSON Schema, for editors")
    schema.set_defaults(run=run_schema)
    example = actions.add_parser("example", help="print a configuration to start from")
    example.set_defaults(run=run_example)


def run_check(args: argparse.Namespace) -> int:
    """Print every key of a configuration as it takes effect, without secrets."""
    from streamrec.service.effective import hide_secrets, to_yaml
    from streamrec.service.remarks import remarks_on
    from streamrec.service.settings_file import read_settings

    settings = read_settings(args.file)
    print(to_yaml(hide_secrets(settings)), end="", flush=True)
    for line in remarks_on(settings):
        print(line, file=sys.stderr)
    enabled = sum(camera.camera.enabled for camera in settings.cameras.values())
    cameras = f"{len(settings.cameras)} cameras, {enabled} of them enabled"
    print(f"nothing is wrong; {cameras}", file=sys.stderr)
    return 0


def run_schema(args: argparse.Namespace) -> int:
    """Print the schema."""
    import json

    from streamrec.service.schema import make_schema

    print(json.dumps(make_schema(), indent=2))
    return 0


def run_example(args: argparse.Namespace) -> int:
    """Print the example."""
    print((files("streamrec") / "assets" / "cameras.yaml").read_text(encoding="utf-8"), end="")
    return 0
