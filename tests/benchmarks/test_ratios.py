"""Ratios are taken within a round, so that a slow spell of the machine cancels out."""

from importlib import import_module

import numpy as np
import pytest


@pytest.fixture
def ratios():
    return import_module("ratios")


def test_a_round_on_a_machine_ten_times_slower_has_the_same_ratio(ratios):
    ours = np.array([[1.0, 1.0, 9.0], [10.0, 10.0, 10.0]])
    theirs = np.array([[2.0, 2.0, 2.0], [20.0, 90.0, 20.0]])
    assert ratios.ratio(ours, theirs).tolist() == [0.5, 0.5]


def test_the_number_of_steps_may_differ(ratios):
    assert ratios.ratio(np.array([[6.0]]), np.array([[2.0, 3.0, 4.0]])).tolist() == [2.0]


def test_the_spread_is_the_median_and_the_quartiles(ratios):
    spread = ratios.spread(np.array([5.0, 1.0, 2.0, 4.0, 3.0]))
    assert spread == {"median": 3.0, "q1": 2.0, "q3": 4.0}
    assert ratios.show_spread(spread) == "3.00 [2.00 - 4.00]"
