"""Tests of our own weights file."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from streamrec.errors import LabelsError, ModelError, OutputError, WeightsError
from streamrec.models.registry import ARCHITECTURES
from streamrec.types import Preprocessing
from streamrec.weights.model_file import load_model, read_architecture, save_model
from tests.weights.tiny import TINY, random_weights


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def header_of(path):
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    return json.loads(json.loads(raw[8 : 8 + size])["__metadata__"]["streamrec"])


def rewrite(path, **changed):
    header = header_of(path) | changed
    save_file(load_file(path), path, {"streamrec": json.dumps(header)})


CLIP_MODELS = [ARCHITECTURES[name] for name in ("mobilenet3d-v2-0.2", "i3d-two-stream")]


@pytest.mark.parametrize("architecture", [*TINY, *CLIP_MODELS], ids=lambda a: a.name)
def test_a_model_comes_back_as_it_was_saved(path, architecture):
    weights = replace(
        random_weights(architecture),
        preprocessing=Preprocessing(32, 48, "crop", "bgr", (0.5, 0.4, 0.3), (0.2, 0.1, 0.3)),
    )
    save_model(path, weights)
    loaded = load_model(path)
    assert loaded.architecture == weights.architecture
    assert loaded.labels == weights.labels
    assert loaded.preprocessing == weights.preprocessing
    assert loaded.provenance == weights.provenance
    assert loaded.tensors.keys() == weights.tensors.keys()
    for name, value in weights.tensors.items():
        np.testing.assert_array_equal(loaded.tensors[name], value, strict=True)


def test_a_file_from_before_there_were_clip_models_is_read(path):
    save_model(path, random_weights())
    header = header_of(path)
    del header["kind"]
    save_file(load_file(path), path, {"streamrec": json.dumps(header)})
    assert load_model(path).architecture == random_weights().architecture


def test_a_file_says_whether_several_classes_may_be_true(path):
    save_model(path, replace(random_weights(), multi_label=True))
    assert load_model(path).multi_label
    save_model(path, random_weights())
    assert not load_model(path).multi_label


def test_in_a_file_from_before_there_were_several_labels_one_is_true(path):
    save_model(path, random_weights())
    header = header_of(path)
    del header["multi_label"]
    save_file(load_file(path), path, {"streamrec": json.dumps(header)})
    assert not load_model(path).multi_label


def test_ranges_of_activations_are_kept(path):
    ranges = {"stem.input": (0.0, 0.99), "stem.output": (-0.5, 6.0)}
    save_model(path, replace(random_weights(), ranges=ranges))
    assert load_model(path).ranges == ranges
    save_model(path, random_weights())
    assert load_model(path).ranges == {}


@pytest.mark.parametrize("architecture", [TINY[0], CLIP_MODELS[1]], ids=lambda a: a.name)
def test_the_record_is_read_without_the_weights(path, architecture):
    save_model(path, random_weights(architecture))
    assert read_architecture(path) == architecture


def test_a_model_without_labels_has_none(path):
    save_model(path, random_weights(labels=False))
    assert load_model(path).labels is None


def test_the_number_of_labels_must_fit():
    with pytest.raises(LabelsError, match="10 classes, got 1 labels"):
        replace(random_weights(), labels=("one",))


def test_nothing_is_left_of_a_save_that_fails(path):
    weights = random_weights()
    save_model(path, weights)
    before = path.read_bytes()
    broken = replace(weights, tensors={"stem": np.zeros(1, np.float32)})
    with pytest.raises(WeightsError):
        save_model(path, broken)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_an_output_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot write"):
        save_model(tmp_path / "file" / "model.safetensors", random_weights())


def test_a_file_of_another_program_is_refused(path):
    save_file({"x": np.zeros(1)}, path)
    with pytest.raises(WeightsError, match="no streamrec metadata"):
        load_model(path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"format": 2}, "format 2"),
        ({"kind": "other"}, "other in format 1"),
        ({"kind": "clip"}, "metadata cannot be read"),
        ({"architecture": {}}, "metadata cannot be read"),
        ({"preprocessing": {"height": 0, "width": 1}}, "input size must be positive"),
        ({"labels": ["a"]}, "10 classes, got 1"),
        ({"labels": "a"}, "metadata cannot be read"),
    ],
)
def test_metadata_that_do_not_fit_are_refused(path, changed, message):
    save_model(path, random_weights())
    rewrite(path, **changed)
    with pytest.raises(ModelError, match=message):
        load_model(path)


def test_tensors_that_do_not_fit_the_architecture_are_refused(path):
    save_model(path, random_weights())
    rewrite(path, architecture=header_of(path)["architecture"] | {"stem": 16})
    with pytest.raises(WeightsError, match="do not fit tiny-stream"):
        load_model(path)


@pytest.mark.parametrize("content", [b"", b"text", b"\xff" * 100])
def test_a_file_that_is_no_safetensors_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="cannot read"):
        load_model(path)


def test_a_missing_file_is_refused(path):
    with pytest.raises(WeightsError, match="cannot read"):
        load_model(path)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255), st.booleans())
def test_damage_never_raises_another_error(tmp_path, place, flip, cut):
    path = tmp_path / "model.safetensors"
    save_model(path, random_weights())
    raw = bytearray(path.read_bytes())
    position = int(place * len(raw))
    raw[position] ^= flip
    path.write_bytes(raw[:position] if cut else raw)
    try:
        load_model(path)
    except ModelError:
        return
    assert not cut
