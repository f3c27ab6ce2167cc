import json

import numpy as np
import onnx
import pytest
from tiny_models import exported, runtime, trained

from streamrec.card import METADATA_KEY
from streamrec.errors import SourceReadError
from streamrec.export.int8 import model_inputs, quantize
from streamrec.runtimes.onnx import OnnxRuntime
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


def test_the_report_is_what_the_files_do(model, tmp_path):
    held_out = clips(2)[1]
    report = quantize(model, clips(2), tmp_path / "int8.onnx")
    one, other = runtime().start(), OnnxRuntime(tmp_path / "int8.onnx").start()
    same = [one.step(x).argmax() == other.step(x).argmax() for x in held_out]
    assert (report.frames, report.held_out) == (12, True)
    assert report.agreement == pytest.approx(np.mean(same))
    assert 0 < report.mean_difference < 0.05
    assert report.size_bytes == (tmp_path / "int8.onnx").stat().st_size


def test_a_single_clip_serves_for_both_and_the_file_can_be_replaced(model):
    report = quantize(model, clips(1), model)
    assert (report.frames, report.held_out) == (12, False)
    card = json.loads({p.key: p.value for p in onnx.load(model).metadata_props}[METADATA_KEY])
    assert card["provenance"]["precision"] == "int8"
    assert card["plan"] is None


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
