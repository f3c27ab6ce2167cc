"""Models without training."""

import numpy as np
import pytest
import torch

from streamrec.build import network
from streamrec.models.build import build
from streamrec.models.clip_registry import CLIP_ARCHITECTURES
from streamrec.models.registry import ARCHITECTURES
from streamrec.weights.network_shapes import takes_pictures_of
from streamrec.weights.untrained import untrained
from tests.weights.tiny import TINY

ONE_OF_EACH_FAMILY = {record.family: record for record in CLIP_ARCHITECTURES.values()}
QUICK = ONE_OF_EACH_FAMILY | {
    "x3d": CLIP_ARCHITECTURES["x3d-xs"],
    "mobilenet3d": CLIP_ARCHITECTURES["mobilenet3d-v2-0.2"],
}
del QUICK["two_stream_i3d"]  # two networks that are here already


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


def moving(record, speed):
    """A clip of a moving pattern, as small as the network takes it; values are those of colours."""
    preprocessing = record.preprocessing
    side = (record.flow or preprocessing).height
    size = next(size for size in (64, 112, side) if takes_pictures_of(record, size))
    channels = 3 if record.flow is None else 5 if record.flow.colors else 2
    t, c, y, x = np.ogrid[: record.min_frames, :channels, :size, :size]
    wave = np.sin(0.05 * x + 0.1 * y + speed * t + c) / max(preprocessing.std)
    return torch.from_numpy(wave.astype(np.float32))[None]


@torch.inference_mode()
@pytest.mark.parametrize("record", QUICK.values(), ids=lambda record: record.family)
def test_clip_models_tell_one_clip_from_another(record):
    model = build(record).eval()
    tensors = {n: torch.from_numpy(x) for n, x in untrained(record).tensors.items()}
    assert not model.load_state_dict(tensors, strict=False).unexpected_keys
    still, moved = (model(moving(record, speed)) for speed in (0.0, 0.5))
    assert still.isfinite().all()
    assert 1e-2 < still.std() < 1e3
    if record.min_frames > 1:
        assert (still - moved).abs().max() > 1e-2 * still.std()


def test_the_same_seed_gives_the_same_weights():
    one, same, other = (untrained(TINY[0], seed) for seed in (1, 1, 2))
    name = "stem.conv.weight"
    np.testing.assert_array_equal(one.tensors[name], same.tensors[name])
    assert (one.tensors[name] != other.tensors[name]).any()
