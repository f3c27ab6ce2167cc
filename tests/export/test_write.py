from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from support import random_model, tiny_architecture
from tiny_models import spec, trained

from streamrec.errors import OutputError, ParityError
from streamrec.export import write
from streamrec.export.write import TOLERANCE, write_export
from streamrec.runtimes.onnx import OnnxClip, OnnxRuntime


def test_the_report_describes_the_file(tmp_path):
    model, path = trained(), tmp_path / "new" / "tiny.onnx"
    report = write_export(model, spec(model), {"source": "a test"}, path)
    graph = onnx.load(path)
    assert report.path == path
    assert report.size_bytes == path.stat().st_size
    assert report.opset == graph.opset_import[0].version
    names = [value.name for value in graph.graph.input]
    assert [*report.inputs, "want_logits"] == names
    assert report.inputs["frame"] == (1, 3, 32, 32)
    assert list(report.outputs) == [value.name for value in graph.graph.output]
    assert report.outputs["logits"] == (1, 10)
    assert report.frames >= 2 * model.architecture.horizon
    assert 0 <= report.max_difference <= TOLERANCE
    assert OnnxRuntime(path).card.provenance == {"source": "a test"}


def test_a_clip_graph_takes_any_number_of_frames(tmp_path):
    model, path = trained("base"), tmp_path / "tiny.onnx"
    report = write_export(model, spec(model), {}, path)
    assert report.inputs == {"clip": (0, 3, 32, 32)}
    assert report.outputs == {"logits": (1, 10)}
    assert OnnxClip(path).run(np.zeros((5, 3, 32, 32), np.float32)).shape == (10,)


@pytest.mark.parametrize("family", ["stream", "mobile", "base"])
@pytest.mark.parametrize("gate", ["hard_sigmoid", "hard_sigmoid_relu6", "sigmoid"])
def test_every_family_and_gate_passes_its_own_check(tmp_path, family, gate):
    model = random_model(replace(tiny_architecture(family), gate=gate))
    assert write_export(model, spec(model), {}, tmp_path / "a.onnx").max_difference < 1e-5


@pytest.mark.parametrize("size", [9, 31, 64])
def test_any_picture_size_passes_its_own_check(tmp_path, size):
    model = random_model(replace(tiny_architecture(), image_size=size))
    assert write_export(model, spec(model), {}, tmp_path / "a.onnx").max_difference < 1e-5


@pytest.mark.parametrize("horizon", [1, 7, None])
def test_any_horizon_passes_its_own_check(tmp_path, horizon):
    model = trained(positional=True, horizon=horizon)
    assert write_export(model, spec(model), {}, tmp_path / "a.onnx").max_difference < 1e-4


def a_wrong_bias(graph: onnx.ModelProto, value: float) -> onnx.ModelProto:
    bias = next(w for w in graph.graph.initializer if w.name == "head.classifier.bias")
    array = onnx.numpy_helper.to_array(bias).copy()
    array[3] += value
    bias.CopyFrom(onnx.numpy_helper.from_array(array, bias.name))
    return graph


@pytest.mark.parametrize("error", [0.01, float("nan")])
@pytest.mark.parametrize("kind", ["step", "clip"])
def test_a_graph_that_computes_something_else_is_not_written(tmp_path, monkeypatch, kind, error):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"the export of yesterday")
    if kind == "step":
        build = write.StepGraph.build
        monkeypatch.setattr(
            write.StepGraph, "build", lambda graph: a_wrong_bias(build(graph), error)
        )
        model = trained()
    else:
        build = write.clip_graph
        monkeypatch.setattr(write, "clip_graph", lambda model: a_wrong_bias(build(model), error))
        model = trained("base")
    with pytest.raises(ParityError, match=r"differs from PyTorch by (0\.01|nan)"):
        write_export(model, spec(model), {}, path)
    assert path.read_bytes() == b"the export of yesterday"
    assert list(tmp_path.iterdir()) == [path]


def test_nan_after_the_first_frame_is_not_overlooked():
    good, bad = np.zeros(3, np.float32), np.array([0, np.nan, 0], np.float32)
    for pairs in (
        [(good, good), (good, bad)],
        [(bad, good), (good, good)],
        [(good, good), (bad, bad)],
    ):
        with pytest.raises(ParityError, match="nan"):
            write._compare(pairs, "tiny")


def test_weights_that_are_not_numbers_are_not_exported(tmp_path):
    model = random_model(tiny_architecture())
    with torch.no_grad():
        model.head.classifier.bias[-1] = torch.nan
    with pytest.raises(ParityError, match="nan"):
        write_export(model, spec(model), {}, tmp_path / "a.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write") as caught:
        write_export(trained(), spec(trained()), {}, tmp_path / "file" / "a.onnx")
    assert "\n" not in str(caught.value)


def test_exporting_leaves_the_network_as_it_was(tmp_path):
    model = random_model(tiny_architecture())
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    write_export(model, spec(model), {}, tmp_path / "a.onnx")
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
