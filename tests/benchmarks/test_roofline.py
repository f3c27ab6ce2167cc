"""What a step multiplies and reads, against the nodes and weights of the exported graph."""

from importlib import import_module

import onnx
import pytest
from onnx import shape_inference
from tiny_models import exported, trained

from streamrec.runtimes.native.onnx_file import read_export
from streamrec.runtimes.onnx import OnnxRuntime


@pytest.fixture
def roofline():
    return import_module("roofline")


@pytest.fixture
def model():
    return exported(trained())


def weight_sizes(model):
    return {n: w.size for n, w in read_export(model, "test")[1].items() if n.endswith(".weight")}


def test_the_multiplications_are_those_of_the_graph(roofline, model):
    sizes = weight_sizes(model)
    graph = shape_inference.infer_shapes(onnx.load_from_string(model)).graph
    shapes = {
        value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in [*graph.value_info, *graph.output]
    }
    convolutions = sum(
        sizes[node.input[1]] * shapes[node.output[0]][2] * shapes[node.output[0]][3]
        for node in graph.node
        if node.op_type == "Conv"
    )
    dense = sizes["head.hidden.weight"] + sizes["head.classifier.weight"]
    assert sum(roofline.step_macs(OnnxRuntime(model).card)) == convolutions + dense


def test_the_bytes_are_those_of_weights_and_states(roofline, model):
    runtime = OnnxRuntime(model)
    states = sum(array.nbytes for array in runtime.initial_state().values())
    weights = 4 * sum(weight_sizes(model).values())
    assert roofline.step_bytes(runtime.card) == weights + states
