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
    """Print every key of a configuration as it takes effect, without secrets; say what is wrong.

    Returns:
        What ``streamrec serve`` would end with for a fault.
    """
    from streamrec.service.effective import hide_secrets, to_yaml
    from streamrec.service.model_labels import labels_at_hand
    from streamrec.service.remarks import WARNING, faults_in, remarks_on
    from streamrec.service.settings_file import read_settings

    settings = read_settings(args.file, labels_at_hand)
    print(to_yaml(hide_secrets(settings)), end="", flush=True)
    faults, remarks = list(faults_in(settings)), list(remarks_on(settings))
    for line in [*(f"fault: {fault}" for fault in faults), *remarks]:
        print(line, file=sys.stderr)
    warnings = sum(line.startswith(WARNING) for line in remarks)
    enabled = sum(camera.camera.enabled for camera in settings.cameras.values())
    print(
        f"{_number(len(faults), 'fault')}, {_number(warnings, 'warning')}; "
        f"{_number(len(settings.cameras), 'camera')}, {enabled} of them enabled",
        file=sys.stderr,
    )
    return faults[0].exit_code if faults else 0


def _number(count: int, thing: str) -> str:
    return f"{count or 'no'} {thing}{'s' * (count != 1)}"


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
