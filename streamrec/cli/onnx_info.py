"""What ``streamrec models info`` says of an ONNX file, in words."""

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from streamrec.cli.model_info import flow_words, preprocessing_words
from streamrec.cli.words import count, file_size, frames, sizes

if TYPE_CHECKING:
    from streamrec.card import ModelCard
    from streamrec.inspection.onnx_file import OnnxFile, Value

_FOREIGN = {
    "metadata": "none of streamrec's: frame rate, preprocessing and labels are not known, so the "
    "file cannot be run; `streamrec export MODEL --to FILE.onnx` writes them into files"
}


def onnx_facts(path: Path, file: "OnnxFile") -> dict[str, str]:
    """Say what an ONNX file is, by key."""
    nodes = ", ".join(f"{number} {kind}" for kind, number in file.nodes.items())
    opsets = (f"{domain or 'ONNX'} {version}" for domain, version in file.opsets.items())
    states = _states(file.card)
    said = {
        "file": str(path),
        "size": file_size(file.size_bytes),
        "written by": file.producer,
        "IR version": str(file.ir_version),
        "opset": ", ".join(opsets),
        "inputs": _values(file.inputs, states),
        "outputs": _values(file.outputs, states),
        "constants": f"{count(file.parameters)} numbers in {len(file.arrays)} arrays",
        "multiply-adds": "" if file.macs is None else f"{count(file.macs)} a run",
        "nodes": nodes,
        **(_FOREIGN if file.card is None else _card(file.card)),
        **file.metadata,
    }
    return {key: value for key, value in said.items() if value}


def embedded_facts(file: "OnnxFile") -> dict[str, str]:
    """Say what the file of a model holds, which is described already."""
    facts = onnx_facts(Path(), file)
    kept = ("constants", "multiply-adds", "state", "inputs", "outputs", "nodes", "opset")
    return {key: facts[key] for key in kept}


def _states(card: "ModelCard | None") -> set[str]:
    rings = () if card is None else card.rings
    return {name for ring in rings for name in (*ring.inputs, ring.output)}


def _values(values: "Mapping[str, Value]", states: set[str]) -> str:
    shown = [
        f"{name} {value.type} {sizes(value.axes)}"
        for name, value in values.items()
        if name not in states
    ]
    rest = len(values) - len(shown)
    return ", ".join([*shown, f"and {rest} of the state"] if rest else shown)


def _card(card: "ModelCard") -> dict[str, str]:
    spec = card.spec
    floats = sum(prod(shape) for shape in card.state_shapes.values())
    origin = (f"{key}: {value}" for key, value in card.provenance.items())
    return {
        "model": f"{spec.name}, {'frame by frame' if card.kind == 'step' else 'clip by clip'}",
        "classes": str(len(spec.labels)),
        "labels": ", ".join([*spec.labels[:3], *(["..."] if len(spec.labels) > 3 else [])]),
        "frame rate": f"{spec.fps:g} frames/s",
        "preprocessing": preprocessing_words(spec.preprocessing),
        "flow": "" if spec.flow is None else flow_words(spec.flow),
        "clip": frames(card.frames or spec.clip_frames, spec.fps),
        "receptive field": frames(spec.warmup_frames, spec.fps),
        "state": file_size(4 * floats) if floats else "",
        "provenance": ", ".join(origin),
        "metadata": f"streamrec's, format {card.format}",
    }
