import json
from math import prod

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import clip_runtime, exported, runtime, spec, trained

from streamrec.card import METADATA_KEY, ModelCard
from streamrec.errors import FrameError, StateError, StreamrecError, WeightsError
from streamrec.runtimes.onnx import OnnxClip, OnnxRuntime
from streamrec.runtimes.torch import TorchRuntime


def noise(frames: int, seed: int = 0) -> np.ndarray:
    shape = (frames, 1, 3, 32, 32)
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


@pytest.mark.parametrize("positional", [False, True])
@pytest.mark.parametrize("horizon", [16, None])
def test_a_thousand_frames_agree_with_pytorch(positional, horizon):
    model = trained(positional=positional, horizon=horizon)
    stream, state = OnnxRuntime(exported(model)).start(), model.initial_state()
    brightness = 0.5 + 0.5 * np.sin(np.arange(1000, dtype=np.float32) / 20)
    frames = np.tile(noise(50), (20, 1, 1, 1, 1)) * brightness[:, None, None, None, None]
    for chunk in np.split(frames[:, 0], 20):
        with torch.inference_mode():
            logits, state = model.step(torch.from_numpy(chunk)[None], state)
        ours = [stream.step(frame[None]) for frame in chunk]
        np.testing.assert_allclose(ours, logits[0].numpy(), rtol=0, atol=1e-4)
    assert np.ptp(ours, axis=0).max() > 1e-3  # what the model says depends on what it sees
    final = stream.state()
    assert state.keys() == final.keys()
    for name, array in final.items():
        np.testing.assert_allclose(array, state[name].numpy(), atol=1e-4)


@pytest.mark.parametrize("frames", [1, 2, 8, 33])
def test_a_clip_of_any_length_agrees_with_pytorch(frames):
    model, clip = trained("base"), noise(frames)[:, 0]
    with torch.inference_mode():
        expected = model(torch.from_numpy(clip)[None])[0].numpy()
    np.testing.assert_allclose(clip_runtime().run(clip), expected, atol=1e-4)


def test_a_stream_moves_from_one_runtime_to_the_other():
    model = trained()
    first = TorchRuntime(model, spec(model), device="cpu").start()
    for frame in noise(5):
        first.step(frame)
    second = OnnxRuntime(exported(model)).start(first.state())
    for frame in noise(5, seed=1):
        np.testing.assert_allclose(second.step(frame), first.step(frame), atol=1e-5)


def test_streams_of_one_runtime_do_not_share_buffers():
    shared = runtime()
    first, second = shared.start(), shared.start()
    before = second.state()
    first.step(noise(1)[0])
    assert all(np.array_equal(before[name], array) for name, array in second.state().items())


def test_logits_and_states_that_were_returned_stay_as_they_were():
    stream = runtime().start()
    frames = noise(9)
    logits, state = stream.step(frames[0]), stream.state()
    kept, kept_state = logits.copy(), {name: array.copy() for name, array in state.items()}
    for frame in frames[1:]:
        stream.step(frame)
    np.testing.assert_array_equal(logits, kept)
    assert all(np.array_equal(state[name], kept_state[name]) for name in state)


def as_other_languages_would(file: bytes, frames: np.ndarray) -> list[np.ndarray]:
    """Run an export with nothing but ONNX Runtime and the JSON of its metadata."""
    session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    card = json.loads(session.get_modelmeta().custom_metadata_map["streamrec"])
    state = {
        name: np.zeros(ring["shape"], np.float32)
        for ring in card["rings"]
        for name in ring["inputs"]
    }
    names, logits = [output.name for output in session.get_outputs()], []
    for frame in frames:
        outputs = dict(zip(names, session.run(names, {"frame": frame, **state}), strict=True))
        logits.append(outputs["logits"][0])
        for ring in card["rings"]:
            entries = [*(state[name] for name in ring["inputs"][1:]), outputs[ring["output"]]]
            state.update(zip(ring["inputs"], entries, strict=True))
    return logits


def test_the_file_alone_is_enough_to_run_it():
    file, frames = exported(trained(positional=True)), noise(40)
    ours = OnnxRuntime(file).start()
    for frame, logits in zip(frames, as_other_languages_would(file, frames), strict=True):
        np.testing.assert_array_equal(ours.step(frame), logits)


def test_other_languages_can_leave_out_the_head():
    session = ort.InferenceSession(exported(trained()), providers=["CPUExecutionProvider"])
    state, frame = runtime().initial_state(), noise(1)[0]
    names = [output.name for output in session.get_outputs()]
    whole = session.run(names, {"frame": frame, **state})
    part = session.run(names, {"frame": frame, "want_logits": np.array(False), **state})
    for name, with_head, without in zip(names, whole, part, strict=True):
        if name == "logits":
            assert with_head.any()
            assert not without.any()
        else:
            np.testing.assert_array_equal(with_head, without)


def without_a_switch(file: bytes) -> bytes:
    """The file as versions wrote it that knew no ``want_logits``."""
    model = onnx.load_from_string(file)
    inputs = [value for value in model.graph.input if value.name != "want_logits"]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    return model.SerializeToString()


def test_a_file_of_an_older_version_advances_as_well():
    file, frames = exported(trained()), noise(5)
    old, new = OnnxRuntime(without_a_switch(file)).start(), OnnxRuntime(file).start()
    for frame in frames[:4]:
        old.advance(frame)
        new.advance(frame)
    np.testing.assert_array_equal(old.step(frames[4]), new.step(frames[4]))


def test_the_file_says_what_a_program_needs_to_know():
    metadata = onnx.load_from_string(exported(trained())).metadata_props
    card = json.loads({entry.key: entry.value for entry in metadata}[METADATA_KEY])
    assert card["kind"] == "step"
    assert card["spec"] == {
        "name": "tiny-stream",
        "labels": [f"class {i}" for i in range(10)],
        "fps": 5.0,
        "preprocessing": {
            "height": 32,
            "width": 32,
            "resize": "stretch",
            "color": "rgb",
            "mean": [0.0, 0.0, 0.0],
            "std": [1.0, 1.0, 1.0],
            "resized": None,
            "antialias": False,
        },
        "clip_frames": 16,
        "warmup_frames": 9,
        "horizon": 16,
        "windowed": False,
        "hop": 1,
        "flow": None,
        "trained": True,
        "multi_label": False,
    }


@pytest.mark.parametrize("family", ["stream", "base"])
def test_the_graph_is_four_dimensional_with_batch_norm_folded(family):
    graph = onnx.shape_inference.infer_shapes(
        onnx.load_from_string(exported(trained(family))), strict_mode=True
    ).graph
    assert "BatchNormalization" not in {node.op_type for node in graph.node}
    for node in graph.node:
        if node.op_type == "Conv":
            kernel = next(a for a in node.attribute if a.name == "kernel_shape")
            assert len(kernel.ints) == 2
    values = [*graph.input, *graph.output, *graph.value_info]
    assert max(len(value.type.tensor_type.shape.dim) for value in values) <= 4
    assert max(len(weight.dims) for weight in graph.initializer) <= 4


def test_a_state_is_a_small_part_of_the_file_and_begins_empty():
    state = runtime().initial_state()
    assert not any(array.any() for array in state.values())
    assert sum(prod(array.shape) for array in state.values()) < 10_000


def changed(state, name="head_pool", **kind):
    return {**state, name: np.zeros(kind.get("shape", (1, 24, 1, 1)), kind.get("dtype", "f4"))}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: {}, "lacks 15 of 15 arrays"),
        (lambda state: {k: v for k, v in state.items() if k != "head_pool"}, "head_pool"),
        (lambda state: {**state, "extra": np.zeros(1, np.float32)}, "extra"),
        (lambda state: changed(state, shape=(2, 24, 1, 1)), r"float32 \[1, 24, 1, 1\]"),
        (lambda state: changed(state, dtype="f8"), "float64"),
    ],
)
@pytest.mark.parametrize("kind", ["onnx", "torch"])
def test_a_state_of_another_form_is_refused(kind, change, message):
    model = trained()
    either = runtime() if kind == "onnx" else TorchRuntime(model, spec(model), device="cpu")
    with pytest.raises(StateError, match=message):
        either.start(change(either.initial_state()))


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 3, 32, 31), (2, 3, 32, 32), (1, 1, 32, 32), ()])
@pytest.mark.parametrize("kind", ["onnx", "torch"])
def test_an_input_of_another_shape_is_refused_and_changes_nothing(kind, shape):
    model = trained()
    either = runtime() if kind == "onnx" else TorchRuntime(model, spec(model), device="cpu")
    stream, undisturbed = either.start(), either.start()
    for take in (stream.step, stream.advance):
        with pytest.raises(FrameError, match=r"\[1, 3, 32, 32\]"):
            take(np.zeros(shape, np.float32))
    frame = noise(1)[0]
    np.testing.assert_array_equal(stream.step(frame), undisturbed.step(frame))


@pytest.mark.parametrize("shape", [(0, 3, 32, 32), (4, 3, 31, 32), (1, 4, 3, 32, 32)])
def test_a_clip_of_another_shape_is_refused(shape):
    with pytest.raises(FrameError, match=r"\[T, 3, 32, 32\]"):
        clip_runtime().run(np.zeros(shape, np.float32))


def with_metadata(text: str | None) -> bytes:
    model = onnx.load_from_string(exported(trained()))
    del model.metadata_props[:]
    if text is not None:
        onnx.helper.set_model_props(model, {METADATA_KEY: text})
    return model.SerializeToString()


def edited(*path: str | int, value: object) -> str:
    """The metadata of a good file with one value changed."""
    root = record = json.loads(onnx.load_from_string(exported(trained())).metadata_props[0].value)
    for key in path[:-1]:
        record = record[key]
    record[path[-1]] = value
    return json.dumps(root)


def check_refused(path, text: str | None, message: str) -> None:
    path.write_bytes(with_metadata(text))
    with pytest.raises(WeightsError, match=message) as caught:
        OnnxRuntime(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "without streamrec's metadata"),
        ("", "cannot be read"),
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ("\N{PILE OF POO}\n\n", "cannot be read"),
    ],
)
def test_metadata_that_are_no_card_are_refused_in_one_line(tmp_path, text, message):
    check_refused(tmp_path / "model.onnx", text, message)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("format",), 99, "format 99"),
        (("kind",), "dance", "kind"),
        (("kind",), "clip", "export the model again"),
        (("spec", "fps"), "five", "fps"),
        (("spec", "fps"), -1.0, "frame rate"),
        (("spec", "labels"), [], "no labels"),
        (("spec", "labels"), ["one", "two"], "'logits' is"),
        (("spec", "preprocessing", "std"), [0, 0, 0], "std"),
        (("spec", "preprocessing", "height"), 64, "'frame' is"),
        (("rings",), [], "None in the metadata"),
        (("rings", 0, "shape"), [2**40], "export the model again"),
        (("rings", 1, "output"), "elsewhere", "elsewhere"),
    ],
)
def test_a_card_that_does_not_fit_is_refused_in_one_line(tmp_path, path, value, message):
    check_refused(tmp_path / "model.onnx", edited(*path, value=value), message)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x09" * 500, bytes(100)])
def test_a_file_that_is_no_model_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"model\.onnx") as caught:
        OnnxRuntime(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "missing.onnx", tmp_path):
        with pytest.raises(WeightsError, match=path.name):
            OnnxRuntime(path)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_file_is_refused_or_runs_without_a_word(data):
    file = bytearray(exported(trained()))
    length = data.draw(st.one_of(st.just(len(file)), st.integers(0, len(file))))
    for position in data.draw(st.lists(st.integers(0, len(file) - 1), max_size=4)):
        file[position] = data.draw(st.integers(0, 255))
    try:
        logits = OnnxRuntime(bytes(file[:length])).start().step(noise(1)[0])
    except StreamrecError as error:
        assert "\n" not in str(error)
    else:
        assert logits.shape == (10,)


def test_damage_is_not_reported_on_stdout(capfd):
    file = exported(trained()).replace(b"class 3", b"class \xff")
    with pytest.raises(WeightsError, match="cannot load"):
        OnnxRuntime(file)
    assert capfd.readouterr().out == ""


def test_clips_and_streams_are_not_mixed_up():
    with pytest.raises(WeightsError, match="whole clips"):
        OnnxRuntime(exported(trained("base")))
    with pytest.raises(WeightsError, match="streaming model"):
        OnnxClip(exported(trained()))


def test_a_card_is_the_same_after_its_own_json():
    model = trained("base")
    card = ModelCard(spec=spec(model), kind="clip", provenance={"source": "here"})
    assert json.loads(card.to_json())["spec"]["name"] == "tiny-base"
    assert OnnxClip(exported(model)).spec == spec(model)
