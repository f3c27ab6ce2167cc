"""An exported step graph with its convolutions in 8 bits, and what that costs in accuracy.

Weights per channel, activations per tensor, calibrated on real clips. A convolution and the Clip
behind it are one step, rounded once. Temporal convolutions stay as they are: in a step graph they
are factors for each channel, with little to gain and, as each of their terms would be rounded,
much to lose. States are float32, so that names and shapes are those of the float graph.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from streamrec.atomic import atomic_path
from streamrec.card import METADATA_KEY
from streamrec.errors import ModelError, SourceReadError
from streamrec.grid_inputs import grid_inputs
from streamrec.lanes import probabilities
from streamrec.runtimes.onnx import OnnxRuntime, engine_errors
from streamrec.sources.base import Source
from streamrec.types import Array, StreamSpec
from streamrec.weights.model_weights import Ranges

Clip = Sequence[Array]
"""The inputs of one clip, float32 [1, 3, H, W] each."""

NO_RANGES: Ranges = MappingProxyType({})

_ERRORS_ONLY, _WARNINGS = 3, 2


@dataclass(frozen=True, slots=True)
class Int8Report:
    """What 8 bits cost, and what they gain here.

    Attributes:
        size_bytes: of the file.
        frames: how many were compared; ``held_out``: whether calibration had not seen their clips.
        agreement: share of frames with the same best class.
        mean_difference: mean absolute difference of a probability.
        float_ms, int8_ms: median of a step on one core, milliseconds.
    """

    size_bytes: int
    frames: int
    held_out: bool
    agreement: float
    mean_difference: float
    float_ms: float
    int8_ms: float


def model_inputs(source: Source, spec: StreamSpec) -> Clip:
    """Return what a model sees of a clip, on its own time grid.

    Raises:
        SourceError: the clip cannot be read, or has no pictures.
    """
    inputs = list(grid_inputs(source, spec))
    if not inputs:
        raise SourceReadError(f"{source.name} has no pictures in it")
    return inputs


def quantize(
    model: Path, clips: Sequence[Clip], path: Path, ranges: Ranges = NO_RANGES
) -> Int8Report:
    """Write the 8-bit form of an exported step graph.

    Every second clip is held out: calibration does not see it, and accuracy is measured on it. A
    single clip serves for both.

    Args:
        model: the float graph.
        clips: at least one.
        path: where to; may be ``model`` itself.
        ranges: where they are known, calibration has no say.

    Raises:
        ModelError: the model is no step graph, or ONNX Runtime cannot quantize it.
        OutputError: the file cannot be written.
    """
    reference = OnnxRuntime(model)
    with atomic_path(path) as temporary:
        with _quiet():
            _quantize(model, _Calibration(reference, clips[::2]), ranges, temporary)
        _describe_itself(reference, temporary)
        quantized = OnnxRuntime(temporary)
    return _compare(reference, quantized, clips[1::2] or clips, path, held_out=len(clips) > 1)


class _Calibration(CalibrationDataReader):  # type: ignore[misc]
    """What the graph takes at each step through the clips: frame, switch and states."""

    def __init__(self, runtime: OnnxRuntime, clips: Sequence[Clip]) -> None:
        self._feeds = _feeds(runtime, clips)

    def get_next(self) -> dict[str, Array] | None:
        return next(self._feeds, None)


def _feeds(runtime: OnnxRuntime, clips: Sequence[Clip]) -> Iterator[dict[str, Array]]:
    for clip in clips:
        running = runtime.start()
        for x in clip:
            yield {"frame": x, **running.state()}
            running.advance(x)


def _quantize(model: Path, calibration: _Calibration, ranges: Ranges, path: Path) -> None:
    graph = onnx.load(model)
    for node in graph.graph.node:
        node.name = node.output[0]
    outputs = _rounded_outputs(graph.graph)
    try:
        quantize_static(
            graph,
            str(path),
            calibration,
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv", "Clip"],
            nodes_to_quantize=[*outputs, *outputs.values()],
            extra_options={
                "CalibMovingAverage": True,  # the mean of the frames' extremes, not the widest
                "TensorQuantOverrides": _overrides(graph.graph, outputs, ranges),
            },
        )
    except engine_errors() as error:
        raise ModelError(f"{model}: ONNX Runtime cannot quantize it: {error}") from None


def _rounded_outputs(graph: onnx.GraphProto) -> dict[str, str]:
    """Return the outputs of convolutions to quantize, and where a Clip follows, the Clip's."""
    factors = {w.name for w in graph.initializer if list(w.dims[1:]) == [1, 1, 1]}
    convolutions = [n for n in graph.node if n.op_type == "Conv" and n.input[1] not in factors]
    outputs = {node.output[0]: node.output[0] for node in convolutions}
    for node in graph.node:
        if node.op_type == "Clip" and node.input[0] in outputs:
            outputs[node.input[0]] = node.output[0]
    return outputs


def _overrides(
    graph: onnx.GraphProto, outputs: Mapping[str, str], ranges: Ranges
) -> dict[str, list[dict[str, Any]]]:
    """Say which tensors have which range, as ONNX Runtime's quantizer takes it."""
    overrides: dict[str, list[dict[str, Any]]] = {}
    for node in graph.node:
        if node.output[0] not in outputs:
            continue
        name = node.input[1].removesuffix(".weight")
        tensors = {f"{name}.input": node.input[0], f"{name}.output": outputs[node.output[0]]}
        for key in tensors.keys() & ranges.keys():
            low, high = ranges[key]
            overrides[tensors[key]] = [{"rmin": np.float32(low), "rmax": np.float32(high)}]
    return overrides


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the quantizer, which advises preprocessing that this graph has no use for."""
    disabled = logging.root.manager.disable
    logging.disable(max(disabled, logging.WARNING))
    ort.set_default_logger_severity(_ERRORS_ONLY)
    try:
        yield
    finally:
        logging.disable(disabled)
        ort.set_default_logger_severity(_WARNINGS)


def _describe_itself(reference: OnnxRuntime, path: Path) -> None:
    """Say that the weights are 8-bit, and drop the plan: it is for engines that need float ones."""
    card = reference.card
    provenance = {**card.provenance, "precision": "int8"}
    graph = onnx.load(path)
    text = replace(card, plan=None, provenance=provenance).to_json()
    helper.set_model_props(graph, {METADATA_KEY: text})
    onnx.save(graph, path)


def _compare(
    reference: OnnxRuntime,
    quantized: OnnxRuntime,
    clips: Sequence[Clip],
    path: Path,
    *,
    held_out: bool,
) -> Int8Report:
    runs = [(*_watch(reference, clip), *_watch(quantized, clip)) for clip in clips]
    ours, float_ms, theirs, int8_ms = (np.concatenate(parts) for parts in zip(*runs, strict=True))
    return Int8Report(
        size_bytes=path.stat().st_size,
        frames=len(ours),
        held_out=held_out,
        agreement=float(np.mean(ours.argmax(1) == theirs.argmax(1))),
        mean_difference=float(np.abs(ours - theirs).mean()),
        float_ms=float(np.median(float_ms)),
        int8_ms=float(np.median(int8_ms)),
    )


def _watch(runtime: OnnxRuntime, clip: Clip) -> tuple[Array, Array]:
    """Return probabilities, float32 [frames, classes], and what each step took, [frames], ms."""
    stream, times_ms, said = runtime.start(), [], []
    for x in clip:
        started_s = time.perf_counter()
        logits = stream.step(x)
        times_ms.append((time.perf_counter() - started_s) * 1e3)
        said.append(probabilities(runtime.spec, logits))
    return np.stack(said), np.array(times_ms, np.float32)
