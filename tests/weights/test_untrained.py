"""Models without training."""

import numpy as np
import pytest
import torch

from streamrec.build import network
from streamrec.models.registry import ARCHITECTURES
from streamrec.weights.untrained import untrained
from tests.weights.tiny import TINY


@pytest.fixture(scope="module")
def clip():
    return torch.rand(1, 4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("architecture", TINY, ids=lambda architecture: architecture.name)
def test_every_block_contributes(architecture, clip):
    model = network(untrained(architecture))
    with torch.no_grad():
        before = model(clip)
        for block in model.blocks:
            block.residual_scale.mul_(2.0)
            after = model(clip)
            assert (after - before).abs().max() > 1e-4
            before = after


@pytest.mark.parametrize("size", ["t0", "a0", "a5"])
def test_scores_are_numbers_however_deep_the_network(size, clip):
    with torch.no_grad():
        logits = network(untrained(ARCHITECTURES[f"movinet-{size}-stream"]))(clip)
    assert logits.isfinite().all()
    assert 1e-3 < logits.std() < 1e3


def test_the_same_seed_gives_the_same_weights():
    one, same, other = (untrained(TINY[0], seed) for seed in (1, 1, 2))
    name = "stem.conv.weight"
    np.testing.assert_array_equal(one.tensors[name], same.tensors[name])
    assert (one.tensors[name] != other.tensors[name]).any()
