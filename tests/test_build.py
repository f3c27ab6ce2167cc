import hashlib
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import onnx
import pytest
from support import DATA, random_model, tiny_architecture
from tiny_models import exported, spec, trained, weights

from streamrec import build
from streamrec import exports as exports_module
from streamrec.build import choose_model, load
from streamrec.config import DEFAULT_MODEL, EMBEDDED_MODEL, ModelOptions, WindowOptions
from streamrec.errors import (
    DownloadError,
    ModelError,
    OptionError,
    OutputError,
    RuntimeMissingError,
    StreamrecError,
    UnknownModelError,
    WeightsError,
)
from streamrec.export.write import write_export
from streamrec.exports import EXPORT_REVISION, export
from streamrec.weights import store as store_module
from streamrec.weights.model_file import save_model
from streamrec.weights.published import Published, PublishedFile
from streamrec.weights.store import Store

LABELS = tuple(f"action {letter}" for letter in "abcdefghij")
PICTURE = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch) -> Store:
    monkeypatch.setenv("STREAMREC_HOME", str(tmp_path / "home"))
    return Store()


@pytest.fixture
def tiny(store) -> str:
    store.add("tiny", weights(trained(), LABELS))
    return "tiny"


@pytest.fixture
def embedded(tmp_path, monkeypatch) -> bytes:
    """A stand-in for the embedded model."""
    folder = tmp_path / "package" / "assets"
    folder.mkdir(parents=True)
    content = exported(trained(positional=True))
    (folder / f"{EMBEDDED_MODEL}.onnx").write_bytes(content)
    monkeypatch.setattr(build, "files", lambda _package: folder.parent)
    return content


def says(recognizer) -> np.ndarray:
    return recognizer.stream().push(PICTURE, 0.0).raw


def test_a_stored_model_is_loaded_by_its_name(tiny):
    recognizer = load(tiny)
    assert recognizer.name == recognizer.spec.name == "tiny"
    assert recognizer.labels == LABELS
    assert recognizer.spec.fps == 5.0


def test_torch_and_onnx_load_the_same_model(tiny):
    one, other = load(tiny, runtime="torch", device="cpu"), load(tiny, runtime="onnx")
    assert one.spec == other.spec
    np.testing.assert_allclose(says(one), says(other), atol=1e-5)


@pytest.mark.parametrize("runtime", ["torch", "onnx", "native"])
def test_a_model_of_several_labels_gives_each_its_own_probability(tmp_path, runtime):
    path = tmp_path / "mine.safetensors"
    save_model(path, replace(weights(trained(), LABELS), multi_label=True))
    several = load(str(path), runtime=runtime)
    save_model(path, weights(trained(), LABELS))
    one = says(load(str(path), runtime=runtime))
    odds = (said := says(several)) / (1 - said)
    assert several.spec.multi_label
    np.testing.assert_allclose(odds / odds.sum(), one, atol=1e-4)
    assert abs(said.sum() - 1) > 0.1


def exports(folder) -> dict:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.onnx")}


def test_the_export_is_kept_beside_the_weights_and_used_again(tiny, store):
    load(tiny)
    before = exports(store.root)
    assert len(before) == 1
    assert next(iter(before)).parent == store.folder(tiny)
    load(tiny)
    assert exports(store.root) == before


def test_other_weights_under_the_same_name_are_exported_anew(tiny, store):
    first = says(load(tiny))
    store.remove(tiny)
    store.add(tiny, weights(random_model(tiny_architecture()), LABELS))
    assert np.abs(says(load(tiny)) - first).max() > 1e-6


def test_a_weights_file_is_loaded_by_its_path_and_renewed_when_it_changes(tmp_path, store):
    path = tmp_path / "mine.v2.safetensors"
    save_model(path, weights(trained(), LABELS))
    recognizer = load(str(path))
    assert recognizer.name == "mine.v2"
    first = says(recognizer)
    load(str(path))
    assert len(exports(store.root)) == 1
    save_model(path, weights(random_model(tiny_architecture()), LABELS))
    assert np.abs(says(load(str(path))) - first).max() > 1e-6
    assert len(exports(store.root)) == 2


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    path = tmp_path / "mine.safetensors"
    save_model(path, weights(trained()))
    monkeypatch.setenv("STREAMREC_HOME", str(path / "home"))
    with pytest.raises(OutputError, match="cannot write") as caught:
        load(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "ckpt-1", "ckpt-1.index"])
def test_a_checkpoint_is_loaded_by_its_folder_its_index_or_its_prefix(tmp_path, store, name):
    folder = tmp_path / "checkpoint-of-mine"
    shutil.copytree(DATA / "movinet_tiny" / "stream", folder, ignore=lambda *_: ["backbone"])
    with pytest.raises(WeightsError, match="architecture"):
        load(str(folder / name), runtime="onnx")  # found and read; its form is no published one
    assert exports(store.root) == {}


def test_a_copy_under_another_name_is_known_by_that_name(tmp_path):
    for name in ("one", "two"):
        path = tmp_path / f"{name}.safetensors"
        save_model(path, weights(trained()))
        assert load(str(path)).spec.name == name


def test_classes_without_names_are_called_by_their_numbers(store):
    store.add("tiny", weights(trained()))
    assert load("tiny").labels == tuple("0123456789")


def test_an_exported_file_is_run_as_it_is(tmp_path, store):
    path = tmp_path / "model.onnx"
    path.write_bytes(exported(trained()))
    recognizer = load(str(path))
    assert recognizer.name == "model"
    assert exports(store.root) == {}
    with pytest.raises(RuntimeMissingError, match="take --runtime onnx"):
        load(str(path), runtime="torch")


@pytest.mark.parametrize(
    "name", ["missing.onnx", "missing.safetensors", "folder/missing", "x.tflite"]
)
@pytest.mark.parametrize("runtime", ["onnx", "torch"])
def test_a_missing_file_is_one_line_with_its_path(tmp_path, store, name, runtime):
    with pytest.raises(ModelError) as caught:
        load(str(tmp_path / name), runtime=runtime)
    assert "\n" not in str(caught.value)
    assert name.split("/")[-1] in str(caught.value)
    assert not store.root.exists()


@pytest.mark.parametrize("name", ["text.onnx", "text.safetensors", "text.tar.gz", "text.tflite"])
def test_a_file_that_is_no_model_is_one_line_with_its_path(tmp_path, name):
    path = tmp_path / name
    path.write_text("this is no model\n" * 100)
    with pytest.raises(WeightsError, match=name) as caught:
        load(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "no model", "../tiny", "TINY", "tinny"])
def test_an_unknown_name_is_refused(tiny, name):
    with pytest.raises(StreamrecError) as caught:
        load(name)
    assert caught.value.exit_code == 4
    assert "\n" not in str(caught.value)


def test_an_unknown_name_suggests_stored_and_published_ones(tiny):
    with pytest.raises(UnknownModelError, match="did you mean tiny"):
        load("tinny")
    with pytest.raises(UnknownModelError, match="movinet-a0-stream"):
        load("movinet-a0-steam")


def test_options_that_are_not_allowed_are_refused(tiny):
    with pytest.raises(OptionError, match="--runtime is one of"):
        load(tiny, runtime="tensorrt")
    with pytest.raises(OptionError, match="--threads is at least 1"):
        load(tiny, threads=0)


def test_weights_whose_size_is_not_their_architectures_are_refused(store):
    odd = weights(trained())
    store.add("odd", replace(odd, preprocessing=replace(odd.preprocessing, height=64)))
    with pytest.raises(ModelError, match="frame") as caught:
        load("odd")
    assert "\n" not in str(caught.value)
    assert exports(store.root) == {}


def watched(recognizer, count: int = 12) -> np.ndarray:
    """What a model says of a moving pattern, its last answer included."""
    stream = recognizer.stream(predict="grid")
    pictures = (np.roll(PICTURE, i, axis=1) for i in range(count))
    answers = [stream.push(picture, i / 5) for i, picture in enumerate(pictures)]
    return np.stack([answer.raw for answer in [*answers, stream.finish()] if answer is not None])


def test_a_base_model_sees_windows_by_onnx_and_by_torch(store):
    store.add("tiny-base", weights(trained("base"), LABELS))
    one, other = (
        load("tiny-base", runtime=runtime, device="cpu", hop=4) for runtime in ("auto", "torch")
    )
    assert one.spec == other.spec
    assert one.spec.windowed
    assert "ONNX Runtime" in one.engine
    assert len(watched(one)) == 3
    np.testing.assert_allclose(watched(one), watched(other), atol=1e-5)


def test_window_hop_and_stride_are_the_callers(store):
    store.add("tiny-base", weights(trained("base"), LABELS))
    for runtime in ("onnx", "torch"):
        recognizer = load("tiny-base", runtime=runtime, window=6, hop=3, clip_stride=2)
        assert recognizer.spec.clip_frames == recognizer.spec.warmup_frames == 6
        assert recognizer.spec.fps == 2.5
        assert "every 3" in recognizer.engine


@pytest.mark.parametrize("choices", [{"runtime": "native"}, {"precision": "bf16"}])
def test_the_native_runtime_sees_no_windows(store, choices):
    store.add("tiny-base", weights(trained("base"), LABELS))
    with pytest.raises(OptionError, match="sees windows"):
        load("tiny-base", **choices)


def test_an_exported_clip_model_runs_as_the_named_one(store, tmp_path):
    store.add("tiny-base", weights(trained("base"), LABELS))
    report = export("tiny-base", tmp_path / "mine.onnx")
    exported_one, named = load(str(report.path)), load("tiny-base")
    assert exported_one.name == "mine"
    np.testing.assert_array_equal(watched(exported_one), watched(named))


def test_what_steps_takes_no_window(tiny, tmp_path):
    for choices in ({"window": 8}, {"hop": 2}, {"clip_stride": 2}):
        with pytest.raises(OptionError, match="takes one frame after another"):
            load(tiny, **choices)
    with pytest.raises(OptionError, match="has no window"):
        export(tiny, tmp_path / "a.onnx", window=8)


@pytest.mark.parametrize(
    "choices", [{"window": 16.5}, {"window": True}, {"hop": "4"}, {"threads": 2.0}], ids=str
)
def test_an_option_of_another_type_is_refused(store, choices):
    store.add("tiny-base", weights(trained("base"), LABELS))
    (name,) = choices
    with pytest.raises(OptionError, match=f"{name} is int"):
        load("tiny-base", **choices)


def test_random_weights_are_told_and_stay_known_in_an_export(store, tmp_path, tiny):
    path = export("untrained:mobilenet3d-v2-0.2", tmp_path / "a.onnx", window=2).path
    for name in ("untrained:mobilenet3d-v2-0.2", str(path)):
        notices = []
        windows = WindowOptions(window=2)
        recognizer = choose_model(ModelOptions(model=name), windows, notices.append)
        assert not recognizer.spec.trained
        (notice,) = notices
        assert "random weights" in notice
    assert load(tiny).spec.trained


class TestUntrained:
    name = "untrained:mobilenet3d-v2-0.2"

    def test_an_architecture_runs_with_random_weights(self, store):
        recognizer = load(self.name, window=4)
        assert recognizer.name == self.name
        assert recognizer.spec.clip_frames == 4
        assert np.ptp(watched(recognizer)) > 0

    def test_torch_and_onnx_have_the_same_random_weights(self):
        one, other = (load(self.name, runtime=runtime, window=4) for runtime in ("onnx", "torch"))
        np.testing.assert_allclose(watched(one), watched(other), atol=1e-5)

    def test_its_export_is_kept_by_window(self, store):
        load(self.name, window=4)
        before = exports(store.root)
        load(self.name, window=4)
        assert exports(store.root) == before
        load(self.name, window=5)
        assert len(exports(store.root)) == 2

    def test_an_export_takes_its_own_window_only(self, tmp_path):
        path = export(self.name, tmp_path / "a.onnx", window=4).path
        assert load(str(path), window=4).spec.clip_frames == 4
        with pytest.raises(OptionError, match="exported for clips of 4 frames, got --window 6"):
            load(str(path), window=6)

    @pytest.mark.parametrize("runtime", ["onnx", "torch"])
    def test_a_window_that_the_network_does_not_take_is_refused(self, runtime):
        with pytest.raises(OptionError, match="--window of c3d is 9 to 16 frames, got 20"):
            load("untrained:c3d", window=20, runtime=runtime)

    def test_an_unknown_architecture_is_refused(self):
        with pytest.raises(UnknownModelError, match="x3d-m"):
            load("untrained:x3d-n")


def test_an_ensembles_members_are_all_loaded(store, monkeypatch):
    store.add("one", weights(trained(), LABELS))
    store.add("two", weights(trained(positional=True), LABELS))
    for module in (build, exports_module):
        monkeypatch.setattr(module, "ENSEMBLES", {"both": ("one", "two")})
    expected = (says(load("one")) + says(load("two"))) / 2
    np.testing.assert_allclose(says(load("both")), expected, atol=1e-6)
    with pytest.raises(ModelError, match="export one and two"):
        export("both", store.root / "both.onnx")


@pytest.mark.parametrize("family", ["stream", "base"])
def test_a_model_is_exported_as_what_it_is(tmp_path, store, family):
    store.add("tiny", weights(trained(family), LABELS))
    report = export("tiny", tmp_path / "tiny.onnx")
    assert ("frame" if family == "stream" else "clip") in report.inputs
    assert load(str(report.path)).spec.windowed == (family == "base")


def test_the_embedded_model_is_the_default(embedded):
    assert load().name == EMBEDDED_MODEL
    with pytest.raises(RuntimeMissingError, match="gestures is an ONNX file"):
        load(runtime="torch")


@pytest.fixture
def unreachable(monkeypatch) -> None:
    """The default model is published where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    published = Published(
        architecture=DEFAULT_MODEL,
        files=(PublishedFile(url=f"http://127.0.0.1:{port}/model.tar.gz"),),
        labels="kinetics600",
    )
    monkeypatch.setattr(store_module, "PUBLISHED", MappingProxyType({DEFAULT_MODEL: published}))


def test_where_nothing_can_be_fetched_the_embedded_model_runs_with_one_notice(
    embedded, unreachable
):
    notices = []
    recognizer = choose_model(ModelOptions(), WindowOptions(), notices.append)
    assert recognizer.name == EMBEDDED_MODEL
    (notice,) = notices
    assert "\n" not in notice
    assert DEFAULT_MODEL.replace("-", "_")[:7] in notice or "model.tar.gz" in notice
    assert EMBEDDED_MODEL in notice


def test_a_model_that_was_asked_for_is_not_replaced(embedded, unreachable):
    notices = []
    with pytest.raises(DownloadError):
        choose_model(ModelOptions(model=DEFAULT_MODEL), WindowOptions(), notices.append)
    assert notices == []


def test_the_default_model_runs_where_it_is_stored(store, embedded, unreachable):
    store.add(DEFAULT_MODEL, weights(trained(), LABELS))
    notices = []
    assert choose_model(ModelOptions(), WindowOptions(), notices.append).name == DEFAULT_MODEL
    assert notices == []


def test_with_a_kept_export_run_does_not_import_torch(tiny, store):
    load(tiny)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    source = "synthetic:?width=32&height=32&seconds=1"
    command = ["run", "--source", source, "--model", tiny, "--publish", endpoint, "--json"]
    program = (
        "import sys\nfrom streamrec.cli import main\ncode = main(sys.argv[1:])\n"
        "assert 'torch' not in sys.modules and 'onnx' not in sys.modules\nraise SystemExit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *command],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "STREAMREC_HOME": str(store.root)},
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 30


def test_a_damaged_export_in_the_cache_is_written_again(tiny, store):
    expected = says(load(tiny))
    (cached,) = store.folder(tiny).glob("*.onnx")
    cached.write_bytes(cached.read_bytes()[:1000])
    np.testing.assert_array_equal(says(load(tiny)), expected)


def test_exports_of_earlier_revisions_are_removed(tiny, store, monkeypatch):
    load(tiny)
    (old,) = store.folder(tiny).glob("*.onnx")
    monkeypatch.setattr(exports_module, "EXPORT_REVISION", EXPORT_REVISION + 1)
    load(tiny)
    (new,) = store.folder(tiny).glob("*.onnx")
    assert new != old


def test_exports_of_newer_versions_and_files_in_the_making_stay(tiny, store):
    folder = store.folder(tiny)
    load(tiny)
    (export,) = folder.glob("*.onnx")
    checksum = export.stem.split("-")[0]
    kept = [folder / f"{checksum}-999.onnx", folder / f".{export.name}-1.tmp.onnx"]
    for path in kept:
        path.touch()
    export.unlink()
    load(tiny)
    assert export.exists()
    assert all(path.exists() for path in kept)


def test_the_graph_is_the_one_that_the_revision_stands_for(tmp_path):
    """If this fails, the exporter writes other graphs: raise EXPORT_REVISION, and the digest."""
    model, clips = random_model(tiny_architecture(positional=True)), tmp_path / "clips.onnx"
    write_export(model, spec(model), {}, tmp_path / "tiny.onnx")
    export("untrained:mobilenet3d-v2-0.2", clips, window=3)
    digests = (digest(tmp_path / "tiny.onnx"), digest(clips))
    assert (EXPORT_REVISION, *digests) == (4, "8ed22c1479285273", "dde5b2d706a703de")


def digest(path) -> str:
    graph = onnx.load(path).graph
    nodes = [
        (node.op_type, [*node.input], [(a.name, a.i, [*a.ints], a.f) for a in node.attribute])
        for node in graph.node
    ]
    shapes = [(weight.name, [*weight.dims]) for weight in graph.initializer]
    return hashlib.sha256(repr((nodes, shapes)).encode()).hexdigest()[:16]


def test_a_file_that_is_onnx_already_is_not_exported(tmp_path):
    for name in (EMBEDDED_MODEL, str(tmp_path / "a.onnx")):
        with pytest.raises(ModelError, match="ONNX file already"):
            export(name, tmp_path / "b.onnx")
