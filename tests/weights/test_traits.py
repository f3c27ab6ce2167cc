"""How a model was trained, as whoever imports it states it."""

from dataclasses import replace

import pytest

from streamrec.errors import OptionError
from streamrec.models.registry import ARCHITECTURES
from streamrec.types import FlowInput
from streamrec.weights.load import load_weights
from streamrec.weights.model_file import save_model
from streamrec.weights.store import Store
from streamrec.weights.traits import with_traits
from streamrec.weights.untrained import untrained
from tests.weights.bundle_writer import write_bundle
from tests.weights.tiny import (
    TINY_BASE,
    TINY_MOBILE,
    TINY_STREAM,
    as_checkpoint,
    random_tensors,
    random_weights,
)


def test_what_is_set_stands_in_the_record_and_the_rest_stays():
    weights = random_weights()
    changed = with_traits(weights, {"gate": "sigmoid", "head_activation": "relu6", "fps": 12.0})
    assert changed.architecture == replace(
        TINY_STREAM, gate="sigmoid", head_activation="relu6", fps=12.0
    )
    assert changed.preprocessing == weights.preprocessing
    assert changed.tensors is weights.tensors


def test_pictures_become_as_large_as_the_input():
    changed = with_traits(random_weights(), {"image_size": 48})
    assert changed.architecture.image_size == 48
    assert (changed.preprocessing.height, changed.preprocessing.width) == (48, 48)


def test_a_clip_model_sees_the_same_part_of_the_picture_at_another_size():
    changed = with_traits(untrained(ARCHITECTURES["mc3-18"]), {"image_size": 56, "fps": 30.0})
    assert (changed.preprocessing.height, changed.preprocessing.width) == (56, 56)
    assert changed.preprocessing.resized == (64, 86)
    assert changed.architecture.preprocessing == changed.preprocessing
    assert changed.architecture.fps == 30.0


def test_flow_is_computed_on_a_picture_of_another_size():
    changed = with_traits(untrained(ARCHITECTURES["i3d-flow"]), {"image_size": 336})
    assert changed.architecture.flow == FlowInput(height=336, width=336)
    assert (changed.preprocessing.height, changed.preprocessing.width) == (384, 384)


@pytest.mark.parametrize("name", ["s3d", "x3d-xs", "i3d-flow"])
def test_pictures_too_small_for_a_network_are_refused(name):
    seen = {"s3d": 224, "x3d-xs": 182, "i3d-flow": 224}[name]
    with pytest.raises(OptionError, match=f"{name} sees {seen} pixels and cannot see 112"):
        with_traits(untrained(ARCHITECTURES[name]), {"image_size": 112})


@pytest.mark.parametrize("horizon", [7, None])
def test_a_horizon_may_be_none(horizon):
    assert with_traits(random_weights(), {"horizon": horizon}).architecture.horizon == horizon


def test_the_provenance_keeps_what_was_set():
    provenance = with_traits(random_weights(), {"gate": "sigmoid", "horizon": None}).provenance
    assert provenance == {"made": "by a test", "gate": "sigmoid", "horizon": "none"}


@pytest.mark.parametrize(
    "traits",
    [
        {"gate": "gelu"},
        {"head_activation": ""},
        {"image_size": 31},
        {"image_size": 5000},
        {"fps": 0.0},
        {"fps": float("nan")},
        {"horizon": 0},
    ],
)
def test_values_that_make_no_sense_are_refused(traits):
    (name,) = traits
    with pytest.raises(OptionError, match=f"{name} is .*got"):
        with_traits(random_weights(), traits)


@pytest.mark.parametrize(
    ("architecture", "traits"),
    [
        (TINY_BASE, {"horizon": 5}),
        (TINY_MOBILE, {"gate": "sigmoid"}),
        (ARCHITECTURES["mobilenet3d-v2-0.2"], {"horizon": 5}),
        (ARCHITECTURES["mobilenet3d-v2-0.2"], {"head_activation": "relu6"}),
    ],
)
def test_what_an_architecture_does_not_have_cannot_be_set(architecture, traits):
    with pytest.raises(OptionError, match=f"{architecture.name} .* no .*omit it"):
        with_traits(random_weights(architecture), traits)


def test_a_checkpoint_takes_traits(tmp_path):
    write_bundle(tmp_path / "ckpt-1", as_checkpoint(random_tensors(TINY_STREAM)))
    loaded = load_weights(tmp_path / "ckpt-1", TINY_STREAM, traits={"gate": "sigmoid"})
    assert loaded.architecture == replace(TINY_STREAM, gate="sigmoid")


def test_the_same_weights_with_another_gate_are_another_model_to_caches(tmp_path):
    save_model(tmp_path / "m.safetensors", random_weights())
    store = Store(tmp_path / "home")
    store.import_file(tmp_path / "m.safetensors", "one")
    store.import_file(tmp_path / "m.safetensors", "two", traits={"gate": "sigmoid"})
    assert store.info("one").sha256 != store.info("two").sha256
