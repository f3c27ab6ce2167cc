import pytest
import torch
from untrained_networks import CLASSES, filled, noise, same_when_traced, seen

from streamrec.models.inception import Inception, copy_convolutions
from streamrec.models.two_stream import TwoStream, snippet


@pytest.fixture(scope="module")
def network():
    return filled(TwoStream("inception-v1", CLASSES))


def test_it_sees_the_colours_of_the_middle_frame_and_the_motion_of_all(network):
    matters = seen(network, noise(1, 5, 10, 64, 64))
    expected = torch.zeros(5, 10, dtype=torch.bool)
    expected[:3, 5] = True
    expected[3:] = True
    assert torch.equal(matters, expected)


def test_flow_is_stacked_frame_by_frame_x_before_y():
    video = noise(2, 5, 12, 4, 4)
    picture, flow = snippet(video, 1)
    assert torch.equal(picture, video[:, :3, 6])
    assert flow.shape == (2, 20, 4, 4)
    assert torch.equal(flow[:, 0::2], video[:, 3, 1:11])
    assert torch.equal(flow[:, 1::2], video[:, 4, 1:11])


@torch.inference_mode()
def test_the_answer_is_the_mean_of_the_two_networks_probabilities(network):
    clip = noise(2, 10, 5, 64, 64)
    picture, flow = snippet(clip.transpose(1, 2), 0)
    spatial = network.spatial(picture[:, None])[:, 0].softmax(1)
    temporal = network.temporal(flow[:, None])[:, 0].softmax(1)
    torch.testing.assert_close(network(clip).softmax(1), (spatial + temporal) / 2)
    torch.testing.assert_close(network(clip).exp().sum(1), torch.ones(2))


@torch.inference_mode()
def test_networks_that_are_all_too_sure_give_finite_logits(network):
    features = 1e4 * network.features(noise(1, 5, 10, 64, 64))
    assert network.classify(features).isfinite().all()


@torch.inference_mode()
def test_the_clips_of_a_batch_do_not_mix(network):
    clips, changed = noise(2, 10, 5, 64, 64), noise(2, 10, 5, 64, 64)
    changed[1] = noise(10, 5, 64, 64, seed=1)
    assert torch.equal(network(clips)[0], network(changed)[0])
    assert not torch.equal(network(clips)[1], network(changed)[1])


@torch.inference_mode()
def test_its_frame_is_seen_as_a_network_for_pictures_sees_it():
    pictures = filled(Inception("v1", CLASSES))
    network = TwoStream("inception-v1", CLASSES).eval()
    copy_convolutions(pictures, network.spatial)
    video = noise(1, 5, 10, 64, 64)
    expected = pictures.features(video[:, :3, 5])
    assert torch.equal(network.features(video)[:, :1024], expected)


@torch.inference_mode()
def test_it_can_be_traced(network):
    assert same_when_traced(network, noise(1, 5, 10, 64, 64))


def test_it_has_the_papers_number_of_parameters():
    with torch.device("meta"):
        network = TwoStream("inception-v1", 400)
    assert round(sum(x.numel() for x in network.parameters()) / 1e6) == 12
