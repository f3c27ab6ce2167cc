"""Tests of networks for clips from the files of networks for pictures."""

import numpy as np
import pytest

from streamrec.errors import OptionError, WeightsError
from streamrec.models.registry import ARCHITECTURES
from streamrec.weights.load import load_weights
from streamrec.weights.store import Store
from tests.weights.torch_writer import state_dict, write

TARGET = ARCHITECTURES["mobilenet3d-v2-1.0"]


@pytest.fixture
def pictures(tmp_path):
    """The file of a network for pictures."""
    return write(tmp_path / "mobilenet_v2.pth", state_dict(ARCHITECTURES["mobilenet-v2"]))


def test_kernels_are_spread_over_time(pictures):
    flat = load_weights(pictures, ARCHITECTURES["mobilenet-v2"]).tensors
    inflated = load_weights(pictures, TARGET, inflate=True)
    assert inflated.tensors["classifier.1.bias"].shape == (600,)
    kernel = inflated.tensors["features.0.0.weight"]
    np.testing.assert_allclose(kernel.sum(2), flat["features.0.0.weight"], rtol=1e-6)


def test_pictures_are_as_the_flat_network_saw_them_but_of_the_size_of_the_other(pictures):
    weights = load_weights(pictures, TARGET, inflate=True)
    seen, flat = weights.preprocessing, ARCHITECTURES["mobilenet-v2"].preprocessing
    assert (seen.color, seen.mean, seen.std) == ("rgb", flat.mean, flat.std)
    assert (seen.height, seen.width) == (112, 112)
    assert weights.architecture.preprocessing == seen


def test_the_store_knows_where_it_comes_from_and_that_it_is_to_be_trained(pictures, tmp_path):
    store = Store(tmp_path / "home")
    record = store.import_file(pictures, "mine", architecture=TARGET, inflate=True)
    assert (record.architecture, record.labelled) == (TARGET.name, False)
    provenance = store.load("mine").provenance
    assert provenance["format"] == "PyTorch, inflated"
    assert provenance["file"] == "mobilenet_v2.pth"
    assert provenance["classifier"] == "random"


@pytest.mark.parametrize("name", [None, "r3d-18", "movinet-a0-base"])
def test_what_to_inflate_to_must_be_said(pictures, name):
    target = None if name is None else ARCHITECTURES[name]
    with pytest.raises(OptionError, match=r"--architecture: one of i3d-rgb, .*mobilenet3d"):
        load_weights(pictures, target, inflate=True)


def test_weights_of_another_network_are_refused(pictures):
    with pytest.raises(WeightsError, match="weights of inception-v1"):
        load_weights(pictures, ARCHITECTURES["i3d-rgb"], inflate=True)
