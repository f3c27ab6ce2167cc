import pytest
import torch

from streamrec.errors import OptionError
from streamrec.nn.activation import ACTIVATIONS, activation
from streamrec.nn.names import ACTIVATION_NAMES


def test_the_two_hard_sigmoids_differ_between_their_ends():
    x = torch.tensor([-9.0, -2.5, 0.0, 1.0, 2.5, 9.0])
    assert activation("hard_sigmoid")(x).tolist() == pytest.approx([0, 0, 0.5, 0.7, 1, 1])
    expected = [0, 0.5 / 6, 0.5, 4 / 6, 5.5 / 6, 1]
    assert activation("hard_sigmoid_relu6")(x).tolist() == pytest.approx(expected, abs=1e-4)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(OptionError, match=r"'gelu'.*hard_swish.*swish"):
        activation("gelu")


def test_the_stated_names_are_those_that_are_computed():
    assert list(ACTIVATION_NAMES) == list(ACTIVATIONS)
