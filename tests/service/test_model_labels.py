"""What is known of models that are neither fetched nor loaded."""

from importlib.resources import files

import pytest
from tiny_models import trained, weights

from streamrec.errors import ModelError, OptionError, UnknownModelError
from streamrec.service.camera import make_camera
from streamrec.service.event_values import EventValues
from streamrec.service.model_labels import labels_at_hand, require_model
from streamrec.weights.model_file import save_model
from streamrec.weights.store import Store

GESTURES = files("streamrec") / "assets" / "gestures.onnx"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("STREAMREC_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("name", "count", "label"),
    [
        ("gestures", 10, "still"),
        (str(GESTURES), 10, "still"),
        ("movinet-a0-stream", 600, "arm wrestling"),
        ("movinet-a6-stream", 600, "arm wrestling"),
        ("untrained:x3d-m", 400, "399"),
    ],
)
def test_labels_are_known_of_what_is_embedded_exported_or_published(name, count, label):
    labels = labels_at_hand(name)
    assert len(labels) == count and label in labels


def test_labels_are_known_of_what_is_stored_or_a_file_of_ours(tmp_path):
    network = trained()
    labels = tuple(f"label {n}" for n in range(network.architecture.classes))
    Store().add("mine", weights(network, labels))
    save_model(tmp_path / "nameless.safetensors", weights(network))
    assert labels_at_hand("mine") == labels
    numbers = labels_at_hand(str(tmp_path / "nameless.safetensors"))
    assert numbers == tuple(str(n) for n in range(len(labels)))


def test_labels_of_other_files_and_of_models_without_names_are_not_known(tmp_path):
    (tmp_path / "model.pt").touch()
    (tmp_path / "checkpoint.index").touch()
    for name in (tmp_path / "model.pt", tmp_path / "checkpoint", "mobilenet-v2"):
        assert labels_at_hand(str(name)) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gesture", "did you mean"),
        ("untrained:nonsense", "nonsense"),
        ("c3d", "no weights of c3d are published"),
        ("none.onnx", "there is no file none.onnx"),
        ("a/none.pt", "there is no file"),
        (__file__ + ".onnx", "there is no file"),
    ],
)
def test_a_model_that_is_not_there_is_an_error(name, words):
    with pytest.raises(ModelError, match=words):
        labels_at_hand(name)


@pytest.mark.parametrize("name", ["model.onnx", "model.safetensors"])
def test_a_file_that_is_no_model_is_an_error(tmp_path, name):
    (tmp_path / name).write_bytes(b"nothing of the kind")
    with pytest.raises(ModelError, match=name):
        labels_at_hand(str(tmp_path / name))


def camera(model, *allow):
    events = EventValues(allow=allow)
    return make_camera("door", {"source": "0", "model": model, "events": events})


def test_rules_of_events_are_those_of_the_model():
    require_model(camera("gestures", "still", "sw*"))
    with pytest.raises(OptionError, match="'stil' is no label of the model; did you mean 'still'"):
        require_model(camera("gestures", "stil"))
    with pytest.raises(UnknownModelError):
        require_model(camera("nonsense", "still"))
