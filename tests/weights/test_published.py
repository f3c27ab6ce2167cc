"""Tests of what is published, and of pulling it: files of the published layouts, a real server."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from reference_clips import Reference, made_up

from streamrec.errors import DownloadError, WeightsError
from streamrec.models.registry import ARCHITECTURES
from streamrec.weights import store as store_module
from streamrec.weights import transfer
from streamrec.weights.labels import DATA_SETS, embedded_labels
from streamrec.weights.published import PUBLISHED
from streamrec.weights.store import Store
from tests.weights.torch_writer import COUNTER, data_parallel, saved
from tests.weights.web import File, Web


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_model_has_the_labels_of_its_classes(name):
    published, record = PUBLISHED[name], ARCHITECTURES[name]
    assert published.architecture == name
    assert published.labels in (*DATA_SETS, None)
    assert published.labels is None or len(embedded_labels(published.labels)) == record.classes
    assert published.license


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_accuracy_is_a_share(name):
    accuracy = PUBLISHED[name].accuracy
    assert 20 < accuracy.top1 < (accuracy.top5 or 100) <= 100
    assert accuracy.data.startswith(("Kinetics-", "ImageNet-", "Jester"))
    assert accuracy.source


def test_torchvision_states_how_checksums_begin():
    file = PUBLISHED["r3d-18"].files[0]
    assert (file.url, file.sha256) == (
        "https://download.pytorch.org/models/r3d_18-b3b3357e.pth",
        "b3b3357e",
    )


def test_files_without_an_address_are_named_as_on_their_page():
    file = PUBLISHED["mobilenet3d-v2-0.45"].files[0]
    assert file.by_hand == "kinetics_mobilenetv2_0.45x_RGB_16_best.pth"
    file = PUBLISHED["mobilenet3d-v1-2.0-jester"].files[0]
    assert file.by_hand == "jester_mobilenet_2.0x_RGB_16_best.pth"


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "_PAUSE_S", 0.01)
    return Store(tmp_path / "home")


@pytest.fixture
def web():
    with Web() as server:
        yield server


@pytest.fixture
def state(shared):
    """Made-up weights under all names of a published network."""

    def read(reference):
        keys = Reference(shared / "reference" / "clip_models", reference).keys
        return {
            key: torch.from_numpy(np.asarray(made_up(key, shape))) for key, shape in keys.items()
        }

    return read


def serve(web, monkeypatch, name, *contents, checked=True):
    """Publish files on the server in the place of a model's."""
    files = []
    for file, content in zip(PUBLISHED[name].files, contents, strict=True):
        path = "/" + file.url.rpartition("/")[2]
        web.files[path] = File(content)
        start = file.sha256 and hashlib.sha256(content).hexdigest()[: len(file.sha256)]
        files.append(replace(file, url=web.url(path), sha256=start if checked else file.sha256))
    moved = replace(PUBLISHED[name], files=tuple(files))
    monkeypatch.setattr(store_module, "PUBLISHED", {name: moved})


def assert_is_made_up(store, name, prefix=""):
    tensors = {key: x for key, x in store.load(name).tensors.items() if key.startswith(prefix)}
    assert tensors
    for key, value in tensors.items():
        np.testing.assert_array_equal(value, made_up(key.removeprefix(prefix), value.shape))


LAYOUTS = {
    "mobilenet-v2": ("tv_mobilenet_v2_1000", lambda state: saved(state)),
    "inception-v1": ("tv_googlenet_1000", lambda state: saved(state, legacy=True)),
    "x3d-xs": ("x3d_xs_400", lambda state: saved({"model_state": state, "epoch": 299})),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_pull_reads_the_published_layout(store, web, monkeypatch, state, name):
    reference, layout = LAYOUTS[name]
    serve(web, monkeypatch, name, layout(state(reference)))
    record = store.pull(name)
    assert record.architecture == name
    assert_is_made_up(store, name)
    weights = store.load(name)
    assert weights.architecture == ARCHITECTURES[name]
    assert weights.preprocessing == ARCHITECTURES[name].preprocessing
    assert weights.provenance["license"] == PUBLISHED[name].license
    assert weights.provenance["source"] == record.source
    assert list((store.root / "downloads").glob("*.pyth")) == []


def test_a_file_that_does_not_begin_as_its_name_says_is_refused(store, web, monkeypatch):
    serve(web, monkeypatch, "mobilenet-v2", saved({}), checked=False)
    with pytest.raises(DownloadError, match="instead of b0353104"):
        store.pull("mobilenet-v2")
    assert store.names() == []


@pytest.fixture
def streams(state):
    """The two files of the two-stream network, from before there were step counters."""
    return [
        saved({k: x for k, x in state(name).items() if not k.endswith(COUNTER)}, legacy=True)
        for name in ("i3d_rgb_400", "i3d_flow_400")
    ]


def test_pull_puts_two_networks_together(store, web, monkeypatch, streams):
    serve(web, monkeypatch, "i3d-two-stream", *streams)
    record = store.pull("i3d-two-stream")
    for prefix in ("rgb.", "flow."):
        assert_is_made_up(store, "i3d-two-stream", prefix)
    assert record.labelled
    assert record.source.split(" and ") == list(
        map(web.url, ("/rgb_imagenet.pt", "/flow_imagenet.pt"))
    )
    assert record.source_sha256.split() == [hashlib.sha256(x).hexdigest() for x in streams]
    assert list((store.root / "downloads").glob("*.pt")) == []


def test_where_the_second_file_fails_the_first_is_not_fetched_again(
    store, web, monkeypatch, streams
):
    serve(web, monkeypatch, "i3d-two-stream", *streams)
    flow = web.files.pop("/flow_imagenet.pt")
    with pytest.raises(DownloadError, match=r"put it at .*flow_imagenet\.pt"):
        store.pull("i3d-two-stream")
    assert store.names() == []
    web.files["/flow_imagenet.pt"] = flow
    web.requests.clear()
    store.pull("i3d-two-stream")
    assert [path for path, _ in web.requests] == ["/flow_imagenet.pt"]


def test_two_files_of_which_one_is_of_another_network_are_discarded(
    store, web, monkeypatch, streams
):
    serve(web, monkeypatch, "i3d-two-stream", streams[0], streams[0])
    with pytest.raises(WeightsError, match=r"flow\.Conv3d_1a_7x7\.conv3d\.weight is \[64, 3"):
        store.pull("i3d-two-stream")
    assert list((store.root / "downloads").glob("*.pt")) == []


NAME = "mobilenet3d-v2-0.2-jester"


@pytest.fixture
def jester(state):
    """A checkpoint as it lies in the folder."""
    weights = state("mobilenetv2_3d_w0.2_600")
    return saved(
        data_parallel(weights | {k: x[:27] for k, x in weights.items() if "classifier." in k})
    )


def test_what_has_no_address_says_what_to_fetch_from_where(store):
    with pytest.raises(DownloadError) as caught:
        store.pull(NAME)
    message = str(caught.value)
    assert "https://drive.google.com/" in message
    assert str(store.root / "downloads" / "jester_mobilenetv2_0.2x_RGB_16_best.pth") in message
    assert message.endswith(
        "`streamrec models import jester_mobilenetv2_0.2x_RGB_16_best.pth "
        f"--as {NAME} --architecture {NAME} --labels jester`"
    )


def put_at(store):
    with pytest.raises(DownloadError) as caught:
        store.pull(NAME)
    return Path(re.search(r"put it at (.*?), or", str(caught.value))[1])


def test_pull_takes_what_was_fetched_by_hand(store, jester):
    path = put_at(store)
    path.write_bytes(jester)
    assert store.pull(NAME).classes == 27
    assert store.load(NAME).labels == embedded_labels("jester")
    assert not path.exists()


def test_what_was_fetched_by_hand_and_does_not_fit_stays(store, jester):
    path = put_at(store)
    path.write_bytes(jester[:-1000])
    with pytest.raises(WeightsError, match="cut off"):
        store.pull(NAME)
    assert path.exists()
