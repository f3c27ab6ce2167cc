"""What a step reads, against the weights and states of the exported graph."""

from importlib import import_module

import pytest
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


def test_the_bytes_are_those_of_weights_and_states(roofline, model):
    runtime = OnnxRuntime(model)
    states = sum(array.nbytes for array in runtime.initial_state().values())
    weights = 4 * sum(weight_sizes(model).values())
    assert roofline.step_bytes(runtime.card) == weights + states
