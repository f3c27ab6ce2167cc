from dataclasses import replace

import numpy as np
import pytest
from support import spec_of, tiny_architecture

from streamrec.lanes import Lanes, probabilities, softmax
from streamrec.runtimes.state import check_state
from streamrec.sampling import Turn

SPEC = replace(spec_of(tiny_architecture()), labels=("sum", "zero"))
SEVERAL = replace(SPEC, multi_label=True)


class Adder:
    """A model whose logit is the sum of all that its stream has seen."""

    spec = SPEC

    def initial_state(self):
        return {"sum": np.zeros(1, np.float32)}

    def start(self, state=None):
        state = self.initial_state() if state is None else state
        check_state(state, {"sum": (1,)})
        return AdderStream(state["sum"].copy())


class AdderStream:
    def __init__(self, total):
        self._total = total

    def step(self, x):
        self._total += x.mean()
        return np.array([self._total[0], 0.0], np.float32)

    def finish(self):
        return None

    def state(self):
        return {"sum": self._total.copy()}


def value(number: float) -> np.ndarray:
    return np.full((1, 3, 2, 2), number, np.float32)


def sums(lanes: Lanes) -> dict[int, float]:
    return {key: float(lane.state["sum"][0]) for key, lane in lanes.state().lanes.items()}


def feed(lanes: Lanes, *steps: tuple[int, float]) -> None:
    """Give each lane a value."""
    for lane, number in steps:
        lanes.step(value(number), [Turn(lane, 0.0)])


def test_lanes_take_turns_without_mixing():
    lanes = Lanes(Adder())
    feed(lanes, (0, 1), (1, 10), (2, 100), (0, 2), (1, 20), (2, 200))
    assert sums(lanes) == {0: 3, 1: 30, 2: 300}


def test_a_step_tells_its_time_its_age_and_probabilities():
    lanes = Lanes(Adder())
    feed(lanes, (0, 1.0))
    (step,) = lanes.step(value(1.0), [Turn(0, 12.5)])
    assert (step.time_s, step.age) == (12.5, 2)
    np.testing.assert_allclose(step.probabilities, softmax(np.array([2.0, 0.0], np.float32)))


def test_a_repeat_takes_the_input_before_even_if_no_lane_stepped_on_it():
    lanes = Lanes(Adder())
    feed(lanes, (0, 1.0))
    assert lanes.step(value(5.0), []) == []
    lanes.step(value(100.0), [Turn(0, 0.2, repeat=True), Turn(0, 0.4)])
    assert sums(lanes) == {0: 1 + 5 + 100}


def test_a_repeat_without_an_input_before_takes_this_one():
    lanes = Lanes(Adder())
    lanes.step(value(3.0), [Turn(0, 0.0, repeat=True)])
    assert sums(lanes) == {0: 3}


def test_a_lane_that_joins_late_begins_as_a_copy_of_the_one_that_stepped_last():
    lanes = Lanes(Adder())
    feed(lanes, (0, 1), (1, 10), (0, 2), (1, 20), (2, 5))
    assert sums(lanes) == {0: 3, 1: 30, 2: 35}
    (step,) = lanes.step(value(0.0), [Turn(2, 0.0)])
    assert step.age == 4


def test_forgotten_lanes_are_gone_but_the_last_one_can_still_be_copied():
    lanes = Lanes(Adder())
    feed(lanes, (0, 1), (1, 10), (0, 2), (1, 20))
    lanes.keep([2])
    assert sums(lanes) == {1: 30}
    feed(lanes, (2, 5))
    lanes.keep([2])
    assert sums(lanes) == {2: 35}


def test_after_a_reset_nothing_is_left():
    lanes = Lanes(Adder())
    feed(lanes, (0, 1), (0, 2))
    lanes.reset()
    assert (lanes.state().lanes, lanes.state().latest, lanes.state().last_input) == ({}, None, None)
    feed(lanes, (1, 7))
    assert sums(lanes) == {1: 7}


def test_a_state_is_a_copy_from_which_other_lanes_go_on():
    lanes = Lanes(Adder())
    feed(lanes, (0, 1), (1, 10), (0, 2))
    state = lanes.state()
    feed(lanes, (0, 1000))
    others = Lanes(Adder(), state)
    others.step(value(0.0), [Turn(0, 0.0, repeat=True), Turn(3, 0.0)])
    assert sums(others) == {0: 5, 1: 10, 3: 5}
    assert sums(Lanes(Adder(), state)) == {0: 3, 1: 10}


@pytest.mark.parametrize("logits", [[0, 0, 0], [1000, 0, -1000], [-1e30, -1e30, 0], [88, 89, 90]])
def test_probabilities_add_up_to_one_and_keep_the_order(logits):
    said = probabilities(SPEC, np.array(logits, np.float32))
    assert said.dtype == np.float32
    assert said.sum() == pytest.approx(1.0)
    assert (np.diff(said) * np.diff(logits) >= 0).all()


def test_classes_of_which_several_may_be_true_have_a_probability_each():
    logits = np.array([0.0, 2.0, -2.0, 1000.0, -1000.0], np.float32)
    said = probabilities(SEVERAL, logits)
    assert said.dtype == np.float32
    np.testing.assert_allclose(said, [0.5, 0.880797, 0.119203, 1.0, 0.0], atol=1e-6)


def test_a_model_of_several_labels_says_how_probable_each_is():
    model = Adder()
    model.spec = SEVERAL
    lanes = Lanes(model)
    feed(lanes, (0, 1.0))
    (step,) = lanes.step(value(1.0), [Turn(0, 0.0)])
    np.testing.assert_allclose(step.probabilities, [0.880797, 0.5], atol=1e-6)
