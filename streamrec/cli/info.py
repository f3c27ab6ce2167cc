"""What ``streamrec models info`` does."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamrec.cli.words import print_facts, print_json, print_table
from streamrec.config import EMBEDDED_MODEL

if TYPE_CHECKING:
    from streamrec.cli.catalog import Model
    from streamrec.inspection.facts import Inspection


def show_info(args: argparse.Namespace) -> int:
    """Print what is known of a model, a weights file or an ONNX file, and draw it if asked to."""
    from streamrec.model_source import is_onnx_file

    if is_onnx_file(args.name):
        return _show_onnx(Path(args.name), args)
    model, inspection = _inspected(args.name)
    if args.graph is not None:
        _draw(model, inspection, args.graph)
    if args.json:
        print_json(_as_json(model, inspection, args.arrays))
    else:
        _print(model, inspection, args.arrays)
    return 0


def _inspected(name: str) -> "tuple[Model, Inspection | None]":
    from streamrec.cli.catalog import described
    from streamrec.weights.store import Store

    model, record = described(name, Store())
    if record is None:
        return model, None
    from streamrec.inspection.network import inspect

    return model, inspect(record)


def _as_json(model: "Model", inspection: "Inspection | None", arrays: bool) -> dict[str, Any]:
    if inspection is None:
        return {**asdict(model), "inspection": None}
    inside = asdict(inspection)
    if not arrays:
        del inside["arrays"], inside["layers"]
    return {**asdict(model), "inspection": inside}


def _print(model: "Model", inspection: "Inspection | None", arrays: bool) -> None:
    from streamrec.cli.model_info import array_table, block_table, model_facts

    embedded = model.place == "embedded" and not model.damage
    print_facts({**model_facts(model, inspection), **(_embedded() if embedded else {})})
    if inspection is not None:
        print()
        print_table(array_table(inspection.arrays) if arrays else block_table(inspection.blocks))


def _embedded() -> dict[str, str]:
    from importlib.resources import as_file, files

    from streamrec.cli.onnx_info import embedded_facts
    from streamrec.inspection.onnx_file import read_onnx_file

    with as_file(files("streamrec") / "assets" / f"{EMBEDDED_MODEL}.onnx") as path:
        return embedded_facts(read_onnx_file(path))


def _show_onnx(path: Path, args: argparse.Namespace) -> int:
    from streamrec.cli.model_info import array_table
    from streamrec.cli.onnx_info import onnx_facts
    from streamrec.inspection.onnx_file import read_onnx_file

    if args.graph is not None:
        raise _no_parts(str(path))
    file = read_onnx_file(path)
    if args.json:
        print_json({"file": str(path), **asdict(file)})
        return 0
    print_facts(onnx_facts(path, file))
    if args.arrays:
        print()
        print_table(array_table(file.arrays))
    return 0


def _draw(model: "Model", inspection: "Inspection | None", path: Path) -> None:
    from streamrec.inspection.drawing import draw_network

    if inspection is None:
        raise _no_parts(model.name)
    draw_network(model.name, inspection, path)


def _no_parts(name: str) -> Exception:
    from streamrec.errors import OptionError

    return OptionError(
        f"the parts of {name} are not known, so --graph cannot draw them; give the name of a "
        "single network, or a file of its weights"
    )
