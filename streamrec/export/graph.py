"""A few lines around ``onnx.helper`` that make building a graph readable."""

from collections.abc import Callable, Sequence
from itertools import count

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
        self._numbers = count()
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
        output = f"{op.lower()}_{next(self._numbers)}"
        self._nodes.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    def conv(
        self,
        x: str,
        name: str,
        weight: Array,
        bias: Array | None,
        strides: Sequence[int],
        pads: Sequence[int],
        groups: int,
    ) -> str:
        """Add a 2-D convolution; its constants are called after ``name``."""
        inputs = [x, self.weight(f"{name}.weight", weight)]
        if bias is not None:
            inputs.append(self.weight(f"{name}.bias", bias))
        return self.node(
            "Conv",
            *inputs,
            kernel_shape=list(weight.shape[2:]),
            strides=list(strides),
            pads=list(pads),
            group=groups,
        )

    def on_demand(self, switch: str, value: Callable[[], str], shape: Sequence[int]) -> str:
        """Add the nodes of ``value``, run only where a bool input says so; zeros elsewhere.

        The input, called ``switch``, is true where it is not given. What ``value`` takes from
        outside must not be an output of the graph.
        """
        self._inputs.append(helper.make_tensor_value_info(switch, TensorProto.BOOL, []))
        self._weights[switch] = numpy_helper.from_array(np.array(True), switch)
        zeros = self.integers(*shape)
        wanted = self._branch(value, shape)
        unwanted = self._branch(lambda: self.node("ConstantOfShape", zeros), shape)
        return self.node("If", switch, then_branch=wanted, else_branch=unwanted)

    def _branch(self, value: Callable[[], str], shape: Sequence[int]) -> onnx.GraphProto:
        """Collect the nodes that compute ``value`` as a graph of their own; weights stay here."""
        outer, self._nodes = self._nodes, []
        output = helper.make_tensor_value_info(value(), TensorProto.FLOAT, shape)
        nodes, self._nodes = self._nodes, outer
        return helper.make_graph(nodes, output.name, [], [output])

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
