"""Multiply-adds of ONNX graphs."""

from collections.abc import Mapping
from math import prod
from typing import Any

Shapes = Mapping[str, tuple[int, ...]]


def onnx_macs(model: Any) -> int | None:
    """Count the multiply-adds of one run: convolutions, and products with matrices.

    Of the two ways through a condition the costlier one counts. None: shapes are not all fixed.
    """
    from onnx.shape_inference import InferenceError, infer_shapes

    try:
        return _graph_macs(infer_shapes(model).graph, {})
    except (InferenceError, LookupError):  # it is malformed, or the shape of a value is not known
        return None


def _graph_macs(graph: Any, outer: Shapes) -> int:
    values = (*graph.input, *graph.value_info, *graph.output)
    shapes = {
        **outer,
        **{value.name: shape for value in values if (shape := _fixed(value)) is not None},
        **{each.name: tuple(each.dims) for each in graph.initializer},
    }
    return sum(_node_macs(node, shapes) for node in graph.node)


def _fixed(value: Any) -> tuple[int, ...] | None:
    shape = value.type.tensor_type.shape
    known = value.type.tensor_type.HasField("shape") and all(
        axis.HasField("dim_value") for axis in shape.dim
    )
    return tuple(axis.dim_value for axis in shape.dim) if known else None


def _node_macs(node: Any, shapes: Shapes) -> int:
    if node.op_type == "Conv":
        return prod(shapes[node.output[0]]) * prod(shapes[node.input[1]][1:])
    if node.op_type == "MatMul":
        return prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]
    if node.op_type == "Gemm":  # the first matrix may be transposed
        out = shapes[node.output[0]]
        return prod(out[1:]) * prod(shapes[node.input[0]])
    graphs = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    return max((_graph_macs(graph, shapes) for graph in graphs), default=0)
