import pytest
import torch

from streamrec.errors import OptionError
from streamrec.models.build import build_shapes
from streamrec.models.clip_registry import CLIP_ARCHITECTURES
from streamrec.models.resnet3d import ResNet3D

VARIANTS = ("r3d", "mc3", "r2plus1d")


@pytest.fixture(scope="module", params=VARIANTS)
def network(request) -> ResNet3D:
    torch.manual_seed(0)
    return ResNet3D(request.param, 5).eval()


def clip(frames: int, size: int = 32) -> torch.Tensor:
    generator = torch.Generator().manual_seed(frames)
    return torch.rand(1, frames, 3, size, size, generator=generator)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("r3d-18", 33_371_472), ("mc3-18", 11_695_440), ("r2plus1d-18", 31_505_325)],
)
def test_there_are_as_many_parameters_as_published(name, parameters):
    network = build_shapes(CLIP_ARCHITECTURES[name])
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters


@torch.inference_mode()
@pytest.mark.parametrize("frames", [1, 5, 16, 33])
def test_clips_have_any_length_and_networks_any_number_of_classes(network, frames):
    logits = network(clip(frames))
    assert logits.shape == (1, 5)
    assert logits.isfinite().all()


@torch.inference_mode()
def test_pictures_have_any_size(network):
    assert network(clip(4)[..., :17, :29]).shape == (1, 5)


@torch.inference_mode()
def test_logits_are_the_classifier_on_the_features(network):
    features = network.features(clip(8).transpose(1, 2))
    assert features.shape == (1, 512)
    expected = features @ network.fc.weight.T + network.fc.bias
    torch.testing.assert_close(network(clip(8)), expected)


@pytest.mark.parametrize(("variant", "frames"), [("r3d", 2), ("mc3", 16), ("r2plus1d", 2)])
def test_only_the_mixed_form_keeps_all_frames_to_the_end(variant, frames):
    given = []
    with torch.device("meta"):
        network = ResNet3D(variant, 5).eval()
        network.layer4.register_forward_hook(lambda layer, seen, out: given.append(out.shape))
        network(torch.empty(1, 16, 3, 112, 112))
    assert given == [(1, 512, frames, 7, 7)]


@torch.inference_mode()
def test_the_input_is_left_as_it_was(network):
    video = clip(4)
    before = video.clone()
    network(video)
    assert torch.equal(video, before)


def test_an_unknown_variant_is_told_with_those_there_are():
    with pytest.raises(OptionError, match="'r4d'; allowed: r3d, mc3, r2plus1d"):
        ResNet3D("r4d", 400)
