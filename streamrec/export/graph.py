"""A few lines around ``onnx.helper`` that make building a graph readable."""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from streamrec.types import Array

OPSET = 17
IR_VERSION = 9


class GraphBuilder:
    """Collects nodes, weights, inputs and outputs of one graph; values are known by name."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, shape: Sequence[int | str]) -> str:
        """Declare a float32 input; a string in ``shape`` is a free dimension's name."""
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def output(self, value: str, name: str, shape: Sequence[int | str]) -> None:
        """Make ``value`` the float32 output called ``name``."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def weight(self, name: str, array: Array) -> str:
        """Store a constant."""
        self._weights[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def integers(self, *values: int) -> str:
        """Store a constant int64 vector, as axes and slice bounds are given."""
        name = "int64_" + "_".join(str(value) for value in values)
        self._weights[name] = numpy_helper.from_array(np.array(values, np.int64), name)
        return name

    def scalar(self, value: float) -> str:
        """Store a constant float32 that broadcasts against anything."""
        return self.weight(f"float_{value!r}", np.array(value, np.float32))

    def node(self, op: str, *inputs: str, **attributes: object) -> str:
        """Add a node with one output, and return that output's name."""
        output = f"{op.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    def model(self, name: str) -> onnx.ModelProto:
        """Finish: the checked model."""
        graph = helper.make_graph(
            _without_identities(self._nodes, {output.name for output in self._outputs}),
            name,
            self._inputs,
            self._outputs,
            list(self._weights.values()),
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="streamrec"
        )
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        return model


def _without_identities(nodes: Sequence[onnx.NodeProto], outputs: set[str]) -> list[onnx.NodeProto]:
    """Let each node write straight to the output that an Identity would only have renamed."""
    renamed = {
        node.input[0]: node.output[0]
        for node in nodes
        if node.op_type == "Identity" and node.output[0] in outputs
    }
    kept: list[onnx.NodeProto] = []
    for node in nodes:
        if node.op_type == "Identity" and renamed.get(node.input[0]) == node.output[0]:
            continue
        for values in (node.input, node.output):
            values[:] = [renamed.get(value, value) for value in values]
        kept.append(node)
    return kept
