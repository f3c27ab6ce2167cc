"""Smoothing depends on time, not on the rate of predictions."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from streamrec.errors import OptionError
from streamrec.smoothing import (
    SMOOTHERS,
    Exponential,
    NoSmoothing,
    WindowedMean,
    flicker_per_minute,
    make_smoother,
)

SECONDS = st.floats(0.05, 20.0)
TIMES = st.lists(st.floats(-100.0, 100.0), min_size=1, max_size=30)
A, B = np.array([1, 0, 0], np.float32), np.array([0, 0.25, 0.75], np.float32)
kinds = pytest.mark.parametrize("kind", SMOOTHERS)
memories = pytest.mark.parametrize("kind", sorted(set(SMOOTHERS) - {"none"}))


def run(smoother, times_s, scores):
    """The smoothed scores, float32 [predictions, classes]."""
    state, smoothed = smoother.initial(), []
    for time_s, row in zip(times_s, scores, strict=True):
        answer, state = smoother.step(row, time_s, state)
        smoothed.append(answer)
    return np.stack(smoothed)


def probabilities(rows):
    weights = arrays(np.float32, (rows, 3), elements=st.floats(0.0078125, 1.0, width=32))
    return weights.map(lambda w: w / w.sum(axis=1, keepdims=True))


@memories
@settings(max_examples=60, deadline=None)
@given(seconds=SECONDS, inputs=probabilities(8), parts=st.integers(2, 6))
def test_an_input_sampled_at_5_or_more_per_second_gives_the_same_at_the_same_times(
    kind, seconds, inputs, parts
):
    """Input k is held from one coarse time to the next; the fine run sees it ``parts`` times."""
    smoother = make_smoother(kind, seconds)
    coarse = run(smoother, np.arange(8) / 5, inputs)
    fine_times = np.concatenate([[0.0], np.arange(1, 7 * parts + 1) / (5 * parts)])
    fine = run(smoother, fine_times, np.concatenate([inputs[:1], inputs[1:].repeat(parts, axis=0)]))
    np.testing.assert_allclose(coarse, fine[::parts], atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(seconds=SECONDS, gaps=st.lists(st.floats(0.001, 2.0), min_size=1, max_size=30))
def test_the_exponential_step_response_is_the_textbook_one_at_any_spacing(seconds, gaps):
    times = np.concatenate([[0.0], np.cumsum(gaps)])
    smoothed = run(Exponential(seconds), times, [A] + [B] * len(gaps))
    forgotten = np.exp(-times / seconds)[:, None]
    np.testing.assert_allclose(smoothed, forgotten * A + (1 - forgotten) * B, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(seconds=SECONDS, gaps=st.lists(st.floats(0.001, 2.0), min_size=1, max_size=30))
def test_the_window_crosses_a_step_in_a_straight_line_at_any_spacing(seconds, gaps):
    """A is held for longer than the window, then B."""
    after = np.cumsum(gaps)
    times = np.concatenate([[-2 * seconds, 0.0], after])
    smoothed = run(WindowedMean(seconds), times, [A, A] + [B] * len(gaps))[2:]
    share = np.minimum(after / seconds, 1.0)[:, None]
    np.testing.assert_allclose(smoothed, (1 - share) * A + share * B, atol=1e-6)


@kinds
@settings(max_examples=60, deadline=None)
@given(seconds=SECONDS, times=TIMES, data=st.data())
def test_probabilities_stay_probabilities_whatever_the_times(kind, seconds, times, data):
    """Irregular, repeated and backwards times included."""
    scores = data.draw(probabilities(len(times)))
    smoothed = run(make_smoother(kind, seconds), times, scores)
    assert smoothed.dtype == np.float32
    assert (smoothed >= 0).all()
    np.testing.assert_allclose(smoothed.sum(axis=1), 1.0, atol=1e-5)


@kinds
def test_the_first_prediction_is_its_own_value(kind):
    np.testing.assert_array_equal(run(make_smoother(kind, 2.0), [1e9], [B]), [B])


@kinds
def test_neither_state_nor_scores_are_changed(kind):
    smoother = make_smoother(kind, 1.0)
    scores = A.copy()
    _, state = smoother.step(scores, 0.0, smoother.initial())
    first, _ = smoother.step(B, 0.5, state)
    smoother.step(A, 0.25, state)
    again, _ = smoother.step(B, 0.5, state)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(scores, A)


@memories
@pytest.mark.parametrize("second_s", [0.0, 0.5])
def test_scores_may_be_overwritten_after_the_step(kind, second_s):
    smoother = make_smoother(kind, 1.0)
    scores, state = A.copy(), smoother.initial()
    for time_s in (0.0, second_s):
        smoothed, state = smoother.step(scores, time_s, state)
    scores[:] = 9
    smoothed[:] = 9
    after, _ = smoother.step(A, second_s, state)
    np.testing.assert_allclose(after, A)


@memories
@pytest.mark.parametrize("time_s", [0.0, -5.0])
def test_a_prediction_without_time_of_its_own_has_no_weight(kind, time_s):
    smoothed = run(make_smoother(kind, 1.0), [0.0, time_s], [A, B])
    np.testing.assert_array_equal(smoothed[1], A)


@memories
def test_after_a_clock_that_jumped_back_smoothing_goes_on(kind):
    times = [1000.0, 0.0, 0.5, 30.0]
    smoothed = run(make_smoother(kind, 1.0), times, [A, A, B, B])
    np.testing.assert_allclose(smoothed[-1], B, atol=1e-6)


@memories
def test_small_spacings_of_many_lanes_are_weighed_by_their_time(kind):
    """Ten predictions within 10 ms cannot outweigh the second before them."""
    times = [0.0, 1.0, *(1.0 + np.arange(1, 11) / 1000)]
    smoothed = run(make_smoother(kind, 1.0), times, [A, A] + [B] * 10)
    assert smoothed[-1][0] == pytest.approx(0.99, abs=1e-3)


def test_the_window_holds_no_more_than_it_needs():
    smoother = WindowedMean(1.0)
    state = smoother.initial()
    for index in range(500):
        _, state = smoother.step(A, index / 10, state)
    assert len(state.scores) <= 11


def test_no_smoothing_returns_the_scores():
    np.testing.assert_array_equal(run(NoSmoothing(), [0.0, 0.1], [A, B]), [A, B])


def test_an_unknown_kind_lists_the_allowed_ones():
    with pytest.raises(OptionError, match="exponential, window, none"):
        make_smoother("median", 1.0)


@memories
@pytest.mark.parametrize("seconds", [0.0, -1.0, math.inf, math.nan])
def test_seconds_that_are_not_positive_are_refused(kind, seconds):
    with pytest.raises(OptionError, match="positive"):
        make_smoother(kind, seconds)


@pytest.mark.parametrize(
    ("top_ids", "times_s", "expected"),
    [
        ([], [], 0.0),
        ([1], [0.0], 0.0),
        ([1, 2], [3.0, 3.0], 0.0),
        ([1, 1, 1], [0.0, 1.0, 2.0], 0.0),
        ([1, 2, 1], [0.0, 10.0, 30.0], 4.0),
        ([1, 2, 2, 2], [0.0, 1.0, 2.0, 60.0], 1.0),
    ],
)
def test_flicker_is_changes_of_the_best_class_per_minute(top_ids, times_s, expected):
    assert flicker_per_minute(top_ids, times_s) == pytest.approx(expected)


def test_flicker_needs_one_time_for_each_class():
    with pytest.raises(OptionError, match="2 classes, but 1 times"):
        flicker_per_minute([1, 2], [0.0])


@memories
def test_smoothing_lowers_the_flicker_of_noisy_scores(kind):
    rng = np.random.default_rng(0)
    times = np.arange(300) / 30
    scores = rng.dirichlet([2.0, 1.0, 1.0], size=300).astype(np.float32)
    smoothed = run(make_smoother(kind, 1.0), times, scores)
    before = flicker_per_minute(scores.argmax(1).tolist(), times.tolist())
    after = flicker_per_minute(smoothed.argmax(1).tolist(), times.tolist())
    assert after < before / 5
