"""Tests of recognizing gates from the operators that converters make of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.errors import WeightsError
from streamrec.weights.hard_gate import follow, recognize_gate, uniform_value
from streamrec.weights.tflite import Operator, Tensor

RELU6 = 3


def tensor(index, constant=None):
    return Tensor(index, "", (1,), None if constant is None else np.array(constant, np.float32))


def chain(*steps, activation=0):
    """A convolution and then (kind, constant or None) one after the other."""
    operators = [Operator("CONV_2D", (tensor(0),), (tensor(1),), activation)]
    for number, (kind, constant) in enumerate(steps, start=1):
        constants = () if constant is None else (tensor(100 + number, constant),)
        operators.append(Operator(kind, (tensor(number), *constants), (tensor(number + 1),), 0))
    return operators


@pytest.mark.parametrize(
    ("operators", "name", "scale", "shift"),
    [
        (chain(("MUL", 0.16667), activation=RELU6), "hard_sigmoid_relu6", 1.0, -3.00006),
        (chain(("ADD", 3), ("RELU6", None), ("MUL", 0.16667)), "hard_sigmoid_relu6", 1.0, 0.0),
        (chain(("ADD", 3), ("RELU6", None), ("DIV", 6)), "hard_sigmoid_relu6", 1.0, 0.0),
        (chain(("MINIMUM", 1), ("RELU", None)), "hard_sigmoid", 5.0, -2.5),
        (chain(("RELU_0_TO_1", None)), "hard_sigmoid", 5.0, -2.5),
        (
            chain(("MUL", 0.2), ("ADD", 0.5), ("MINIMUM", 1), ("MAXIMUM", 0)),
            "hard_sigmoid",
            1.0,
            0.0,
        ),
        (chain(("QUANTIZE", None), ("LOGISTIC", None)), "sigmoid", 1.0, 0.0),
    ],
)
def test_each_form_is_told_with_what_was_folded(operators, name, scale, shift):
    gate = recognize_gate(operators)
    assert gate.name == name
    assert (gate.scale, gate.shift) == pytest.approx((scale, shift), abs=5e-4)


@given(st.floats(0.15, 3.0), st.floats(-0.3, 1.3))
def test_whatever_was_folded_is_undone(factor, offset):
    operators = chain(("MUL", factor), ("ADD", offset), ("MINIMUM", 1), ("MAXIMUM", 0))
    gate = recognize_gate(operators)
    x = np.linspace(-20, 20, 401)
    z = gate.scale * x + gate.shift
    if gate.name == "hard_sigmoid":
        ours = np.clip(0.2 * z + 0.5, 0, 1)
    else:
        ours = 0.16667 * np.clip(z + 3, 0, 6)
    np.testing.assert_allclose(ours, np.clip(factor * x + offset, 0, 1), atol=1e-3)


@pytest.mark.parametrize(
    "operators",
    [
        chain(),
        chain(("RELU", None)),
        chain(("MUL", 0), ("ADD", 0.5)),
        chain(("MUL", -0.2), ("ADD", 0.5), ("RELU_0_TO_1", None)),
        chain(("DIV", 0)),
        chain(("MUL", [1, 2])),
    ],
)
def test_what_is_no_gate_is_refused(operators):
    with pytest.raises(WeightsError, match="gate that is not known"):
        recognize_gate(operators)


def test_the_chain_ends_where_two_computed_values_meet():
    operators = chain(("RELU", None), ("MUL", 0.5))
    features = Operator("MUL", (tensor(3), tensor(50)), (tensor(4),), 0)
    consumers = {1: [operators[1]], 2: [operators[2]], 3: [features]}
    assert follow(operators[0], consumers) == operators


def test_the_chain_ends_where_a_value_is_used_twice():
    operators = chain(("RELU", None), ("RELU", None))
    assert follow(operators[0], {1: operators[1:]}) == operators[:1]


@pytest.mark.parametrize(
    ("constant", "value"), [([[2.5, 2.5]], 2.5), (1, 1.0), ([1, 2], None), ([], None), (None, None)]
)
def test_a_constant_is_uniform_or_not(constant, value):
    assert uniform_value(tensor(0, constant)) == value
