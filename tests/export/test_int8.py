import json
import logging
from dataclasses import replace

import numpy as np
import onnx
import pytest
from support import random_model, tiny_architecture
from tiny_models import exported, recognizer, runtime, spec, trained

from streamrec.card import METADATA_KEY
from streamrec.errors import ModelError, SourceReadError
from streamrec.export.int8 import model_inputs, quantize
from streamrec.export.write import write_export
from streamrec.lanes import sigmoid, softmax
from streamrec.runtimes.onnx import OnnxRuntime
from streamrec.smoothing import NoSmoothing
from streamrec.sources.synthetic import Scene, SyntheticSource


def clips(count: int) -> list[list[np.ndarray]]:
    shape = (count, 12, 1, 3, 32, 32)
    return [list(clip) for clip in np.random.default_rng(0).random(shape, dtype=np.float32)]


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "float.onnx"
    path.write_bytes(exported(trained()))
    return path


def test_states_keep_their_names_and_shapes_and_weights_are_eight_bit(model, tmp_path):
    quantize(model, clips(2), tmp_path / "int8.onnx")
    small = OnnxRuntime(tmp_path / "int8.onnx")
    expected = runtime().initial_state()
    found = small.initial_state()
    assert {k: v.shape for k, v in found.items()} == {k: v.shape for k, v in expected.items()}
    weights = {w.name: w for w in onnx.load(tmp_path / "int8.onnx").graph.initializer}
    int8 = [w for w in weights.values() if w.data_type == onnx.TensorProto.INT8]
    assert any(w.name.startswith("blocks.1.expand.weight") for w in int8)


def scale_of(graph, tensor):
    (scale,) = [w for w in graph.initializer if w.name == f"{tensor}_scale"]
    return onnx.numpy_helper.to_array(scale).item()


def test_factors_of_single_channels_stay_float_and_so_do_states(model, tmp_path):
    quantize(model, clips(2), tmp_path / "int8.onnx")
    graph = onnx.load(tmp_path / "int8.onnx").graph
    kept = {w.name for w in graph.initializer if w.data_type == onnx.TensorProto.FLOAT}
    assert "blocks.1.temporal.0.weight" in kept
    states = {value.name for value in graph.input}
    rounded = {n.input[0] for n in graph.node if n.op_type == "QuantizeLinear"}
    assert states & rounded == {"frame"}


def test_a_clip_is_part_of_its_convolution(tmp_path):
    mobile = tmp_path / "mobile.onnx"
    mobile.write_bytes(exported(random_model(tiny_architecture("mobile"))))
    quantize(mobile, clips(2), tmp_path / "int8.onnx")
    graph = onnx.load(tmp_path / "int8.onnx").graph
    rounded = {n.output[0] for n in graph.node if n.op_type == "DequantizeLinear"}
    assert not any(n.op_type == "Clip" and n.input[0] in rounded for n in graph.node)


def test_known_ranges_have_the_last_word(model, tmp_path):
    ranges = {"blocks.1.expand.output": (-1.0, 4.1), "blocks.1.project.input": (0.0, 25.5)}
    quantize(model, clips(2), tmp_path / "int8.onnx", ranges)
    graph = onnx.load(tmp_path / "int8.onnx").graph
    tensors = tensors_of(onnx.load(model).graph, "blocks.1.expand.weight")
    assert scale_of(graph, tensors[1]) == pytest.approx(5.1 / 255)
    tensors = tensors_of(onnx.load(model).graph, "blocks.1.project.weight")
    assert scale_of(graph, tensors[0]) == pytest.approx(25.5 / 255)


def tensors_of(graph, weight):
    """What the convolution with this weight takes and gives."""
    (node,) = [node for node in graph.node if weight in node.input]
    return node.input[0], node.output[0]


def test_the_report_is_what_the_files_do(model, tmp_path):
    held_out = clips(2)[1]
    report = quantize(model, clips(2), tmp_path / "int8.onnx")
    one, other = runtime().start(), OnnxRuntime(tmp_path / "int8.onnx").start()
    same = [one.step(x).argmax() == other.step(x).argmax() for x in held_out]
    assert (report.frames, report.held_out) == (12, True)
    assert report.agreement == pytest.approx(np.mean(same))
    assert 0 < report.mean_difference < 0.05
    assert report.size_bytes == (tmp_path / "int8.onnx").stat().st_size


def test_probabilities_are_those_of_the_models_kind(tmp_path):
    path, (clip,) = tmp_path / "float.onnx", clips(1)
    several = replace(spec(trained()), multi_label=True)
    write_export(trained(), several, {}, path)
    report = quantize(path, [clip], tmp_path / "int8.onnx")
    streams = OnnxRuntime(path).start(), OnnxRuntime(tmp_path / "int8.onnx").start()
    said = [np.stack([sigmoid(stream.step(x)) for x in clip]) for stream in streams]
    assert report.mean_difference == pytest.approx(np.abs(said[0] - said[1]).mean())
    assert OnnxRuntime(tmp_path / "int8.onnx").spec.multi_label


def test_a_single_clip_serves_for_both_and_the_file_can_be_replaced(model):
    report = quantize(model, clips(1), model)
    assert (report.frames, report.held_out) == (12, False)
    card = json.loads({p.key: p.value for p in onnx.load(model).metadata_props}[METADATA_KEY])
    assert card["provenance"]["precision"] == "int8"
    assert card["plan"] is None


def test_a_graph_that_fails_in_calibration_is_refused_and_leaves_no_file(model, tmp_path):
    graph = onnx.load(model)
    (last,) = [node for node in graph.graph.node if "logits" in node.output]
    last.output[:] = ["scores"]
    beyond = np.full(10, 99, np.int64)
    graph.graph.initializer.append(onnx.numpy_helper.from_array(beyond, "beyond"))
    graph.graph.node.append(
        onnx.helper.make_node("Gather", ["scores", "beyond"], ["logits"], axis=1)
    )
    onnx.save(graph, model)
    with pytest.raises(ModelError, match="cannot quantize"):
        quantize(model, clips(1), tmp_path / "int8.onnx")
    assert list(tmp_path.iterdir()) == [model]


@pytest.mark.parametrize("level", [logging.NOTSET, logging.INFO, logging.CRITICAL])
def test_the_callers_choice_of_silence_stays(model, tmp_path, level):
    logging.disable(level)
    try:
        quantize(model, clips(1), tmp_path / "int8.onnx")
        assert logging.root.manager.disable == level
    finally:
        logging.disable(logging.NOTSET)


class Torn(SyntheticSource):
    """A film with a gap of less than a second."""

    def read(self):
        frame = super().read()
        while frame is not None and 0.55 < frame.time_s < 1.35:
            frame = super().read()
        return frame


def test_a_gap_in_a_clip_is_bridged_as_in_a_live_stream():
    scene = Scene(width=48, height=32, fps=30.0, seconds=2.0)
    stream = recognizer().stream(predict="grid", smoother=NoSmoothing(), declared_fps=scene.fps)
    live = [said.raw for said in map(stream.push, Torn(scene)) if said is not None]
    running = runtime().start()
    seen = [softmax(running.step(x)) for x in model_inputs(Torn(scene), runtime().spec)]
    assert len(seen) == 10
    np.testing.assert_array_equal(seen[-1], live[-1])


def test_a_clip_is_seen_at_the_models_rate():
    spec = runtime().spec
    source = SyntheticSource(Scene(width=48, height=32, fps=30.0, seconds=2.0))
    inputs = model_inputs(source, spec)
    assert len(inputs) == 10
    assert {x.shape for x in inputs} == {(1, 3, 32, 32)}


def test_a_clip_without_pictures_is_refused():
    source = SyntheticSource(Scene(width=48, height=32, fps=30.0, seconds=1.0))
    source.close()
    with pytest.raises(SourceReadError, match="no pictures"):
        model_inputs(source, runtime().spec)
