"""The same weights, with running means that forget sooner or later."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_models import exported, trained, weights

from streamrec.config import ModelOptions
from streamrec.errors import OptionError
from streamrec.evaluation.live_horizons import load_variants
from streamrec.weights.model_file import save_model

ONNX = ModelOptions(runtime="onnx")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Models of this test, and what is made of them."""
    folder = tmp_path_factory.mktemp("live")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STREAMREC_HOME", str(folder / "home"))
        yield folder


def model_file(folder: Path, family: str = "stream", horizon: int | None = 16) -> str:
    """A tiny model as a file of weights."""
    model, path = weights(trained(family)), folder / f"{family}-{horizon}.safetensors"
    save_model(path, replace(model, architecture=replace(model.architecture, horizon=horizon)))
    return str(path)


def test_each_horizon_is_the_model_that_forgets_then(folder):
    settings = ["half", "own", "none"]
    variants = load_variants(model_file(folder), settings, ONNX)
    assert [variant.setting for variant in variants] == settings
    assert [variant.horizon for variant in variants] == [8, 16, None]
    assert [variant.recognizer.spec.horizon for variant in variants] == [8, 16, None]
    assert {variant.recognizer.name for variant in variants} == {"stream-16"}
    streams = [variant.recognizer.stream(predict="grid") for variant in variants]
    pictures = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)
    said = [[s.push(picture, i / 5).raw for s in streams] for i, picture in enumerate(pictures)]
    like_never = [[np.allclose(raw, all_[-1], atol=1e-6) for raw in all_] for all_ in said]
    assert like_never == [[i < 8, i < 16, True] for i in range(20)]


def test_equal_horizons_are_measured_once(folder):
    variants = load_variants(model_file(folder), ["own", "16", "8", "half"], ONNX)
    assert [(v.setting, v.horizon) for v in variants] == [("own", 16), ("8", 8)]


def test_a_model_that_never_forgets_has_no_half(folder):
    file = model_file(folder, horizon=None)
    assert [v.horizon for v in load_variants(file, ["half", "own", "none"], ONNX)] == [None]
    assert [v.setting for v in load_variants(file, ["half"], ONNX)] == ["own"]


@pytest.mark.parametrize("kind", ["windows", "exported"])
def test_a_model_whose_horizon_cannot_be_set_is_measured_as_it_is(folder, kind):
    file = folder / "tiny.onnx"
    if kind == "windows":
        file = model_file(folder, "base")
    else:
        file.write_bytes(exported(trained("stream")))
    (variant,) = load_variants(str(file), ["half", "none"], ONNX)
    assert (variant.setting, variant.horizon) == ("own", None if kind == "windows" else 16)


@pytest.mark.parametrize("setting", ["twice", "0", "-3", "2.5"])
def test_a_horizon_that_is_none_is_refused_before_the_model_is_loaded(setting):
    with pytest.raises(OptionError, match=f"--horizons are frames, or .*; got '{setting}'"):
        load_variants("no-such-model", [setting], ONNX)
