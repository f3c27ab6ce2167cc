"""``streamrec camera``: what a running service watches, and how to change it."""

import argparse
import time
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamrec.cli.key_options import add_keys
from streamrec.cli.options import add_options
from streamrec.cli.words import in_line, print_json, print_table
from streamrec.config import (
    CameraOptions,
    CaptureOptions,
    FootageOptions,
    ModelOptions,
    SourceOptions,
    StreamOptions,
    WindowOptions,
)
from streamrec.types import DEFAULT_CONTROL

if TYPE_CHECKING:
    from rich.table import Table

    from streamrec.service.control import Answer, CameraReport, Request

_RECORDS = (
    SourceOptions,
    CaptureOptions,
    ModelOptions,
    WindowOptions,
    StreamOptions,
    CameraOptions,
    FootageOptions,
)
_DROPS = ("old", "stale", "late")
_SPANS = ((86400, "d"), (3600, "h"), (60, "min"))


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("camera", help="see and change what a running service watches")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = _add(actions, "list", list_cameras, "list the cameras and how it stands with them")
    listing.add_argument("--json", action="store_true", help="print one JSON object a camera")
    _add_adding(actions)
    for name, text in (
        ("remove", "stop watching a camera and forget it"),
        ("enable", "watch a camera by its schedule, whatever the configuration says"),
        ("disable", "stop watching a camera until it is enabled"),
    ):
        _add(actions, name, change, text, named=True).set_defaults(action=name)
    snapshot = _add(actions, "snapshot", take_snapshot, "save a camera's picture", named=True)
    snapshot.add_argument(
        "--to", type=Path, required=True, metavar="FILE.jpg", help="the picture (required)"
    )
    _add(actions, "reload", change, "read the configuration again").set_defaults(action="reload")


def _add(
    actions: Any,
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
    *,
    named: bool = False,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text)
    if named:
        parser.add_argument("camera", metavar="NAME", help="the camera")
    parser.add_argument(
        "--control",
        default=DEFAULT_CONTROL,
        metavar="ENDPOINT",
        help=f"where the service takes commands; default: {DEFAULT_CONTROL}",
    )
    add_keys(parser)
    parser.set_defaults(run=run)
    return parser


def _add_adding(actions: Any) -> None:
    """Add ``add``; flags that are not given are left to the service's own defaults."""
    parser = _add(actions, "add", add, "watch another camera until the service ends", named=True)
    for kind in _RECORDS:
        add_options(parser, kind, without=("name",))
    parser.set_defaults(**dict.fromkeys(_keys()))


def _keys() -> list[str]:
    return [item.name for kind in _RECORDS for item in fields(kind) if item.name != "name"]


def list_cameras(args: argparse.Namespace) -> int:
    """Run ``streamrec camera list``."""
    from streamrec.service.control import Cameras, List

    answer = _ask(args, List())
    assert isinstance(answer, Cameras)
    if args.json:
        for camera in answer.cameras:
            print_json(camera)
    else:
        print_table(_table(answer.cameras))
    return 0


def add(args: argparse.Namespace) -> int:
    """Run ``streamrec camera add``."""
    from streamrec.service.control import Add

    given = {key: getattr(args, key) for key in _keys() if getattr(args, key) is not None}
    return _say(_ask(args, Add(args.camera, given)))


def change(args: argparse.Namespace) -> int:
    """Run ``streamrec camera remove``, ``enable``, ``disable`` or ``reload``."""
    from streamrec.service.control import Disable, Enable, Reload, Remove

    if args.action == "reload":
        return _say(_ask(args, Reload()))
    kinds: dict[str, type[Remove | Enable | Disable]]
    kinds = {"remove": Remove, "enable": Enable, "disable": Disable}
    return _say(_ask(args, kinds[args.action](args.camera)))


def take_snapshot(args: argparse.Namespace) -> int:
    """Run ``streamrec camera snapshot``."""
    from streamrec.errors import OptionError, OutputError
    from streamrec.service.control import ANSWER_S, SNAPSHOT_S, TakeSnapshot

    if args.to.suffix.lower() not in (".jpg", ".jpeg"):
        raise OptionError(f"a snapshot is a JPEG: --to FILE.jpg; got {args.to.name}")
    _, jpeg = _ask_for(args, TakeSnapshot(args.camera), SNAPSHOT_S + ANSWER_S)
    try:
        args.to.write_bytes(jpeg)
    except OSError as error:
        raise OutputError(f"cannot write {args.to}: {error.strerror}") from None
    return 0


def _ask(args: argparse.Namespace, request: "Request") -> "Answer":
    from streamrec.service.control import ANSWER_S

    return _ask_for(args, request, ANSWER_S)[0]


def _ask_for(
    args: argparse.Namespace, request: "Request", timeout_s: float
) -> tuple["Answer", bytes]:
    from streamrec.service.control import ask

    return ask(args.control, request, timeout_s, args.server_key, args.key)


def _say(answer: "Answer") -> int:
    from streamrec.service.control import Done

    assert isinstance(answer, Done)
    print(in_line(answer.text))
    return 0


def _table(cameras: Iterable["CameraReport"]) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("camera", "state", "for", "fps", "predictions/s", "delay", "drops", "model"):
        right = name not in ("camera", "state", "model")
        table.add_column(name, justify="right" if right else "left", no_wrap=name == "camera")
    table.add_column("source", overflow="fold")
    table.add_column("why", overflow="fold")
    for camera in cameras:
        table.add_row(*map(in_line, _row(camera)))
    return table


def _row(camera: "CameraReport") -> tuple[str, ...]:
    status = camera.status
    rates = [_rate(status.predictions_hz), _rate(status.wanted_hz)]
    return (
        status.source,
        f"{status.state} ({status.defect})" if status.defect else str(status.state),
        _span(time.time() - status.since_s),
        _rate(status.fps),
        " of ".join(filter(None, rates)),
        "" if camera.delay_ms is None else f"{camera.delay_ms:.0f} ms",
        str(sum(status.counts.get(name, 0) for name in _DROPS)),
        status.model,
        camera.source,
        status.reason,
    )


def _rate(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _span(seconds: float) -> str:
    for size, unit in _SPANS:
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0.0):.0f} s"
