import pytest
import torch
from untrained_networks import CLASSES, filled, noise, same_when_traced, seen

from streamrec.models.inception import Inception, copy_convolutions
from streamrec.models.two_stream_fused import FusedTwoStream

FRAMES = 50


@pytest.fixture(scope="module")
def network():
    return filled(FusedTwoStream("inception-v1", CLASSES))


def test_it_sees_the_colours_of_every_tenth_frame_and_the_motion_of_all(network):
    matters = seen(network, noise(1, 5, FRAMES, 64, 64))
    expected = torch.zeros(5, FRAMES, dtype=torch.bool)
    expected[:3, 5::10] = True
    expected[3:] = True
    assert torch.equal(matters, expected)


@torch.inference_mode()
def test_the_same_snippets_in_another_order_are_another_clip(network):
    clip = noise(1, FRAMES, 5, 64, 64)
    swapped = torch.cat([clip[:, 10:20], clip[:, :10], clip[:, 20:]], 1)
    logits = network(clip)
    assert (network(swapped) - logits).abs().max() > 1e-3 * logits.std()


@torch.inference_mode()
def test_the_clips_of_a_batch_do_not_mix(network):
    clips, changed = noise(2, FRAMES, 5, 64, 64), noise(2, FRAMES, 5, 64, 64)
    changed[1] = noise(FRAMES, 5, 64, 64, seed=1)
    logits, other = network(clips), network(changed)
    assert logits.shape == (2, CLASSES)
    assert torch.equal(logits[0], other[0])
    assert not torch.equal(logits[1], other[1])


@torch.inference_mode()
def test_its_frames_are_seen_as_a_network_for_pictures_sees_them():
    pictures, fused = filled(Inception("v1", CLASSES)), []
    network = FusedTwoStream("inception-v1", CLASSES).eval()
    copy_convolutions(pictures, network.spatial)
    network.fuse.register_forward_pre_hook(lambda _, inputs: fused.extend(inputs))
    video = noise(1, 5, FRAMES, 64, 64)
    network.features(video)
    (maps,) = fused
    assert maps.shape == (1, 2048, 5, 2, 2)
    expected = [pictures.maps(picture) for picture in video[:, :3, 5::10].unbind(2)]
    assert torch.equal(maps[:, :1024], torch.stack(expected, 2))


@torch.inference_mode()
def test_it_can_be_traced(network):
    assert same_when_traced(network, noise(1, 5, FRAMES, 64, 64))


def test_it_has_the_papers_number_of_parameters():
    with torch.device("meta"):
        network = FusedTwoStream("inception-v1", 400)
    assert sum(x.numel() for x in network.parameters()) // 10**6 == 39
