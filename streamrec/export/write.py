"""Model -> checked ONNX file."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
from onnx import helper
from torch import nn

from streamrec.atomic import atomic_path
from streamrec.card import METADATA_KEY, ModelCard
from streamrec.errors import ParityError
from streamrec.export.graph import OPSET
from streamrec.export.movinet import StepGraph, clip_graph
from streamrec.export.plan import step_plan
from streamrec.export.traced import traced_clip_graph, traced_step_graph
from streamrec.models.movinet import MoViNet
from streamrec.runtimes.onnx import WANT_LOGITS, OnnxClip, OnnxRuntime
from streamrec.runtimes.parity import clip_noise, last_logits, noise
from streamrec.runtimes.torch import SteppingModule, TorchClip, TorchRuntime
from streamrec.types import Array, StreamSpec

TOLERANCE = 1e-4
"""Largest difference of any logit to PyTorch, over their standard deviation."""

_ROUNDING = 1e-6
"""Allowed in any case, of the largest logit or 1: what float32 loses."""

_STEP_FRAMES = 40
_CLIP_FRAMES = 8


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written, and how well it agrees with PyTorch.

    Attributes:
        path: the file; ``size_bytes``: its size.
        opset: the ONNX operator set.
        inputs, outputs: names and shapes; a free dimension is 0. Without the optional
            ``want_logits``.
        frames: how many random frames were compared.
        max_difference: the largest difference of a logit.
    """

    path: Path
    size_bytes: int
    opset: int
    inputs: Mapping[str, tuple[int, ...]]
    outputs: Mapping[str, tuple[int, ...]]
    frames: int
    max_difference: float


def write_export(
    model: nn.Module, spec: StreamSpec, provenance: Mapping[str, str], path: Path
) -> ExportReport:
    """Write a network as ONNX, after checking the graph against PyTorch.

    One that sees windows becomes a clip graph; any other a step graph.

    Raises:
        ModelError: the network does something that has no ONNX form here.
        ParityError: the graph does not compute what the network does.
        OutputError: the file cannot be written.
    """
    model.eval()
    if spec.windowed:
        return _write_clip(model, spec, dict(provenance), path)
    return _write_step(model, spec, dict(provenance), path)


def _write_step(
    model: nn.Module, spec: StreamSpec, provenance: dict[str, str], path: Path
) -> ExportReport:
    plan = None
    if isinstance(model, MoViNet):
        builder = StepGraph(model)
        graph, rings, plan = builder.build(), builder.rings, step_plan(model)
    else:
        graph, rings = traced_step_graph(model, spec)
    card = ModelCard(spec=spec, kind="step", rings=tuple(rings), provenance=provenance, plan=plan)
    exported = OnnxRuntime(_serialize(graph, card))
    pytorch = TorchRuntime(cast(SteppingModule, model), spec, device="cpu")
    difference = _compare(_run_both(pytorch, exported), spec.name)
    card = replace(card, check=tuple(last_logits(pytorch).tolist()))
    return _write(graph, _serialize(graph, card), path, _STEP_FRAMES, difference)


def _run_both(one: TorchRuntime, other: OnnxRuntime) -> list[tuple[Array, Array]]:
    first, second = one.start(), other.start()
    frames = noise(one.spec, _STEP_FRAMES)
    return [(first.step(frame), second.step(frame)) for frame in frames]


def _write_clip(
    model: nn.Module, spec: StreamSpec, provenance: dict[str, str], path: Path
) -> ExportReport:
    if isinstance(model, MoViNet):
        graph, frames = clip_graph(model), None
    else:
        graph, frames = traced_clip_graph(model, spec), spec.clip_frames
    card = ModelCard(spec=spec, kind="clip", frames=frames, provenance=provenance)
    data = _serialize(graph, card)
    clip = clip_noise(spec, frames or _CLIP_FRAMES)
    reference = TorchClip(model, spec, device="cpu").run(clip)
    difference = _compare([(reference, OnnxClip(data).run(clip))], spec.name)
    return _write(graph, data, path, len(clip), difference)


def _serialize(graph: onnx.ModelProto, card: ModelCard) -> bytes:
    helper.set_model_props(graph, {METADATA_KEY: card.to_json()})
    data: bytes = graph.SerializeToString()
    return data


def _compare(pairs: list[tuple[Array, Array]], name: str) -> float:
    ours, theirs = (np.stack(logits) for logits in zip(*pairs, strict=True))
    difference = float(np.abs(ours - theirs).max())
    allowed = max(TOLERANCE * float(ours.std()), _ROUNDING * max(1.0, float(np.abs(ours).max())))
    if not difference <= allowed:
        raise ParityError(
            f"the export of {name} differs from PyTorch by {difference:.2g} in a logit; "
            f"allowed: {allowed:.2g}"
        )
    return difference


def _write(
    graph: onnx.ModelProto, data: bytes, path: Path, frames: int, difference: float
) -> ExportReport:
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
    return ExportReport(
        path=path,
        size_bytes=len(data),
        opset=OPSET,
        inputs=_shapes(value for value in graph.graph.input if value.name != WANT_LOGITS),
        outputs=_shapes(graph.graph.output),
        frames=frames,
        max_difference=difference,
    )


def _shapes(values: Any) -> dict[str, tuple[int, ...]]:
    return {
        value.name: tuple(axis.dim_value for axis in value.type.tensor_type.shape.dim)
        for value in values
    }
