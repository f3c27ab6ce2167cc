"""A MoViNet as an ONNX graph: the step graph of causal ones, the clip graph of the base family.

The step graph takes one frame and the state as separate 4-D tensors. Each state is a ring: the
runtime gives its entries, oldest first; the graph returns the entry that replaces the oldest.
Rotating the ring is a matter of binding names, and copies nothing.
"""

from collections.abc import Iterator

import numpy as np
import onnx
from torch import nn

from streamrec.card import Ring, Size, shrink
from streamrec.export.graph import GraphBuilder
from streamrec.export.layers import (
    activate,
    conv3d_norm,
    conv_norm,
    dense,
    fold,
    linear,
    skip,
)
from streamrec.models.movinet import Bottleneck, Head, MoViNet
from streamrec.nn.conv import ConvNorm, DepthwiseConv3d
from streamrec.nn.stream import (
    FRAMES_SEEN,
    MAX_COUNT,
    CausalSqueezeExcite,
    CausalTemporalConv,
    ClipSqueezeExcite,
)
from streamrec.runtimes.onnx import WANT_LOGITS
from streamrec.types import Array


class StepGraph:
    """Builds the step graph of one causal network."""

    def __init__(self, model: MoViNet) -> None:
        self._model = model
        self._graph = GraphBuilder()
        self._shapes = {k: tuple(v.shape) for k, v in model.initial_state().items()}
        self.rings: list[Ring] = []

    def build(self) -> onnx.ModelProto:
        """Return the model: ``frame`` [1, 3, H, W] and states in, ``logits`` and states out.

        With ``want_logits`` false it gives zeros for logits, and leaves out the work.
        """
        arch = self._model.architecture
        size = (arch.image_size, arch.image_size)
        graph = self._graph
        x = graph.input("frame", [1, 3, *size])
        self._rate, self._position = self._clock(arch.horizon)
        x = conv_norm(graph, "stem", self._model.stem, x, size)
        size = shrink(size, 2)
        for index, block in enumerate(_bottlenecks(self._model)):
            x = self._bottleneck(f"blocks.{index}", block, x, size)
            size = shrink(size, block.stride)
        logits = self._head(self._model.head, x, size)
        graph.output(logits, "logits", [1, arch.classes])
        return graph.model(arch.name)

    def _state(self, *names: str) -> list[str]:
        return [self._graph.input(name, self._shapes[name]) for name in names]

    def _emit(self, inputs: tuple[str, ...], value: str) -> None:
        stem = inputs[0].removesuffix("_0")
        output, shape = f"next_{stem}", self._shapes[inputs[0]]
        self._graph.output(value, output, shape)
        self.rings.append(Ring(inputs, output, shape))

    def _clock(self, horizon: int | None) -> tuple[str, str]:
        """Count this frame; return the running means' rate and the position."""
        graph = self._graph
        (seen,) = self._state(FRAMES_SEEN)
        count = graph.node("Add", seen, graph.scalar(1.0))
        limit = MAX_COUNT if horizon is None else float(horizon)
        divisor = graph.node("Min", count, graph.scalar(limit))
        position = graph.node("Min", seen, graph.scalar(limit - 1.0))
        self._emit((FRAMES_SEEN,), graph.node("Min", count, graph.scalar(MAX_COUNT)))
        return graph.node("Reciprocal", divisor), position

    def _running_mean(self, name: str, frame_mean: str) -> str:
        graph = self._graph
        (mean,) = self._state(name)
        change = graph.node("Mul", graph.node("Sub", frame_mean, mean), self._rate)
        updated = graph.node("Add", mean, change)
        self._emit((name,), updated)
        return updated

    def _bottleneck(self, name: str, block: Bottleneck, x: str, size: Size) -> str:
        graph = self._graph
        y = conv_norm(graph, f"{name}.expand", block.expand, x, size)
        assert isinstance(block.spatial, ConvNorm)
        y = conv_norm(graph, f"{name}.spatial", block.spatial, y, size)
        if block.temporal is not None:
            y = self._temporal(f"{name}.temporal", block.temporal, y)
        if isinstance(block.attention, CausalSqueezeExcite):
            gate = self._gate(f"{name}.attention", block.attention, y)
            gate = _spread(graph, block.attention, gate, shrink(size, block.stride))
            y = graph.node("Mul", y, gate)
        return residual(graph, name, block, y, x, size)

    def _temporal(self, name: str, layer: CausalTemporalConv, x: str) -> str:
        graph = self._graph
        weight, bias = fold(layer.weight, layer.norm)
        past = self._state(*layer.state_names)
        y = ""
        for i, frame in enumerate([*past, x]):
            taps = graph.weight(f"{name}.{i}.weight", weight[:, i, None, None, None])
            inputs = [frame, taps]
            if i == 0:
                inputs.append(graph.weight(f"{name}.bias", bias))
            term = graph.node("Conv", *inputs, kernel_shape=[1, 1], group=len(weight))
            y = graph.node("Add", y, term) if y else term
        self._emit(layer.state_names, x)
        return activate(graph, y, layer.act_name)

    def _gate(self, name: str, layer: CausalSqueezeExcite, x: str) -> str:
        graph = self._graph
        frame_mean = graph.node("GlobalAveragePool", x)
        mean = self._running_mean(layer.state_name, frame_mean)
        z = graph.node("Concat", mean, frame_mean, axis=1)
        if layer.position_scale is not None:
            z = graph.node("Add", z, self._encoding(name, layer))
        return _gate(graph, name, layer, z)

    def _encoding(self, name: str, layer: CausalSqueezeExcite) -> str:
        graph, channels = self._graph, layer.reduce.in_channels
        assert layer.position_scale is not None
        index = np.arange(channels)
        rates = (10000.0 ** (-2.0 * (index // 2) / channels)).astype(np.float32)
        halves = [
            graph.node(op, graph.node("Mul", self._position, self._column(f"{name}.{op}", part)))
            for op, part in (("Sin", rates[0::2]), ("Cos", rates[1::2]))
        ]
        scale = graph.scalar(layer.position_scale.item())
        return graph.node("Mul", graph.node("Concat", *halves, axis=1), scale)

    def _column(self, name: str, values: Array) -> str:
        return self._graph.weight(name, values.reshape(1, -1, 1, 1))

    def _head(self, head: Head, x: str, size: Size) -> str:
        graph = self._graph
        y = conv_norm(graph, "head.project", head.project, x, size)
        mean = self._running_mean(Head.STATE, graph.node("GlobalAveragePool", y))
        pooled = graph.node("Flatten", mean, axis=1)
        classes = self._model.architecture.classes
        return graph.on_demand(
            WANT_LOGITS, lambda: _classify(graph, self._model, pooled), [1, classes]
        )


def clip_graph(model: MoViNet) -> onnx.ModelProto:
    """Build the whole-clip graph of a base model: ``clip`` [T, 3, H, W] in, ``logits`` out."""
    graph, arch = GraphBuilder(), model.architecture
    size = (arch.image_size, arch.image_size)
    x = conv_norm(graph, "stem", model.stem, graph.input("clip", ["frames", 3, *size]), size)
    size = shrink(size, 2)
    for index, block in enumerate(_bottlenecks(model)):
        name = f"blocks.{index}"
        y = conv_norm(graph, f"{name}.expand", block.expand, x, size)
        assert isinstance(block.spatial, DepthwiseConv3d)
        y = conv3d_norm(graph, f"{name}.spatial", block.spatial, y, size)
        if isinstance(block.attention, ClipSqueezeExcite):
            gate = _gate(graph, f"{name}.attention", block.attention, _clip_mean(graph, y))
            y = graph.node("Mul", y, gate)
        x = residual(graph, name, block, y, x, size)
        size = shrink(size, block.stride)
    y = conv_norm(graph, "head.project", model.head.project, x, size)
    pooled = graph.node("Flatten", _clip_mean(graph, y), axis=1)
    logits = _classify(graph, model, pooled)
    graph.output(logits, "logits", [1, arch.classes])
    return graph.model(arch.name)


def residual(graph: GraphBuilder, name: str, block: Bottleneck, y: str, x: str, size: Size) -> str:
    """Project, scale, and add to the skip; the scale goes into the projection's weights."""
    scale = block.residual_scale.item()
    projected = conv_norm(
        graph, f"{name}.project", block.project, y, shrink(size, block.stride), scale
    )
    skipped = x if block.skip is None else skip(graph, f"{name}.skip", block.skip, x, size)
    return graph.node("Add", projected, skipped)


def _gate(
    graph: GraphBuilder,
    name: str,
    layer: CausalSqueezeExcite | ClipSqueezeExcite,
    z: str,
) -> str:
    z = activate(graph, dense(graph, f"{name}.reduce", layer.reduce, z), layer.act_name)
    return activate(graph, dense(graph, f"{name}.expand", layer.expand, z), layer.gate_name)


def _spread(graph: GraphBuilder, layer: CausalSqueezeExcite, gate: str, size: Size) -> str:
    """Repeat the gates over the picture, which changes no value.

    ONNX Runtime then keeps the product in its blocked layout, 2 - 8 % of a step. It cannot where
    the gate is not one operator, which it would have fused into the convolution.
    """
    if layer.gate_name == "hard_sigmoid_relu6":
        return gate
    scales = graph.weight(f"scales_{size[0]}_{size[1]}", np.array([1, 1, *size], np.float32))
    return graph.node(
        "Resize",
        gate,
        "",
        scales,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


def _clip_mean(graph: GraphBuilder, x: str) -> str:
    return graph.node("ReduceMean", x, axes=[0, 2, 3], keepdims=1)


def _classify(graph: GraphBuilder, model: MoViNet, pooled: str) -> str:
    hidden = linear(graph, "head.hidden", model.head.hidden, pooled)
    hidden = activate(graph, hidden, model.architecture.head_activation)
    return linear(graph, "head.classifier", model.head.classifier, hidden)


def _bottlenecks(model: nn.Module) -> Iterator[Bottleneck]:
    return (module for module in model.modules() if isinstance(module, Bottleneck))
