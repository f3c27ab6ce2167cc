"""``streamrec models info``: what models and files are, and what they cost."""

import json
from pathlib import Path

import cv2
import onnx
import pytest
from onnx import TensorProto, helper

import streamrec
from streamrec.models.movinet import MoViNet
from streamrec.weights.published import PUBLISHED

GESTURES = Path(streamrec.__file__).parent / "assets" / "gestures.onnx"


@pytest.fixture
def info(cli):
    """What is printed of a model, by key."""

    def read(*arguments):
        result = cli("models", "info", *arguments)
        assert result.code == 0, result.err
        lines = result.out.split("\n\n")[0].splitlines()
        return {line[:16].strip(): line[16:] for line in lines}

    return read


@pytest.fixture
def info_json(cli):
    def read(*arguments):
        return json.loads(cli("models", "info", *arguments, "--json").out)

    return read


@pytest.fixture
def foreign(tmp_path):
    """An ONNX file of somebody else's: one dense layer."""
    weights = helper.make_tensor("weights", TensorProto.FLOAT, [3, 2], range(6))
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weights"], ["y"])],
        "dense",
        [value("x", TensorProto.FLOAT, ["batch", 3])],
        [value("y", TensorProto.FLOAT, [None, 2])],
        [weights],
    )
    model = helper.make_model(
        graph, producer_name="theirs", opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    helper.set_model_props(model, {"author": "somebody"})
    onnx.save(model, tmp_path / "foreign.onnx")
    return tmp_path / "foreign.onnx"


def test_a_stream_is_described_with_its_costs_for_a_frame(info):
    facts = info("movinet-a0-stream")
    assert facts["parameters"] == "3.75 million"
    assert facts["multiply-adds"] == "50.7 million a frame, 253.5 million a second of video"
    assert facts["receptive field"] == "29 frames (5.8 s)"
    assert facts["state"] == "2.7 MB"
    assert facts["layers"].startswith("81 Conv2d, ")
    assert facts["accuracy"].startswith("top-1 72.05 % on Kinetics-600 (")


def test_a_clip_model_is_described_with_its_costs_for_a_clip(info):
    facts = info("r3d-18")
    assert facts["multiply-adds"] == "40.7 billion a clip, 38.2 billion a second of video"
    assert facts["receptive field"].startswith("the whole clip; ")
    assert facts["state"] == "2.4 MB"
    assert "horizon" not in facts
    assert facts["preprocessing"].startswith("stretched to 171x128, the centre of 112x112; RGB")
    assert "less (0.4322, 0.3947, 0.3765)" in facts["preprocessing"]


def test_what_a_receptive_field_does_not_cover_is_told(info):
    assert info("mc3-18")["receptive field"].startswith("11 frames (0.7 s) by convolutions, ")
    assert info("cnn-lstm")["receptive field"] == "all frames so far"
    assert info("mobilenet-v2")["state"] == "none"


def test_a_small_state_is_no_state_of_nothing(info):
    assert info("cnn-lstm")["state"] == "4.1 kB"


def test_motion_is_described(info):
    assert info("i3d-flow")["flow"].startswith("instead of colours: the centre of 224x224")
    assert info("two-stream")["flow"].startswith("beside the colours")


def test_an_architecture_without_weights_is_described(info):
    for name in ("c3d", "untrained:c3d"):
        assert info(name)["name"] == "c3d"
        assert info(name)["where"] == "weights to import"


@pytest.mark.parametrize("name", ["s3d", "x3d-s", "mobilenet3d-v2-1.0-jester"])
def test_published_accuracy_is_that_of_the_record(info_json, name):
    accuracy = info_json(name)["accuracy"]
    assert accuracy["top1"] == PUBLISHED[name].accuracy.top1
    assert accuracy["source"] == PUBLISHED[name].accuracy.source


def test_what_the_sources_of_weights_disagree_about_is_told(info):
    assert "RGB" in info("mobilenet3d-v2-0.2-jester")["doubt"]
    assert "doubt" not in info("mobilenet3d-v2-0.2")


def test_what_must_be_fetched_by_hand_is_named(info):
    source = info("mobilenet3d-v2-0.2-jester")["source"]
    assert source.endswith(" (by hand: jester_mobilenetv2_0.2x_RGB_16_best.pth)")


def test_parts_are_listed_with_their_shapes(cli):
    lines = cli("models", "info", "movinet-a0-stream").out.splitlines()
    (line,) = (line for line in lines if line.startswith("blocks.8 "))
    assert line.split()[:9] == [
        *("blocks.8", "and", "2", "more", "Bottleneck", "3x3,", "3x1x1", "56x11x11", "231.9")
    ]


def test_every_array_is_listed_if_asked(cli, weights_file, weights):
    out = cli("models", "info", weights_file, "--arrays").out
    lines = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line}
    for name, parameter in MoViNet(weights.architecture).named_parameters():
        shape = "x".join(map(str, parameter.shape)) or "one"
        assert lines[name] == [shape, f"{parameter.numel():,}"]


def test_programs_get_the_same_as_json(info_json):
    model = info_json("movinet-a0-stream")
    inside = model["inspection"]
    assert inside["unit"] == "frame" and inside["receptive_field"] == 29
    assert len(inside["blocks"]) == 15 and "arrays" not in inside
    assert info_json("gestures")["inspection"] is None
    named = info_json("movinet-a0-stream", "--arrays")["inspection"]
    assert named["arrays"]["head.classifier.weight"] == [600, 2048]
    assert named["layers"][0]["name"] == "stem"


def test_a_file_of_weights_is_described(info, weights_file, weights):
    facts = info(weights_file)
    network = MoViNet(weights.architecture)
    parameters = sum(value.numel() for value in network.parameters())
    assert facts["where"] == "in a file" and facts["source"] == str(weights_file)
    assert facts["parameters"] == f"{parameters / 1e3:.1f} thousand"


def test_a_stored_model_is_described_with_its_own_network(cli, info_json, weights_file, weights):
    assert cli("models", "import", weights_file, "--as", "mine").code == 0
    model = info_json("mine")
    network = MoViNet(weights.architecture)
    assert model["inspection"]["parameters"] == sum(p.numel() for p in network.parameters())
    assert model["accuracy"] is None


def test_an_exported_file_says_what_it_is(info, model):
    facts = info(model)
    assert facts["opset"] == "ONNX 17" and facts["IR version"] == "9"
    assert facts["inputs"].startswith("frame float 1x3x32x32, and ")
    assert facts["outputs"].startswith("logits float 1x10, and ")
    assert facts["classes"] == "10" and facts["labels"] == "class 0, class 1, class 2, ..."
    assert facts["preprocessing"].startswith("stretched to 32x32; RGB")
    assert facts["metadata"].startswith("streamrec's, format ")
    assert " Conv" in facts["nodes"]


def test_the_embedded_model_is_described_with_its_file(info):
    facts = info("gestures")
    assert facts["where"] == "embedded" and facts["classes"] == "10"
    assert facts["multiply-adds"] == info(GESTURES)["multiply-adds"] == "1.32 million a run"


def test_provenance_is_read_back(info):
    assert "tools/gestures/train.py" in info(GESTURES)["provenance"]


def test_arrays_of_an_exported_file_are_listed_if_asked(cli, model):
    stored = onnx.load(model).graph.initializer
    lines = cli("models", "info", model, "--arrays").out.splitlines()
    for array in stored:
        (line,) = (line for line in lines if line.split()[:1] == [array.name])
        assert line.split()[1] == "x".join(map(str, array.dims)) or not array.dims


def test_a_foreign_file_is_described_as_far_as_it_tells(info, foreign):
    facts = info(foreign)
    assert facts["inputs"] == "x float batchx3" and facts["outputs"] == "y float ?x2"
    assert facts["written by"] == "theirs" and facts["IR version"] == "8"
    assert facts["constants"] == "6 numbers in 1 arrays"
    assert facts["nodes"] == "1 MatMul"
    assert facts["metadata"].startswith("none of streamrec's")
    assert facts["author"] == "somebody"


@pytest.fixture
def hostile(foreign):
    """An ONNX file whose texts are commands to terminals, or to what lays out tables."""
    model = onnx.load(foreign)
    helper.set_model_props(model, {"a\nb": "\x1b[2J" + "x" * 10_000})
    model.graph.initializer[0].name = model.graph.node[0].input[1] = "[/red]\x1b[2J"
    model.graph.input[0].type.tensor_type.elem_type = 42
    onnx.save(model, foreign)
    return foreign


def test_texts_of_a_foreign_file_are_shown_and_not_obeyed(cli, hostile):
    result = cli("models", "info", hostile, "--arrays")
    assert (result.code, result.err) == (0, "")
    assert "\x1b" not in result.out
    lines = result.out.splitlines()
    assert max(map(len, lines)) < 1000
    assert any(line.startswith("a b ") and line.endswith("x...") for line in lines)
    assert any(line.startswith("[/red] [2J ") for line in lines)
    assert "inputs          x unknown batchx3" in lines


def test_a_file_that_may_not_be_read_is_one_line(cli, foreign, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(onnx, "load", refuse)
    cli("models", "info", foreign).fails(4, "foreign.onnx: Permission denied")


def test_onnx_files_are_told_to_programs(info_json, model, foreign):
    described = info_json(model)
    assert described["opsets"] == {"": 17}
    assert described["inputs"]["frame"] == {"type": "float", "axes": [1, 3, 32, 32]}
    assert described["card"]["kind"] == "step"
    assert info_json(foreign)["card"] is None


@pytest.mark.parametrize("content", [b"", b"not an ONNX file", b"\x08\x01"])
def test_what_is_no_onnx_file_is_one_line(cli, tmp_path, content):
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    cli("models", "info", path).fails(4, "bad.onnx is no ONNX file")
    cli("models", "info", tmp_path / "none.onnx").fails(4, "there is no file")


@pytest.mark.parametrize("name", ["movinet-a0-stream", "i3d-two-stream", "two-stream-fused"])
def test_the_graph_is_drawn_as_a_picture(cli, tmp_path, name):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    result = cli("models", "info", name, "--graph", tmp_path / "out.png")
    assert result.code == 0 and result.out.startswith("name ")
    assert cv2.imread(str(tmp_path / "out.png")).std() > 10


def test_the_graph_names_parts_and_shapes(cli, tmp_path, monkeypatch):
    matplotlib = pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")
    cli("models", "info", "x3d-m", "--graph", tmp_path / "out.svg")
    drawn = (tmp_path / "out.svg").read_text(encoding="utf-8")
    times = "\N{MULTIPLICATION SIGN}"
    for word in ("x3d-m", "blocks.5.proj", f"blocks.3.res_blocks.1  {times} 10", "mean: 2048"):
        assert word in drawn
    assert f"96{times}16{times}16{times}16" in drawn


def test_what_cannot_be_drawn_says_so(cli, tmp_path, model):
    for name in ("gestures", "movinet-a6-base", model):
        out = tmp_path / "out.png"
        cli("models", "info", name, "--graph", out).fails(2, "give the name of a single network")
        assert not out.exists()
    cli("models", "info", "x3d-m", "--graph", tmp_path / "out.doc").fails(5, "take one of")


def test_a_damaged_model_is_described_without_its_network(cli, home, weights_file):
    cli("models", "import", weights_file, "--as", "mine")
    (home / "models" / "mine" / "weights.safetensors").write_bytes(b"")
    result = cli("models", "info", "mine")
    assert result.code == 0 and "damaged" in result.out and "parameters" not in result.out


def test_an_unknown_model_is_one_line(cli):
    cli("models", "info", "x3d-xl").fails(4, "x3d-xs")
