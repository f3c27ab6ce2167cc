from dataclasses import replace

import pytest
import torch

from streamrec.models.build import build_shapes
from streamrec.models.clip_registry import CLIP_ARCHITECTURES
from streamrec.models.mobilenet3d import MobileNet3D

RECORDS = {
    record.variant: record
    for record in CLIP_ARCHITECTURES.values()
    if record.family == "mobilenet3d" and record.classes == 600
}
PARAMETERS = {
    "v1-0.5": 1_171_896,
    "v1-1.0": 3_912_984,
    "v1-1.5": 8_223_864,
    "v1-2.0": 14_104_536,
    "v2-0.2": 964_110,
    "v2-0.45": 1_399_834,
    "v2-0.7": 2_049_942,
    "v2-1.0": 3_122_648,
}
WIDTHS = {
    "v1-0.5": [16, 32, 64, 128, 256, 512],
    "v1-1.5": [48, 96, 192, 384, 768, 1536],
    "v2-0.2": [6, 3, 4, 6, 12, 19, 32, 64, 1280],
    "v2-0.45": [14, 7, 10, 14, 28, 43, 72, 144, 1280],
    "v2-0.7": [22, 11, 16, 22, 44, 67, 112, 224, 1280],
    "v2-1.0": [32, 16, 24, 32, 64, 96, 160, 320, 1280],
}


@pytest.fixture(scope="module", params=["v1-0.5", "v2-0.45"])
def network(request) -> MobileNet3D:
    torch.manual_seed(0)
    return MobileNet3D(request.param, 7).eval()


def noise(frames: int, height: int, width: int) -> torch.Tensor:
    return torch.rand(1, frames, 3, height, width, generator=torch.Generator().manual_seed(1))


def test_all_published_combinations_are_known():
    assert RECORDS.keys() == PARAMETERS.keys()


@pytest.mark.parametrize("variant", PARAMETERS)
def test_parameters_are_as_many_as_published(variant):
    network = build_shapes(RECORDS[variant])
    assert sum(p.numel() for p in network.parameters()) == PARAMETERS[variant]


@pytest.mark.parametrize("variant", WIDTHS)
def test_widths_are_cut_to_whole_channels(variant):
    x = torch.empty(1, 3, 16, 112, 112, device="meta")
    widths = []
    for layer in list(build_shapes(RECORDS[variant]).features)[:-2]:
        x = layer(x)
        if not widths or widths[-1] != x.shape[1]:
            widths.append(x.shape[1])
    assert widths == WIDTHS[variant]
    assert x.shape[2:] == (1, 4, 4)


@torch.inference_mode()
def test_logits_are_the_features_times_the_classifier(network):
    clip = noise(16, 112, 112)
    features = network.features(clip.transpose(1, 2))
    classifier = network.get_submodule(network.classifiers[0])
    expected = features @ classifier.weight.T + classifier.bias
    torch.testing.assert_close(network(clip), expected)
    assert expected.shape == (1, 7)


@torch.inference_mode()
@pytest.mark.parametrize("shape", [(1, 112, 112), (5, 64, 96), (33, 32, 32)])
def test_clips_are_of_any_length_and_size(network, shape):
    assert network(noise(*shape)).isfinite().all()


def test_the_records_state_the_shortest_clip():
    assert {record.min_frames for record in RECORDS.values()} == {1}


def test_clips_of_a_batch_do_not_mix(network):
    with torch.inference_mode():
        one, other = noise(4, 64, 64), 1 - noise(4, 64, 64)
        both = network(torch.cat((one, other)))
        torch.testing.assert_close(both, torch.cat((network(one), network(other))))


def test_any_number_of_classes():
    record = replace(RECORDS["v2-0.2"], classes=2)
    assert build_shapes(record).classifier[1].weight.shape == (2, 1280)
