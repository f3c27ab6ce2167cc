"""Unix time of frames by media time and arrival."""

import math
from copy import copy
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streamrec.sources.media_clock import BEHIND_S, DRIFT, MediaClock, Stamp

UNIX_S = 1.7e9
FPS = 25.0


def push_all(pts_s, arrived_s) -> list[Stamp]:
    clock = MediaClock()
    return [clock.push(pts, arrived) for pts, arrived in zip(pts_s, arrived_s, strict=True)]


def errors_s(stamps: list[Stamp], taken_s: np.ndarray) -> np.ndarray:
    return np.array([stamp.time_s for stamp in stamps]) - taken_s


def delays(count: int, most_s: float, seed: int = 0) -> np.ndarray:
    """Random delays; arrivals stay in order as long as they are below one interval."""
    return np.random.default_rng(seed).uniform(0.0, most_s, count)


def test_steady_frames_keep_their_distance():
    taken_s = UNIX_S + np.arange(500) / FPS
    stamps = push_all(taken_s - UNIX_S + 7.0, taken_s)
    assert np.abs(errors_s(stamps, taken_s)).max() < 1e-5
    assert not any(stamp.jumped for stamp in stamps)


@pytest.mark.parametrize("origin_s", [-5.0, 0.0, 1e6, 3.9e9])
def test_any_origin_will_do(origin_s):
    taken_s = UNIX_S + np.arange(100) / FPS
    stamps = push_all(origin_s + taken_s - UNIX_S, taken_s)
    assert np.abs(errors_s(stamps, taken_s)).max() < 1e-5


def test_jitter_of_the_network_is_taken_out():
    taken_s = UNIX_S + np.arange(2000) / FPS
    jittered_s = taken_s + delays(2000, 0.25 / FPS)
    settled = errors_s(push_all(taken_s - UNIX_S, jittered_s), taken_s)[200:]
    assert settled.min() >= 0
    assert settled.max() < 0.001  # while frames come 0.010 s late


def test_a_burst_after_a_pause_of_the_network_lies_on_the_grid():
    taken_s = UNIX_S + np.arange(1000) / FPS
    arrived_s = taken_s.copy()
    arrived_s[500:550] = taken_s[550] + np.arange(50) * 1e-3 - 0.05
    stamps = push_all(taken_s - UNIX_S, arrived_s)
    assert np.abs(errors_s(stamps, taken_s)).max() < 0.001
    assert stamps[500].lag_s == pytest.approx(1.95, abs=0.01)
    assert stamps[560].lag_s == pytest.approx(0.0, abs=0.001)
    assert not any(stamp.jumped for stamp in stamps)


@pytest.mark.parametrize("drift", [-DRIFT, -50e-6, 50e-6, 0.99 * DRIFT])
def test_clocks_may_drift_for_days(drift):
    taken_s = UNIX_S + np.arange(0.0, 3 * 86400.0, 5.0)
    pts_s = (taken_s - UNIX_S) * (1.0 - drift)
    stamps = push_all(pts_s, taken_s + delays(len(taken_s), 0.01))
    assert np.abs(errors_s(stamps, taken_s)).max() < 0.011
    assert max(stamp.lag_s for stamp in stamps) < 0.05
    assert not any(stamp.jumped for stamp in stamps)


def test_delay_that_grows_is_told_and_not_taken_for_drift():
    taken_s = UNIX_S + np.arange(1000) / FPS
    arrived_s = UNIX_S + (taken_s - UNIX_S) * 1.1
    stamps = push_all(taken_s - UNIX_S, arrived_s)
    assert stamps[-1].lag_s == pytest.approx(3.996, abs=0.01)


@pytest.mark.parametrize("jump_s", [-1e9, -3600.0, -2.0, 2.0, 3600.0, 1e9])
def test_a_jump_of_the_cameras_clock_changes_no_time(jump_s):
    taken_s = UNIX_S + np.arange(1000) / FPS
    pts_s = taken_s - UNIX_S
    pts_s[500:] += jump_s
    stamps = push_all(pts_s, taken_s)
    assert np.abs(errors_s(stamps, taken_s)).max() < 0.001
    assert [index for index, stamp in enumerate(stamps) if stamp.jumped] == [500]


def test_what_decoders_begin_with_is_no_jump_and_does_no_harm():
    taken_s = UNIX_S + np.arange(200) / FPS
    pts_s = (np.arange(200) - 3) / FPS
    pts_s[0] = 0.0
    assert pts_s[:5].round(2).tolist() == [0.0, -0.08, -0.04, 0.0, 0.04]
    stamps = push_all(pts_s, taken_s)
    assert np.abs(errors_s(stamps, taken_s)).max() < 1e-5
    assert max(stamp.lag_s for stamp in stamps) < 0.001
    assert not any(stamp.jumped for stamp in stamps)


@pytest.mark.parametrize("pts", [None, math.nan, math.inf, 1e300, 5.0])
def test_without_media_time_arrival_counts(pts):
    taken_s = UNIX_S + np.arange(500) / FPS
    pts_s = [*(taken_s[:200] - UNIX_S), *[pts] * 100, *(taken_s[300:] - UNIX_S)]
    stamps = push_all(pts_s, taken_s)
    assert np.abs(errors_s(stamps, taken_s)).max() < 0.001
    assert max(stamp.lag_s for stamp in stamps) < 0.001


def test_a_media_time_that_stood_still_leaves_no_lag():
    taken_s = UNIX_S + np.arange(500) / FPS
    pts_s = np.arange(500) / FPS
    pts_s[200:300] = pts_s[200]
    pts_s[300:] -= 4.0  # goes on from where it stood
    stamps = push_all(pts_s, taken_s)
    assert np.abs(errors_s(stamps, taken_s)).max() < 0.001
    assert stamps[-1].lag_s < 0.001


def test_what_is_behind_too_far_has_jumped():
    clock = MediaClock()
    clock.push(0.0, UNIX_S)
    clock.push(2.0, UNIX_S + 2.0)
    late = clock.push(2.04, UNIX_S + 2.0 + BEHIND_S + 1.0)
    assert (late.jumped, late.lag_s) == (True, 0.0)
    assert late.time_s == UNIX_S + 2.0 + BEHIND_S + 1.0


def test_times_go_back_only_with_this_machines_own_clock():
    clock = MediaClock()
    clock.push(0.0, UNIX_S)
    clock.push(2.0, UNIX_S + 2.0)
    assert clock.push(2.04, UNIX_S - 3600.0) == Stamp(UNIX_S - 3600.0, 0.0, jumped=True)


def test_a_copy_goes_on_as_the_original():
    clock = MediaClock()
    clock.push(0.0, UNIX_S)
    other = copy(clock)
    assert clock.push(0.04, UNIX_S + 0.07) == other.push(0.04, UNIX_S + 0.07)


any_pts = st.one_of(
    st.none(), st.floats(), st.floats(-10.0, 10.0), st.sampled_from([0.0, -0.08, 0.04, 5.0])
)
waits = st.one_of(st.just(0.0), st.floats(0.0, 30.0), st.floats(0.0, 0.1))


@settings(max_examples=300)
@given(st.lists(st.tuples(any_pts, waits), max_size=60))
@example([(0.0, 0.0), (5.0, 0.0), (5.0, 0.0), (4.0, 0.0)])
def test_times_only_grow_and_no_lag_is_negative(frames):
    arrived_s = UNIX_S + np.cumsum([wait for _, wait in frames])
    stamps = push_all([pts for pts, _ in frames], arrived_s.tolist())
    for before, after in pairwise(stamps):
        assert after.time_s > before.time_s
    for index, (stamp, arrived) in enumerate(zip(stamps, arrived_s, strict=True)):
        assert stamp.lag_s >= 0.0
        assert stamp.lag_s <= BEHIND_S + 0.01
        assert stamp.time_s <= arrived + 2e-6 * (index + 1)


@given(
    st.integers(0, 2**32 - 1),
    st.floats(-0.99 * DRIFT, 0.99 * DRIFT),
    st.floats(5.0, 60.0),
    st.lists(st.tuples(st.integers(10, 900), st.floats(0.0, 2.0)), max_size=5),
)
def test_pauses_bursts_jitter_and_drift_together_leave_times_true(seed, drift, fps, pauses):
    taken_s = UNIX_S + np.arange(1000) / fps
    arrived_s = taken_s + delays(1000, 0.25 / fps, seed)
    arrived_s[0] = taken_s[0]
    for begin, pause_s in pauses:
        arrived_s[begin:] = np.maximum(arrived_s[begin:], taken_s[begin] + pause_s)
    arrived_s = np.maximum.accumulate(arrived_s)
    stamps = push_all((taken_s - UNIX_S) * (1.0 - drift), arrived_s)
    errors = errors_s(stamps, taken_s)
    allowed_s = 0.25 / fps + DRIFT * 2 * (taken_s - UNIX_S)
    assert (np.abs(errors) <= allowed_s + 1e-5).all()
    assert not any(stamp.jumped for stamp in stamps)
