"""The models that benchmarks run on."""

from importlib import import_module

import pytest


@pytest.fixture
def models():
    return import_module("models")


def test_no_block_of_a_random_network_is_idle(models):
    network = models.network(models.random_weights("movinet-t0-stream"))
    assert all(block.residual_scale.item() != 0 for block in network.blocks)


def test_a_model_is_exported_once_and_its_weights_are_read_on_demand(models, tmp_path):
    first = models.random_model("movinet-t0-stream", tmp_path, image_size=32)
    assert first.spec.preprocessing.height == 32
    written = first.path.stat().st_mtime_ns
    again = models.random_model("movinet-t0-stream", tmp_path, image_size=32)
    assert again.path.stat().st_mtime_ns == written
    assert "weights" not in vars(again)
    assert again.spec == first.spec
