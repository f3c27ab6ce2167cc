"""Tests of the map from TensorFlow Lite graphs to our names."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrec.errors import ModelError, OptionError, WeightsError
from streamrec.models.registry import ARCHITECTURES
from streamrec.weights.load import load_weights
from tests.weights.tiny import TINY_MOBILE, TINY_POSITION, TINY_STREAM, random_tensors

pytest.importorskip("tflite", reason="the tflite extra is not installed")
from tests.weights.tflite_writer import MovinetWriter, Writer, folded_tensors

RELU6_GATE = replace(TINY_STREAM, gate="hard_sigmoid_relu6")
INT8 = MovinetWriter(TINY_MOBILE, random_tensors(TINY_MOBILE), "int8").bytes()
TOLERANCE = {"float32": 1e-5, "float16": 4e-3, "dynamic": 2e-2, "int8": 2e-2}


@pytest.fixture
def write(tmp_path):
    def write(architecture, store="float32", drop=(), **extra):
        tensors = random_tensors(architecture) | extra
        path = tmp_path / "model.tflite"
        writer = MovinetWriter(architecture, tensors, store)
        writer.operators = [o for i, o in enumerate(writer.operators) if i not in drop]
        path.write_bytes(writer.bytes())
        return path, folded_tensors(tensors)

    return write


@pytest.mark.parametrize("store", TOLERANCE)
@pytest.mark.parametrize(
    "architecture", [TINY_STREAM, TINY_POSITION, RELU6_GATE, TINY_MOBILE], ids=lambda a: a.gate
)
def test_every_constant_finds_its_place(write, architecture, store):
    path, expected = write(architecture, store)
    loaded = load_weights(path, replace(architecture, classes=3, positional_encoding=False))
    assert loaded.tensors.keys() == expected.keys()
    for name, value in loaded.tensors.items():
        scale = max(1.0, float(np.abs(expected[name]).max()))
        if ".attention.expand." in name:
            scale = max(scale, 3.0)
        np.testing.assert_allclose(
            value, expected[name], atol=TOLERANCE[store] * scale, err_msg=name
        )


@pytest.mark.parametrize("architecture", [TINY_STREAM, TINY_POSITION, RELU6_GATE, TINY_MOBILE])
def test_what_the_graph_shows_goes_into_the_record(write, architecture):
    path, _ = write(architecture)
    asked = replace(
        architecture, activation="none", head_activation="none", image_size=8, classes=1
    )
    assert load_weights(path, asked).architecture == architecture


@pytest.mark.parametrize("traits", [{"gate": "sigmoid"}, {"image_size": 64}])
def test_what_the_graph_shows_cannot_be_set(write, traits):
    path, _ = write(TINY_STREAM)
    with pytest.raises(OptionError, match=f"shows its {next(iter(traits))} by itself"):
        load_weights(path, TINY_STREAM, traits=traits)


def test_what_the_graph_does_not_show_can_be_set(write):
    path, _ = write(TINY_STREAM)
    loaded = load_weights(path, TINY_STREAM, traits={"fps": 12.0, "horizon": None})
    assert (loaded.architecture.fps, loaded.architecture.horizon) == (12.0, None)


def test_a_layer_that_is_missing_is_named(write):
    path, _ = write(TINY_STREAM, drop={0})
    with pytest.raises(WeightsError, match=r"stem\.conv\.weight is missing"):
        load_weights(path, TINY_STREAM)


def test_residual_scales_folded_into_the_projection_count_as_one(write, tmp_path):
    tensors = random_tensors(TINY_MOBILE)
    writer = MovinetWriter(TINY_MOBILE, tensors)
    for index, (kind, inputs, outputs, activation) in enumerate(writer.operators):
        if kind == "MUL":
            writer.operators[index] = ("RELU", inputs[:1], outputs, activation)
    path = tmp_path / "folded.tflite"
    path.write_bytes(writer.bytes())
    loaded = load_weights(path, TINY_MOBILE)
    assert all(loaded.tensors[f"blocks.{i}.residual_scale"] == 1 for i in range(5))


def test_a_residual_scale_that_is_no_scalar_is_an_error(tmp_path):
    writer = Writer()
    x = writer.value("x", (1,))
    scale = writer.constant("s", np.array([1, 2], np.float32))
    writer.operator("MUL", [x, scale], "M/block0_layer0/bneck/rezero/mul")
    (tmp_path / "m.tflite").write_bytes(writer.bytes())
    with pytest.raises(WeightsError, match="does not multiply by a scalar"):
        load_weights(tmp_path / "m.tflite")


@pytest.mark.parametrize(
    ("name", "message"),
    [("encoder/conv", "it has the layer"), ("M/stem/conv2d", "no constant kernel")],
)
def test_another_network_is_refused(tmp_path, name, message):
    writer = Writer()
    x = writer.value("x", (1, 4, 4, 3))
    writer.operator("CONV_2D", [x, x], name)
    (tmp_path / "m.tflite").write_bytes(writer.bytes())
    with pytest.raises(WeightsError, match=message):
        load_weights(tmp_path / "m.tflite")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=8))
def test_damage_never_raises_another_error(tmp_path_factory, flips):
    data = bytearray(INT8)
    for place, flip in flips:
        data[int(place * len(data))] ^= flip
    path = tmp_path_factory.getbasetemp() / "damaged.tflite"
    path.write_bytes(data)
    try:
        load_weights(path, TINY_MOBILE)
    except ModelError:
        return


def test_the_published_int8_model_is_a0_mobile(shared):
    loaded = load_weights(shared / "data/models/movinet_a0_stream_int8.tflite")
    assert loaded.architecture == ARCHITECTURES["movinet-a0-mobile"]


def test_the_stem_computes_what_the_interpreter_computes(shared):
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    torch = pytest.importorskip("torch")
    from streamrec.models.movinet import MoViNet

    path = shared / "data/models/movinet_a0_stream_int8.tflite"
    loaded = load_weights(path)
    network = MoViNet(loaded.architecture).eval()
    network.load_state_dict({n: torch.from_numpy(v) for n, v in loaded.tensors.items()})
    image = np.random.default_rng(0).integers(0, 256, (172, 172, 3)).astype(np.float32) / 255
    interpreter = litert.Interpreter(str(path), experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    for detail in interpreter.get_input_details():
        value = image[None, None] if "image" in detail["name"] else np.zeros(detail["shape"])
        interpreter.set_tensor(detail["index"], value.astype(detail["dtype"]))
    interpreter.invoke()
    detail = next(
        d for d in interpreter.get_tensor_details() if "stem/conv2d/activation" in d["name"]
    )
    scale, zero = detail["quantization"]
    theirs = scale * (interpreter.get_tensor(detail["index"]).astype(np.float32) - zero)
    with torch.no_grad():
        ours = network.stem(torch.from_numpy(image).permute(2, 0, 1)[None, None])
    difference = np.abs(theirs[0] - ours[0, 0].permute(1, 2, 0).numpy())
    assert difference.max() <= 1.1 * scale
