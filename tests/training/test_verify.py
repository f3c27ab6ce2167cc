"""Whether a network steps as it learnt."""

import pytest
import torch
from support import tiny_architecture

from streamrec.errors import ParityError
from streamrec.model_source import network
from streamrec.training.verify import check_steps
from streamrec.weights.untrained import untrained

CLIP = torch.rand(1, 5, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def test_steps_of_a_sound_network_agree_with_the_clip():
    assert check_steps(network(untrained(tiny_architecture("stream"))), CLIP) < 1e-5


def test_a_network_whose_steps_differ_is_refused():
    sound = network(untrained(tiny_architecture("stream")))
    sound.forward = lambda clip: type(sound).forward(sound, clip) + 0.1
    with pytest.raises(ParityError, match="not saved"):
        check_steps(sound, CLIP)


def test_a_network_that_says_no_number_is_refused():
    broken = network(untrained(tiny_architecture("stream")))
    with torch.no_grad():
        broken.head.classifier.bias.fill_(float("nan"))
    with pytest.raises(ParityError, match="nan"):
        check_steps(broken, CLIP)


def test_a_network_of_windows_has_no_steps():
    assert check_steps(network(untrained(tiny_architecture("base"))), CLIP) is None
