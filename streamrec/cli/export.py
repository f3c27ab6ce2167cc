"""``streamrec export``: write a model as a self-contained ONNX file."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from streamrec.export.int8 import Int8Report
    from streamrec.export.write import ExportReport


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("export", help="write a model as an ONNX file")
    parser.add_argument("model", help="model name, or a file of weights")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="FILE.onnx", help="where to (required)"
    )
    parser.add_argument(
        "--window",
        type=int,
        metavar="N",
        help="frames of a clip, of models that see windows; default: as trained",
    )
    parser.add_argument(
        "--int8",
        action="store_true",
        help="convolutions in 8 bits, for stream models; smaller, less accurate, and slower on "
        "many processors: what it costs is measured and printed",
    )
    parser.add_argument(
        "--calibrate",
        nargs="+",
        default=[],
        metavar="CLIP",
        help="videos for --int8, every second one held out to measure accuracy; default: none",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from streamrec.atomic import atomic_path
    from streamrec.build import sees_windows
    from streamrec.cli.progress import download_progress
    from streamrec.errors import OptionError
    from streamrec.exports import export

    if args.to.suffix != ".onnx":
        raise OptionError(f"--to is a file that ends in .onnx, got {args.to}")
    if args.int8 != bool(args.calibrate):
        raise OptionError("--int8 goes with --calibrate CLIP ...")
    if args.int8 and sees_windows(args.model):
        raise OptionError(f"--int8 is for stream models, and {args.model} sees windows; omit it")
    with download_progress(args.model) as progress, atomic_path(args.to) as path:
        report = export(args.model, path, window=args.window, progress=progress)
        int8 = _to_int8(args.model, path, args.calibrate) if args.int8 else None
    print(describe(replace(report, path=args.to)))
    if int8:
        print(describe_int8(int8))
    return 0


def _to_int8(model: str, path: Path, files: list[str]) -> "Int8Report":
    from streamrec.export.int8 import model_inputs, quantize
    from streamrec.model_source import weights_of
    from streamrec.runtimes.onnx import OnnxRuntime
    from streamrec.sources.open import open_source

    spec, clips = OnnxRuntime(path).spec, []
    for file in files:
        with open_source(file) as source:
            clips.append(model_inputs(source, spec))
    return quantize(path, clips, path, weights_of(model, None).ranges)


def describe_int8(report: "Int8Report") -> str:
    """Put what 8 bits cost into lines."""
    clips = "clips that calibration has not seen" if report.held_out else "the calibration clip"
    return (
        f"int8: {report.size_bytes / 1e6:.1f} MB; over {report.frames} frames of {clips}:\n"
        f"same best class in {report.agreement:.1%}, a probability differs by "
        f"{report.mean_difference:.1e} in the mean\n"
        f"{report.int8_ms:.2f} ms a frame, {report.float_ms:.2f} ms in float32"
    )


def describe(report: "ExportReport") -> str:
    """Put a report into lines."""
    states = len(report.inputs) - 1
    (name, shape), *_ = report.inputs.items()
    outputs = len(report.outputs) - 1
    lines = [
        f"{report.path}: {report.size_bytes / 1e6:.1f} MB, ONNX opset {report.opset}",
        f"input  {name} {_axes(shape)}" + (f", and {states} states" if states else ""),
        f"output logits {_axes(report.outputs['logits'])}"
        + (f", and {outputs} states" if outputs else ""),
        f"agrees with PyTorch within {report.max_difference:.1e} over {report.frames} frames",
    ]
    return "\n".join(lines)


def _axes(shape: tuple[int, ...]) -> str:
    return "[" + ", ".join(str(axis or "frames") for axis in shape) + "]"
