"""Tests of reading TensorFlow Lite files: constants, order, and what is wrong with a file."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrec.errors import RuntimeMissingError, WeightsError
from streamrec.weights import tflite as reader
from streamrec.weights.tflite import read_graph

pytest.importorskip("tflite", reason="the tflite extra is not installed")
from tests.weights.tflite_writer import RELU6, Writer

INT8_MODEL = "data/models/movinet_a0_stream_int8.tflite"


def graph_of(tmp_path, writer):
    path = tmp_path / "model.tflite"
    path.write_bytes(writer.bytes() if isinstance(writer, Writer) else writer)
    return read_graph(path)


def one_constant(data, **kwargs):
    writer = Writer()
    x = writer.value("x", (1,))
    writer.inputs.append(x)
    writer.operator("ADD", [x, writer.constant("c", data, **kwargs)], "y")
    return writer


def constant_of(tmp_path, data, **kwargs):
    return graph_of(tmp_path, one_constant(data, **kwargs)).operators[0].inputs[1].constant


def test_operators_come_in_order_with_names_and_activations(tmp_path):
    writer = Writer()
    x = writer.value("x", (1, 4, 4, 3))
    writer.inputs.append(x)
    weight = writer.constant("w", np.zeros((2, 1, 1, 3), np.float32))
    y = writer.operator("CONV_2D", [x, weight, -1], "y", (1, 4, 4, 2), RELU6)
    writer.operator("RELU", [y], "z")
    graph = graph_of(tmp_path, writer)
    assert [tensor.name for tensor in graph.inputs] == ["x"]
    convolution, relu = graph.operators
    assert (convolution.kind, convolution.activation) == ("CONV_2D", RELU6)
    assert convolution.inputs[2] is None
    assert convolution.outputs[0].shape == (1, 4, 4, 2)
    assert relu.inputs[0] == convolution.outputs[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_float_constants_become_float32(tmp_path, dtype):
    values = np.array([[1.5, -2.25]], dtype)
    np.testing.assert_array_equal(
        constant_of(tmp_path, values), values.astype(np.float32), strict=True
    )


def test_integers_that_are_not_quantized_stay_integers(tmp_path):
    values = np.array([3, -1], np.int32)
    np.testing.assert_array_equal(constant_of(tmp_path, values), values, strict=True)


def test_quantized_constants_are_dequantized_per_tensor(tmp_path):
    values = np.array([[-128, 0, 127]], np.int8)
    found = constant_of(tmp_path, values, scales=[0.5], zeros=[-8])
    np.testing.assert_array_equal(found, np.array([[-60, 4, 67.5]], np.float32), strict=True)


def test_quantized_constants_are_dequantized_per_channel(tmp_path):
    values = np.array([[1, 2], [3, 4], [5, 6]], np.int8)
    found = constant_of(tmp_path, values, scales=[2.0, 10.0], zeros=[0, 1], axis=1)
    np.testing.assert_array_equal(found, [[2, 10], [6, 30], [10, 50]])


def test_a_dequantize_operator_passes_its_constant_on(tmp_path):
    writer = Writer()
    x = writer.value("x", (1,))
    half = writer.constant("w", np.array([0.5], np.float16))
    writer.operator("ADD", [x, writer.operator("DEQUANTIZE", [half], "w2")], "y")
    found = graph_of(tmp_path, writer).operators[1].inputs[1]
    assert (found.name, found.constant.tolist(), found.constant.dtype) == ("w", [0.5], np.float32)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"claimed_shape": (2**31 - 1, 2**31 - 1)}, "corrupt"),
        ({"claimed_shape": (3,)}, "corrupt"),
        ({"claimed_shape": (-1,)}, "corrupt"),
        ({"claimed_shape": (1,) * 9 + (4,)}, "corrupt"),
        ({"scales": [1.0] * 3, "zeros": [0] * 3}, "corrupt"),
        ({"scales": [1.0] * 4, "zeros": [0] * 4, "axis": 7}, "corrupt"),
    ],
)
def test_constants_that_contradict_their_shape_are_refused(tmp_path, kwargs, message):
    with pytest.raises(WeightsError, match=message):
        constant_of(tmp_path, np.zeros(4, np.int8), **kwargs)


def test_operators_that_name_no_tensor_are_refused(tmp_path):
    writer = Writer()
    writer.operators.append(("RELU", [7], [9], 0))
    with pytest.raises(WeightsError, match="corrupt"):
        graph_of(tmp_path, writer)


@pytest.mark.parametrize("content", [b"", b"text", b"\0\0\0\0TFL2" + bytes(100)])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    with pytest.raises(WeightsError, match="is not a TensorFlow Lite file"):
        graph_of(tmp_path, content)


def test_a_missing_or_huge_file_is_refused(tmp_path):
    with pytest.raises(WeightsError, match="cannot read"):
        read_graph(tmp_path / "absent.tflite")
    with (tmp_path / "huge.tflite").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(WeightsError, match="1 GiB"):
        read_graph(tmp_path / "huge.tflite")


def test_a_missing_package_says_what_to_install():
    code = """
import sys, pathlib
sys.modules["tflite"] = None
from streamrec.errors import RuntimeMissingError
from streamrec.weights.tflite import read_graph
try:
    read_graph(pathlib.Path("x"))
except RuntimeMissingError as error:
    print(error)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert 'pip install ".[tflite]"' in result.stdout


SMALL = one_constant(np.arange(6, dtype=np.int8).reshape(2, 3), scales=[1.0]).bytes()


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), max_size=4),
    st.integers(0, len(SMALL)),
)
def test_damage_never_raises_another_error(tmp_path_factory, changes, length):
    data = bytearray(SMALL)
    for position, value in changes:
        data[position] = value
    path = tmp_path_factory.getbasetemp() / "damaged.tflite"
    path.write_bytes(data[:length] if length > 8 else data)
    try:
        read_graph(path)
    except WeightsError:
        return


def test_a_published_model_cut_or_damaged_is_refused_or_read(shared, tmp_path):
    data = (shared / INT8_MODEL).read_bytes()
    random = np.random.default_rng(0)
    for _ in range(30):
        damaged = bytearray(data)
        for position in random.integers(0, len(data), 200):
            damaged[position] ^= 0xFF
        try:
            graph_of(tmp_path, bytes(damaged))
        except WeightsError:
            continue
    with pytest.raises(WeightsError):
        graph_of(tmp_path, data[: len(data) // 2])


def test_constants_of_a_published_model_are_those_of_the_interpreter(shared):
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    interpreter = litert.Interpreter(str(shared / INT8_MODEL))
    details = {detail["index"]: detail for detail in interpreter.get_tensor_details()}
    checked = 0
    for operator in read_graph(shared / INT8_MODEL).operators:
        for tensor in operator.inputs:
            if tensor is None or tensor.constant is None or tensor.constant.dtype != np.float32:
                continue
            quantization = details[tensor.index]["quantization_parameters"]
            along = [1] * tensor.constant.ndim
            if len(quantization["scales"]) > 1:
                along[quantization["quantized_dimension"]] = -1
            scale, zero = (quantization[k].reshape(along) for k in ("scales", "zero_points"))
            expected = scale * (interpreter.get_tensor(tensor.index).astype(np.float64) - zero)
            np.testing.assert_allclose(tensor.constant, expected, rtol=1e-6)
            checked += 1
    assert checked > 130


def test_the_module_is_light_until_it_is_used():
    assert not hasattr(reader, "tflite")
    assert RuntimeMissingError.exit_code == 4
