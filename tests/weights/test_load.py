"""Tests of the one way in: every form of weights by its path."""

import tarfile

import numpy as np
import pytest
import torch

from streamrec.errors import LabelsError, WeightsError
from streamrec.models.registry import architecture
from streamrec.types import Preprocessing
from streamrec.weights.files import read_labels
from streamrec.weights.load import load_weights
from streamrec.weights.model_file import save_model
from tests.weights.bundle_writer import write_bundle
from tests.weights.tiny import TINY_STREAM, as_checkpoint, random_tensors, random_weights
from tests.weights.torch_writer import data_parallel, state_dict, write

TENSORS = random_tensors(TINY_STREAM)


@pytest.fixture
def checkpoint(tmp_path):
    folder = tmp_path / "movinet_tiny_stream"
    folder.mkdir()
    write_bundle(folder / "ckpt-1", as_checkpoint(TENSORS))
    return folder


def archive(folder):
    path = folder.with_name(folder.name + ".tar.gz")
    with tarfile.open(path, "w:gz") as tar:
        tar.add(folder, folder.name)
    return path


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".pyth", ".pth.tar", ".PTH"])
def test_a_pytorch_file_is_read_under_every_name(tmp_path, suffix):
    record = architecture("mobilenet3d-v2-0.2-jester")
    state = state_dict(record)
    path = write(tmp_path / f"best{suffix}", data_parallel(state))
    loaded = load_weights(path)
    assert (loaded.architecture, loaded.preprocessing) == (record, record.preprocessing)
    assert loaded.provenance == {"format": "PyTorch", "file": path.name}
    for name, value in loaded.tensors.items():
        np.testing.assert_array_equal(value, state[name].numpy())


def test_a_movinet_may_lie_in_a_pytorch_file(tmp_path):
    state = {name: torch.from_numpy(value) for name, value in TENSORS.items()}
    loaded = load_weights(write(tmp_path / "m.pth", {"model": state}), TINY_STREAM)
    assert loaded.architecture == TINY_STREAM


@pytest.mark.parametrize("form", ["folder", "index", "prefix", "archive"])
def test_a_checkpoint_is_read_in_every_form(checkpoint, form):
    path = {
        "folder": checkpoint,
        "index": checkpoint / "ckpt-1.index",
        "prefix": checkpoint / "ckpt-1",
        "archive": archive(checkpoint),
    }[form]
    loaded = load_weights(path, TINY_STREAM)
    assert loaded.architecture == TINY_STREAM
    assert loaded.labels is None
    assert loaded.preprocessing == Preprocessing(32, 32)
    assert loaded.provenance["format"] == "TensorFlow checkpoint"
    for name, value in TENSORS.items():
        np.testing.assert_array_equal(loaded.tensors[name], value)


def test_of_several_checkpoints_the_latest_is_read(checkpoint):
    write_bundle(checkpoint / "ckpt-2", as_checkpoint(random_tensors(TINY_STREAM, seed=2)))
    (checkpoint / "checkpoint").write_text('model_checkpoint_path: "/elsewhere/ckpt-1"\n')
    loaded = load_weights(checkpoint, TINY_STREAM)
    np.testing.assert_array_equal(loaded.tensors["stem.conv.weight"], TENSORS["stem.conv.weight"])


def test_several_checkpoints_without_a_latest_are_an_error(checkpoint):
    write_bundle(checkpoint / "ckpt-2", as_checkpoint(TENSORS))
    with pytest.raises(WeightsError, match="one checkpoint, found: ckpt-1, ckpt-2"):
        load_weights(checkpoint, TINY_STREAM)


def test_files_that_a_mac_adds_do_not_count(checkpoint):
    (checkpoint / "._ckpt-1.index").write_bytes(b"finder")
    assert load_weights(archive(checkpoint), TINY_STREAM).architecture == TINY_STREAM


def test_our_own_file_brings_its_architecture_and_labels(tmp_path):
    weights = random_weights()
    save_model(tmp_path / "m.safetensors", weights)
    loaded = load_weights(tmp_path / "m.safetensors")
    assert (loaded.architecture, loaded.labels) == (weights.architecture, weights.labels)


def test_our_own_file_is_of_the_architecture_that_was_asked_for(tmp_path):
    save_model(tmp_path / "m.safetensors", random_weights())
    assert load_weights(tmp_path / "m.safetensors", TINY_STREAM).architecture == TINY_STREAM
    with pytest.raises(WeightsError, match=r"holds a tiny-stream, not a movinet-a1-stream"):
        load_weights(tmp_path / "m.safetensors", architecture("movinet-a1-stream"))


def test_an_exported_model_needs_no_import(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"onnx")
    with pytest.raises(WeightsError, match=r"--model .*m\.onnx"):
        load_weights(tmp_path / "m.onnx")


def test_labels_may_be_given(checkpoint):
    labels = tuple("abcdefghij")
    assert load_weights(checkpoint, TINY_STREAM, labels).labels == labels
    with pytest.raises(LabelsError, match="10 classes, got 9"):
        load_weights(checkpoint, TINY_STREAM, labels[1:])


def test_weights_of_another_architecture_are_refused(checkpoint):
    with pytest.raises(WeightsError, match="no known architecture; nearest is"):
        load_weights(checkpoint)


@pytest.mark.parametrize("name", ["absent.tar.gz", "absent", "absent.tflite", "absent.safetensors"])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(WeightsError, match=f"no file .*{name}"):
        load_weights(tmp_path / name)


@pytest.mark.parametrize("name", ["m.bin", "m.h5", "m.txt", "m"])
def test_an_unknown_form_says_which_are_known(tmp_path, name):
    (tmp_path / name).write_bytes(b"text")
    with pytest.raises(WeightsError, match=r"no known form.*\.tar\.gz.*\.tflite.*\.safetensors"):
        load_weights(tmp_path / name)


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(WeightsError, match="one checkpoint, found: none"):
        load_weights(tmp_path)


@pytest.mark.parametrize("content", [b"a\nb\n", b"\xef\xbb\xbfa\r\nb", b"a \nb"])
def test_labels_are_lines(tmp_path, content):
    (tmp_path / "labels.txt").write_bytes(content)
    assert read_labels(tmp_path / "labels.txt") == ("a", "b")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "one label a line"),
        (b"a\n\nb", "one label a line"),
        (b"\xff\xfe", "not a text file"),
        (b"a\n" * (1 << 20), "too large"),
        (None, "cannot read"),
    ],
)
def test_labels_that_are_none_are_refused(tmp_path, content, message):
    if content is not None:
        (tmp_path / "labels.txt").write_bytes(content)
    with pytest.raises(LabelsError, match=message):
        read_labels(tmp_path / "labels.txt")
