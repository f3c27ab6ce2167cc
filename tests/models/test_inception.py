"""The parity with published weights is tested in test_clip_golden.py."""

import pytest
import torch
from untrained_networks import CLASSES, filled, noise, same_when_traced

from streamrec.models.inception import Inception, InceptionMaps, copy_convolutions


@pytest.fixture(scope="module")
def network():
    return filled(Inception("v1", CLASSES))


@pytest.fixture(autouse=True)
def inference():
    with torch.inference_mode():
        yield


def test_features_are_the_mean_of_the_last_maps(network):
    pictures = noise(2, 3, 64, 64)
    maps = network.maps(pictures)
    assert maps.shape == (2, 1024, 2, 2)
    torch.testing.assert_close(network.features(pictures), maps.mean((2, 3)))


def test_each_frame_of_a_clip_is_answered_for_itself(network):
    clip = noise(2, 3, 3, 64, 64)
    logits = network(clip)
    assert logits.shape == (2, 3, CLASSES)
    changed = clip.clone()
    changed[0, 1] = noise(3, 64, 64, seed=1)
    differs = (network(changed) != logits).any(-1)
    assert differs.tolist() == [[False, True, False], [False, False, False]]


def test_it_remembers_nothing(network):
    assert network.initial_state(3) == {}
    assert network.step(noise(1, 3, 64, 64), {})[1] == {}


def test_copied_convolutions_give_the_same_features_and_leave_the_classifier(network):
    other = Inception("v1", CLASSES + 1).eval()
    classifier = other.fc.weight.clone()
    copy_convolutions(network, other)
    pictures = noise(1, 3, 64, 64)
    assert torch.equal(other.features(pictures), network.features(pictures))
    assert torch.equal(other.fc.weight, classifier)


def test_a_network_of_flow_starts_from_the_mean_of_the_colours(network):
    flow = InceptionMaps(20).eval()
    copy_convolutions(network, flow)
    grey = noise(1, 1, 64, 64)
    expected = network.features(grey.expand(-1, 3, -1, -1))
    found = flow.features(3 / 20 * grey.expand(-1, 20, -1, -1))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_it_can_be_traced(network):
    assert same_when_traced(network, noise(1, 3, 64, 64))
