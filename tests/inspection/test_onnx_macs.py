"""Multiply-adds of ONNX graphs."""

import onnx
import pytest
from onnx import TensorProto, helper
from tiny_models import exported, trained

from streamrec.inspection.network import inspect
from streamrec.inspection.onnx_macs import onnx_macs

FLOAT = TensorProto.FLOAT


def model(node, inputs, output):
    values = [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in inputs.items()]
    graph = helper.make_graph(
        [node], "one", values, [helper.make_tensor_value_info("y", FLOAT, output)]
    )
    return helper.make_model(graph)


@pytest.mark.parametrize("positional", [False, True])
def test_an_exported_step_costs_what_its_network_does(positional):
    network = trained(positional=positional)
    found = onnx_macs(onnx.load_from_string(exported(network)))
    assert found == inspect(network.architecture).macs


@pytest.mark.parametrize("transposed", [0, 1])
def test_matrices_may_be_transposed(transposed):
    node = helper.make_node("Gemm", ["a", "b"], ["y"], transA=transposed)
    left = [5, 2] if transposed else [2, 5]
    assert onnx_macs(model(node, {"a": left, "b": [5, 3]}, [2, 3])) == 2 * 5 * 3


def test_products_of_many_matrices_are_counted():
    node = helper.make_node("MatMul", ["a", "b"], ["y"])
    assert onnx_macs(model(node, {"a": [7, 2, 5], "b": [5, 3]}, [7, 2, 3])) == 7 * 2 * 5 * 3


def test_groups_of_convolutions_see_their_own_channels_only():
    node = helper.make_node("Conv", ["x", "w"], ["y"], group=4)
    inputs = {"x": [1, 8, 6, 6], "w": [8, 2, 3, 3]}
    assert onnx_macs(model(node, inputs, [1, 8, 4, 4])) == 8 * 4 * 4 * (2 * 3 * 3)


def test_what_has_no_fixed_size_has_no_fixed_cost():
    node = helper.make_node("MatMul", ["a", "b"], ["y"])
    assert onnx_macs(model(node, {"a": ["batch", 5], "b": [5, 3]}, ["batch", 3])) is None


@pytest.mark.parametrize(
    ("node", "inputs"),
    [
        (helper.make_node("Conv", ["x"], ["y"]), {"x": [1, 8, 6, 6]}),
        (helper.make_node("MatMul", ["a", "b"], ["y"]), {"a": [], "b": []}),
    ],
    ids=["no kernel", "no matrices"],
)
def test_malformed_nodes_have_no_cost(node, inputs):
    assert onnx_macs(model(node, inputs, [1, 8])) is None
