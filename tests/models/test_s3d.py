import pytest
import torch
from torch import nn

from streamrec.models.build import build_shapes
from streamrec.models.clip_registry import CLIP_ARCHITECTURES
from streamrec.models.s3d import S3D

RECORD = CLIP_ARCHITECTURES["s3d"]
SMALLEST = 209


@pytest.fixture(scope="module")
def network() -> S3D:
    torch.manual_seed(0)
    return S3D("s3d", 5).eval()


@pytest.fixture
def shapes() -> nn.Module:
    """The network without its numbers, so that clips cost nothing."""
    return build_shapes(RECORD).eval()


def video(frames: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(1, 3, frames, SMALLEST, SMALLEST, generator=generator)


def empty_clip(frames: int, size: int) -> torch.Tensor:
    return torch.empty(1, frames, 3, size, size, device="meta")


def test_there_are_as_many_parameters_as_published(shapes):
    assert sum(parameter.numel() for parameter in shapes.parameters()) == 8_320_048


@pytest.mark.parametrize("frames", [RECORD.min_frames, 14, 64, RECORD.clip_frames])
@pytest.mark.parametrize("size", [SMALLEST, 224, 256])
def test_longer_and_larger_clips_than_the_smallest_give_logits(shapes, frames, size):
    assert shapes(empty_clip(frames, size)).shape == (1, RECORD.classes)


@pytest.mark.parametrize(
    ("frames", "size"), [(RECORD.min_frames - 1, SMALLEST), (RECORD.min_frames, SMALLEST - 1)]
)
def test_shorter_and_smaller_clips_do_not_fit(shapes, frames, size):
    with pytest.raises(RuntimeError, match="smaller than kernel"):
        shapes(empty_clip(frames, size))


@torch.inference_mode()
def test_logits_are_the_classifier_on_the_features(network):
    features = network.features(video(13))
    assert features.shape == (1, 1024)
    layer = network.classifier[1]
    torch.testing.assert_close(
        network(video(13).transpose(1, 2)), features @ layer.weight.flatten(1).T + layer.bias
    )


@torch.inference_mode()
def test_logits_are_the_mean_over_the_places_of_the_pool(network):
    *trunk, pool = network.features
    places = pool.windows(nn.Sequential(*trunk)(video(24)))
    assert places.shape == (1, 1024, 2, 1, 1)
    torch.testing.assert_close(
        network.classify(network.features(video(24))), network.classifier(places).mean((2, 3, 4))
    )
