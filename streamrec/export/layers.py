"""The layers of a MoViNet as ONNX nodes: batch norm folded, four dimensions, no Conv3d."""

import numpy as np
import torch
from torch import Tensor, nn

from streamrec.card import Size, shrink
from streamrec.export.graph import GraphBuilder
from streamrec.nn.activation import RELU6_GATE_FACTOR
from streamrec.nn.conv import ConvNorm, DepthwiseConv3d, StridedSkip
from streamrec.nn.padding import same_padding
from streamrec.types import Array


def activate(graph: GraphBuilder, x: str, name: str) -> str:
    """Apply an activation of ``streamrec.nn.activation`` by its name."""
    match name:
        case "none":
            return x
        case "hard_swish":
            return graph.node("HardSwish", x)
        case "hard_sigmoid":
            return graph.node("HardSigmoid", x, alpha=0.2, beta=0.5)
        case "hard_sigmoid_relu6":
            x = graph.node("Add", x, graph.scalar(3.0))
            x = graph.node("Clip", x, graph.scalar(0.0), graph.scalar(6.0))
            return graph.node("Mul", x, graph.scalar(RELU6_GATE_FACTOR))
        case "relu6":
            return graph.node("Clip", x, graph.scalar(0.0), graph.scalar(6.0))
        case "sigmoid":
            return graph.node("Sigmoid", x)
        case "swish":
            return graph.node("Mul", x, graph.node("Sigmoid", x))
        case _:
            raise NotImplementedError(f"activation {name!r} has no ONNX form yet")


def fold(
    weight: Tensor, norm: nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d, scale: float = 1.0
) -> tuple[Array, Array]:
    """Fold batch norm, then a factor, into a bias-free layer: weight [C_out, ...] and bias.

    Computed in float64, so that folding costs no accuracy.
    """
    assert norm.running_var is not None
    assert norm.running_mean is not None
    gain = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps) * scale
    bias = norm.bias.double() * scale - norm.running_mean.double() * gain
    folded = weight.double() * gain.reshape(-1, *[1] * (weight.ndim - 1))
    return to_numpy(folded), to_numpy(bias)


def to_numpy(tensor: Tensor) -> Array:
    """Return a float32 copy on the CPU."""
    return tensor.detach().cpu().numpy().astype(np.float32)


def pads(size: Size, kernel: int, stride: int) -> list[int]:
    """SAME padding in ONNX's order: top, left, bottom, right."""
    (top, bottom), (left, right) = (same_padding(axis, kernel, stride) for axis in size)
    return [top, left, bottom, right]


def conv_norm(
    graph: GraphBuilder, name: str, layer: ConvNorm, x: str, size: Size, scale: float = 1.0
) -> str:
    """Add a convolution with its norm, and ``scale``, folded in, and its activation."""
    weight, bias = fold(layer.conv.weight, layer.norm, scale)
    y = _conv2d(graph, name, x, weight, bias, size, layer.conv.stride[0], layer.conv.groups)
    return activate(graph, y, layer.act_name)


def _conv2d(
    graph: GraphBuilder,
    name: str,
    x: str,
    weight: Array,
    bias: Array | None,
    size: Size,
    stride: int,
    groups: int,
) -> str:
    sides = pads(size, weight.shape[-1], stride)
    return graph.conv(x, name, weight, bias, [stride, stride], sides, groups)


def conv3d_norm(graph: GraphBuilder, name: str, layer: DepthwiseConv3d, x: str, size: Size) -> str:
    """Add a depthwise 3-D convolution over [T, C, H, W] as summed 2-D ones."""
    kernel_time = layer.conv.kernel_size[0]
    before = (kernel_time - 1) // 2
    after = kernel_time - 1 - before
    weight, bias = fold(layer.conv.weight, layer.norm)
    if kernel_time > 1:
        x = graph.node("Pad", x, graph.integers(before, 0, 0, 0, after, 0, 0, 0))
    moments = []
    for i in range(kernel_time):
        last = i - kernel_time + 1
        end = graph.integers(last if last else np.iinfo(np.int64).max)
        part = graph.node("Slice", x, graph.integers(i), end, graph.integers(0))
        taps, offset = np.ascontiguousarray(weight[:, :, i]), bias if i == 0 else None
        stride, groups = layer.conv.stride[1], layer.conv.groups
        moments.append(_conv2d(graph, f"{name}.{i}", part, taps, offset, size, stride, groups))
    y = moments[0] if kernel_time == 1 else graph.node("Sum", *moments)
    return activate(graph, y, layer.act_name)


def skip(graph: GraphBuilder, name: str, layer: StridedSkip, x: str, size: Size) -> str:
    """Add the skip path of a block whose shape changes."""
    if layer.stride > 1:
        x = graph.node(
            "AveragePool",
            x,
            kernel_shape=[3, 3],
            strides=[layer.stride] * 2,
            pads=pads(size, 3, layer.stride),
        )
    return conv_norm(graph, f"{name}.project", layer.project, x, shrink(size, layer.stride))


def dense(graph: GraphBuilder, name: str, layer: nn.Conv2d, x: str) -> str:
    """Add a dense layer as a 1 x 1 convolution on [N, C, 1, 1]."""
    assert layer.bias is not None
    return _conv2d(graph, name, x, to_numpy(layer.weight), to_numpy(layer.bias), (1, 1), 1, 1)


def linear(graph: GraphBuilder, name: str, layer: nn.Linear, x: str) -> str:
    """Add a dense layer on [N, C]."""
    weight = graph.weight(f"{name}.weight", to_numpy(layer.weight))
    return graph.node(
        "Gemm", x, weight, graph.weight(f"{name}.bias", to_numpy(layer.bias)), transB=1
    )
