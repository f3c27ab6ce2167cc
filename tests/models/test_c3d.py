import pytest
import torch
from torch import nn

from streamrec.models.build import build, build_shapes
from streamrec.models.c3d import C3D
from streamrec.models.clip_registry import CLIP_ARCHITECTURES

RECORD = CLIP_ARCHITECTURES["c3d"]


@pytest.fixture
def shapes() -> nn.Module:
    """The network without its numbers, so that clips cost nothing."""
    return build_shapes(RECORD).eval()


def empty_clip(frames: int, size: int = 112) -> torch.Tensor:
    return torch.empty(1, frames, 3, size, size, device="meta")


def test_there_are_as_many_parameters_as_in_the_reference():
    with torch.device("meta"):
        network = C3D("batch-norm", 600)
    assert sum(parameter.numel() for parameter in network.parameters()) == 80_459_480


def test_the_classifier_has_a_row_for_each_class():
    with torch.device("meta"):
        network = C3D("batch-norm", 5)
    (classifier,) = network.classifiers
    assert network.get_submodule(classifier).weight.shape == (5, 4096)


@torch.inference_mode()
def test_logits_are_the_classifier_on_the_features():
    torch.manual_seed(0)
    network = build(RECORD).eval()
    clip = torch.rand(1, RECORD.min_frames, 3, 112, 112)
    features = network.features(clip.transpose(1, 2))
    assert features.shape == (1, 4096)
    layer = network.fc[0]
    torch.testing.assert_close(network(clip), features @ layer.weight.T + layer.bias)


@pytest.mark.parametrize("frames", range(RECORD.min_frames, RECORD.max_frames + 1))
def test_clips_have_nine_to_sixteen_frames(shapes, frames):
    assert shapes(empty_clip(frames)).shape == (1, RECORD.classes)


@pytest.mark.parametrize("frames", [RECORD.min_frames - 1, RECORD.max_frames + 1])
def test_shorter_and_longer_clips_do_not_fit(shapes, frames):
    with pytest.raises(RuntimeError, match=r"too small|reduction dim|multiplied"):
        shapes(empty_clip(frames))
