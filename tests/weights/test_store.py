"""Tests of the model store."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from streamrec.errors import (
    DownloadError,
    LabelsError,
    OptionError,
    OutputError,
    UnknownModelError,
    WeightsError,
)
from streamrec.weights import store as store_module
from streamrec.weights import transfer
from streamrec.weights.model_file import save_model
from streamrec.weights.published import PUBLISHED, Published, PublishedFile
from streamrec.weights.store import HOME_VARIABLE, Store, default_root
from tests.weights.bundle_writer import write_bundle
from tests.weights.tiny import TINY_STREAM, as_checkpoint, random_tensors, random_weights
from tests.weights.web import File, Web

NAMES = tuple(f"class {i}" for i in range(TINY_STREAM.classes))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "home")


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A tiny model, published on a real server as the checkpoints are."""
    write_bundle(tmp_path / "ckpt-1", as_checkpoint(random_tensors(TINY_STREAM)))
    with tarfile.open(tmp_path / "tiny.tar.gz", "w:gz") as tar:
        for path in tmp_path.glob("ckpt-1.*"):
            tar.add(path, f"tiny/{path.name}")
    monkeypatch.setattr(store_module, "architecture", {"tiny-stream": TINY_STREAM}.get)
    monkeypatch.setattr(store_module, "embedded_labels", {"tiny": NAMES}.get)
    monkeypatch.setattr(transfer, "_PAUSE_S", 0.01)
    with Web() as web:
        web.files["/tiny.tar.gz"] = File((tmp_path / "tiny.tar.gz").read_bytes())
        entry = Published(
            architecture="tiny-stream",
            files=(PublishedFile(url=web.url("/tiny.tar.gz")),),
            labels="tiny",
        )
        monkeypatch.setattr(store_module, "PUBLISHED", {"tiny": entry})
        yield web


def test_the_root_is_the_environment_variable_or_the_platforms_cache(monkeypatch, tmp_path):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    assert default_root() == Store().root == tmp_path
    monkeypatch.delenv(HOME_VARIABLE)
    assert default_root().name == "streamrec" or "streamrec" in default_root().parts


def test_a_model_comes_back_as_it_was_added(store):
    weights = random_weights()
    record = store.add("tiny", weights, "a test")
    assert store.names() == ["tiny"]
    assert "tiny" in store
    assert store.info("tiny") == record
    assert (record.architecture, record.classes, record.labelled) == ("tiny-stream", 10, True)
    loaded = store.load("tiny")
    assert loaded.architecture == weights.architecture
    for name, value in weights.tensors.items():
        np.testing.assert_array_equal(loaded.tensors[name], value)


def test_an_empty_store_has_no_names(store):
    assert store.names() == []
    assert "tiny" not in store


def test_a_name_is_taken_until_it_is_removed(store):
    store.add("tiny", random_weights())
    with pytest.raises(OptionError, match=r"stored already.*models rm tiny"):
        store.add("tiny", random_weights())
    (store.folder("tiny") / "exported.onnx").write_bytes(b"x")
    store.remove("tiny")
    assert store.names() == []
    store.add("tiny", random_weights())


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", "A", ".x", "x.", "-x", "x" * 65, "a b"])
def test_a_malformed_name_is_refused(store, name):
    with pytest.raises(OptionError, match="no model name"):
        store.add(name, random_weights())
    assert name not in store
    with pytest.raises(UnknownModelError):
        store.load(name)


def test_an_unknown_name_suggests_the_nearest(store):
    store.add("gestures", random_weights())
    with pytest.raises(UnknownModelError, match="gestures"):
        store.load("gesture")
    with pytest.raises(UnknownModelError, match="movinet-a0-stream"):
        store.pull("movinet-a0-steam")


@pytest.mark.parametrize("name", ["gestures", "movinet-a6-stream"])
def test_models_that_no_store_holds_are_suggested_too(store, name):
    with pytest.raises(UnknownModelError, match=name):
        store.pull(name.replace("r", "", 1))


def test_weights_that_changed_since_are_refused(store):
    store.add("tiny", random_weights())
    path = store.folder("tiny") / "weights.safetensors"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    with pytest.raises(WeightsError, match=r"changed since it was stored.*models rm tiny"):
        store.load("tiny")


def test_a_corrupt_record_is_refused_and_can_be_removed(store):
    store.add("tiny", random_weights())
    (store.folder("tiny") / "record.json").write_bytes(b"{}")
    with pytest.raises(WeightsError, match="models rm tiny"):
        store.info("tiny")
    store.remove("tiny")


def test_what_a_broken_removal_left_does_not_block_the_name(store):
    store.add("tiny", random_weights())
    (store.folder("tiny") / "record.json").unlink()
    store.add("tiny", random_weights(seed=1))
    assert store.names() == ["tiny"]


def test_a_failed_addition_leaves_nothing(store):
    broken = random_weights()
    object.__setattr__(broken, "tensors", {})
    with pytest.raises(WeightsError):
        store.add("tiny", broken)
    assert list((store.root / "models").iterdir()) == []


def test_a_store_that_cannot_be_written_is_an_output_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        Store(tmp_path / "file").add("tiny", random_weights())


def test_import_keeps_source_and_labels(store, tmp_path):
    path = tmp_path / "m.safetensors"
    save_model(path, random_weights(labels=False))
    labels = NAMES
    record = store.import_file(path, "mine", labels=labels)
    assert record.source == str(path)
    assert store.load("mine").labels == labels
    with pytest.raises(LabelsError):
        store.import_file(path, "other", labels=("a",))


def test_import_of_a_checkpoint_takes_an_architecture(store, tmp_path):
    write_bundle(tmp_path / "ckpt-1", as_checkpoint(random_tensors(TINY_STREAM)))
    store.import_file(tmp_path / "ckpt-1.index", "mine", architecture=TINY_STREAM)
    assert store.load("mine").architecture == TINY_STREAM


def test_weights_may_not_hide_another_architecture(store, tmp_path, monkeypatch):
    save_model(tmp_path / "m.safetensors", random_weights())
    for name in ("movinet-a0-stream", "c3d"):  # published, and not
        with pytest.raises(OptionError, match=rf"name of a {name}.*tiny-stream.*another name"):
            store.import_file(tmp_path / "m.safetensors", name)
    assert store.names() == []
    entry = Published(
        architecture="tiny-stream", files=(PublishedFile(url="https://host/tiny.tar.gz"),)
    )
    monkeypatch.setattr(store_module, "PUBLISHED", {"tiny": entry})
    assert store.import_file(tmp_path / "m.safetensors", "tiny").name == "tiny"


def test_pull_fetches_checks_and_stores(store, published):
    calls = []
    record = store.pull("tiny", progress=lambda *call: calls.append(call))
    assert record.source == published.url("/tiny.tar.gz")
    size = len(published.files["/tiny.tar.gz"].content)
    assert calls[-1] == (size, size)
    loaded = store.load("tiny")
    assert loaded.labels == NAMES
    assert loaded.provenance["source"] == record.source
    assert not (store.root / "downloads" / "tiny.tar.gz").exists()


def test_pull_of_a_stored_model_asks_nobody(store, published):
    first = store.pull("tiny")
    published.requests.clear()
    assert store.pull("tiny") == first
    assert published.requests == []


def test_pull_uses_a_file_that_was_put_in_place_by_hand(store, published):
    content = published.files.pop("/tiny.tar.gz").content
    with pytest.raises(DownloadError) as caught:
        store.pull("tiny")
    place = str(caught.value).rpartition("put it at ")[2]
    assert place.endswith("tiny.tar.gz")
    Path(place).write_bytes(content)
    assert store.pull("tiny").architecture == "tiny-stream"


def test_the_checksum_of_the_first_pull_holds_ever_after(store, published, tmp_path):
    store.pull("tiny")
    store.remove("tiny")
    write_bundle(tmp_path / "ckpt-1", as_checkpoint(random_tensors(TINY_STREAM, seed=9)))
    with tarfile.open(tmp_path / "other.tar.gz", "w:gz") as tar:
        for path in tmp_path.glob("ckpt-1.*"):
            tar.add(path, path.name)
    published.files["/tiny.tar.gz"] = File((tmp_path / "other.tar.gz").read_bytes())
    with pytest.raises(DownloadError, match="has changed"):
        store.pull("tiny")
    assert "tiny" not in store


def test_a_corrupt_archive_is_discarded_and_not_trusted(store, published):
    good = published.files["/tiny.tar.gz"].content
    published.files["/tiny.tar.gz"] = File(b"<html>log in to the network</html>")
    with pytest.raises(WeightsError, match="cannot unpack"):
        store.pull("tiny")
    published.files["/tiny.tar.gz"] = File(good)
    assert store.pull("tiny").name == "tiny"


def test_processes_that_pull_the_same_model_share_one_download(store, published):
    published.files["/tiny.tar.gz"].chunk_pause_s = 0.1
    code = f"""
import pathlib, sys
from streamrec.weights import store as s
from streamrec.weights.published import Published, PublishedFile
from tests.weights.tiny import TINY_STREAM
s.architecture = lambda name: TINY_STREAM
file = PublishedFile(url={published.url("/tiny.tar.gz")!r})
entry = Published(architecture="tiny-stream", files=(file,))
print(s.Store(pathlib.Path({str(store.root)!r})).pull_from(entry, "tiny").sha256)
"""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", code]
    env = os.environ | {"PYTHONPATH": str(root / "tests")}
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env=env)
        for _ in range(3)
    ]
    printed = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert printed == {store.info("tiny").sha256}
    assert len(published.requests) == 1


def test_every_published_model_is_of_a_registered_architecture():
    from streamrec.models.registry import architecture

    assert len(PUBLISHED) == 12 + 3 + 6 + 4 + 16
    for name, entry in PUBLISHED.items():
        assert architecture(entry.architecture).name == name
        assert all(file.url.startswith("https://") for file in entry.files)


def test_the_architecture_is_read_without_the_weights(store):
    store.add("tiny", random_weights())
    assert store.architecture("tiny") == TINY_STREAM
    with pytest.raises(UnknownModelError):
        store.architecture("other")
