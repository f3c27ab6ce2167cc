import pytest
import torch

from streamrec.models.build import build_shapes
from streamrec.models.clip_registry import CLIP_ARCHITECTURES
from streamrec.models.mobilenet import MobileNetV2


@pytest.fixture(scope="module")
def network() -> MobileNetV2:
    torch.manual_seed(0)
    return MobileNetV2("v2", 7).eval()


def noise(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1))


def test_parameters_are_as_many_as_published():
    network = build_shapes(CLIP_ARCHITECTURES["mobilenet-v2"])
    assert sum(p.numel() for p in network.parameters()) == 3_504_872


def test_pictures_shrink_by_32():
    x = torch.empty(1, 3, 224, 224, device="meta")
    layers = list(build_shapes(CLIP_ARCHITECTURES["mobilenet-v2"]).features)
    for layer in layers[:-2]:
        x = layer(x)
    assert x.shape == (1, 1280, 7, 7)


@torch.inference_mode()
def test_logits_are_the_features_times_the_classifier(network):
    frames = noise(2, 3, 96, 64)
    features = network.features(frames)
    assert features.shape == (2, 1280)
    classifier = network.get_submodule(network.classifiers[0])
    logits, state = network.step(frames, network.initial_state())
    torch.testing.assert_close(logits, features @ classifier.weight.T + classifier.bias)
    assert logits.shape == (2, 7)
    assert state == {}


@torch.inference_mode()
def test_each_frame_is_seen_alone(network):
    clip = noise(1, 3, 3, 64, 64)
    frame_by_frame = [network.step(frame, {})[0] for frame in clip.unbind(1)]
    torch.testing.assert_close(network(clip), torch.stack(frame_by_frame, 1))
