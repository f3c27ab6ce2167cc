"""``streamrec config``: the configuration file of ``streamrec serve``."""

import argparse
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamrec.errors import SourceOpenError

if TYPE_CHECKING:
    from streamrec.service.settings import CameraSettings, ServiceSettings


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
    from streamrec.service.settings_file import read_settings

    settings = read_settings(args.file)
    print(to_yaml(hide_secrets(settings)), end="", flush=True)
    for line in _remarks(settings):
        print(line, file=sys.stderr)
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


def _remarks(settings: "ServiceSettings") -> Iterator[str]:
    """Say which secrets are there, and what should not be written out."""
    cameras = settings.cameras.values()
    for camera in cameras:
        yield from _remarks_on(camera)
    watched = sum(camera.camera.enabled for camera in cameras)
    yield f"nothing is wrong; {len(cameras)} cameras, {watched} of them enabled"


def _remarks_on(camera: "CameraSettings") -> Iterator[str]:
    from streamrec.service.secrets import find_secret, lies_open, secret_names

    source = camera.source.source
    if lies_open(source):
        yield (
            f"warning: cameras.{camera.name}.source has a password written out; write {{NAME}} in "
            "its place, and the password into the environment or a secrets file"
        )
    for name in secret_names(source):
        try:
            secret = find_secret(name)
        except SourceOpenError as error:
            yield f"warning: cameras.{camera.name}: {error}"
        else:
            state = f"is in {secret.place}" if secret else "is missing here"
            yield f"cameras.{camera.name}: the secret {name} {state}"
