import math
from collections import defaultdict
from copy import deepcopy
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streamrec.sampling import MAX_GAP_S, MAX_LANES, Reset, TimeGrid

MODEL_FPS = 5.0
RATES = (5.0, 6.0, 7.3, 15.0, 23.976, 25.0, 29.97, 30.0, 60.0)
UNIX_S = 1.7e9
SETTLED_S = 1.0


def camera(fps: float, seconds: float, jitter: float = 0.0, seed: int = 0) -> list[float]:
    """Times of frames, each off by up to ``jitter`` of an interval."""
    index = np.arange(int(seconds * fps))
    noise = np.random.default_rng(seed).uniform(-jitter, jitter, len(index))
    return (UNIX_S + (index + noise) / fps).tolist()


def grid(fps: float | None = None, *, every_frame: bool = True) -> TimeGrid:
    return TimeGrid(fps=MODEL_FPS, every_frame=every_frame, declared_fps=fps)


def watch(sampler: TimeGrid, times: list[float]):
    """Push all; return [time, turns] of frames after the first second."""
    pushed = [(time_s, sampler.push(time_s)) for time_s in times]
    return [(time_s, turns) for time_s, turns in pushed if time_s > times[0] + SETTLED_S]


any_camera = pytest.mark.parametrize(
    ("fps", "declared", "jitter"),
    [
        (fps, declared, jitter)
        for fps in RATES
        for declared in (False, True)
        for jitter in (0, 0.25)
    ],
)


@any_camera
@pytest.mark.parametrize("every_frame", [False, True])
def test_each_lane_sees_the_models_rate_over_a_minute(fps, declared, jitter, every_frame):
    sampler = grid(fps if declared else None, every_frame=every_frame)
    seen = defaultdict(list)
    for _, turns in watch(sampler, camera(fps, 61.0, jitter)):
        for turn in turns.turns:
            seen[turn.lane].append(turn.time_s)
    assert sorted(seen) == sorted(sampler.lanes)
    for times in seen.values():
        assert (len(times) - 1) / (times[-1] - times[0]) == pytest.approx(MODEL_FPS, rel=1e-6)
        assert times[-1] - times[0] == pytest.approx(60.0, rel=0.01)


@any_camera
def test_with_a_prediction_for_every_frame_none_is_without_a_turn(fps, declared, jitter):
    sampler = grid(fps if declared else None)
    assert all(turns.turns for _, turns in watch(sampler, camera(fps, 60.0, jitter)))
    assert len(sampler.lanes) == sampler.lanes_wanted == math.ceil(fps / MODEL_FPS)


@any_camera
@pytest.mark.parametrize("every_frame", [False, True])
def test_a_camera_that_loses_nothing_has_no_gaps(fps, declared, jitter, every_frame):
    sampler = grid(fps if declared else None, every_frame=every_frame)
    assert not any(turns.gap_s for _, turns in watch(sampler, camera(fps, 60.0, jitter)))
    assert (sampler.repeated, sampler.out_of_order) == (0, 0)


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("declared", [False, True])
@pytest.mark.parametrize("every_frame", [False, True])
def test_a_turn_takes_the_frame_nearest_to_its_grid_point(fps, declared, every_frame):
    sampler = grid(fps if declared else None, every_frame=every_frame)
    times = camera(fps, 30.0)
    before = dict(zip(times[1:], times, strict=False))
    for time_s, turns in watch(sampler, times):
        for turn in turns.turns:
            taken_s = before[time_s] if turn.repeat else time_s
            assert abs(taken_s - turn.time_s) <= 0.5 / fps + 1e-6


@given(st.integers(2, 100), st.floats(0.0, 0.25), st.integers(0, 1000), st.booleans())
@settings(max_examples=60, deadline=None)
def test_at_any_whole_rate_the_turns_of_a_lane_are_evenly_spaced(fps, jitter, seed, every_frame):
    sampler = grid(every_frame=every_frame)
    pushed = watch(sampler, camera(fps, 12.0, jitter, seed))
    spans = defaultdict(list)
    for _, turns in pushed[len(pushed) // 2 :]:
        assert not turns.reset
        for turn in turns.turns:
            spans[turn.lane].append(turn.time_s)
    for times in spans.values():
        assert np.diff(times) == pytest.approx(1 / MODEL_FPS, rel=0.35)


def test_a_short_gap_repeats_the_last_frame_and_is_counted():
    sampler = grid(30.0)
    times = camera(30.0, 3.0)
    watch(sampler, times)
    turns = sampler.push(times[-1] + 0.5)
    repeats = [turn for turn in turns.turns if turn.repeat]
    assert turns.gap_s == pytest.approx(0.5)
    assert not turns.reset
    assert all(turn.time_s < times[-1] + 0.25 for turn in repeats)
    assert all(turn.time_s >= times[-1] + 0.25 - 1e-6 for turn in turns.turns if not turn.repeat)
    assert sampler.repeated == len(repeats) > 0


@pytest.mark.parametrize("gap_s", [0.1, 0.4, 0.9])
def test_after_a_gap_every_frame_gets_a_turn_from_the_same_lanes(gap_s):
    sampler = grid(30.0)
    times = camera(30.0, 3.0)
    watch(sampler, times)
    lanes = set(sampler.lanes)
    assert all(sampler.push(times[-1] + gap_s + i / 30).turns for i in range(60))
    assert set(sampler.lanes) == lanes


def test_on_the_grid_a_gap_is_filled_point_by_point():
    sampler = grid(30.0, every_frame=False)
    watch(sampler, camera(30.0, 3.0))
    turns = sampler.push(UNIX_S + 3.8)
    points = [turn.time_s - UNIX_S for turn in turns.turns]
    assert points == pytest.approx([3.0, 3.2, 3.4, 3.6, 3.8], abs=1e-5)
    assert [turn.repeat for turn in turns.turns] == [True, True, False, False, False]


@pytest.mark.parametrize("jump_s", [MAX_GAP_S + 0.01, 3600.0, -MAX_GAP_S - 0.01, -3600.0])
def test_a_long_gap_and_a_clock_set_back_begin_again(jump_s):
    sampler = grid(30.0)
    times = camera(30.0, 3.0)
    watch(sampler, times)
    known = set(sampler.lanes)
    turns = sampler.push(times[-1] + jump_s)
    assert turns.reset is (Reset.GAP if jump_s > 0.0 else Reset.CLOCK)
    assert turns.gap_s == pytest.approx(max(jump_s, 0.0))
    assert len(turns.turns) == 1
    assert not known & set(sampler.lanes)
    assert not sampler.push(times[-1] + jump_s + 1 / 30).reset


@pytest.mark.parametrize(("later_s", "gap_s"), [(1 / 30, 0.0), (0.5, 0.5), (9.0, 9.0), (-0.2, 0.0)])
def test_a_cut_begins_again_however_soon_it_comes(later_s, gap_s):
    sampler = grid(30.0)
    times = camera(30.0, 3.0)
    watch(sampler, times)
    known = set(sampler.lanes)
    turns = sampler.push(times[-1] + later_s, cut=True)
    assert turns.reset is Reset.CUT
    assert len(turns.turns) == 1
    assert turns.gap_s == pytest.approx(gap_s)
    assert not known & set(sampler.lanes)
    assert not sampler.push(times[-1] + later_s + 1 / 30).reset


def test_the_first_frame_cuts_nothing_off():
    sampler = grid(30.0)
    assert sampler.push(UNIX_S, cut=True) == grid(30.0).push(UNIX_S)


@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=40),
    st.lists(st.integers(1, 30), max_size=40),
    st.lists(st.integers(1, 30), max_size=40),
    st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_what_is_held_is_time_that_did_not_pass(before, still, after, every_frame):
    tick_s, odd_fps = 1 / 32, math.pi * 1.6  # no frame is just between two grid points
    held, calm = (TimeGrid(fps=odd_fps, every_frame=every_frame) for _ in range(2))
    times = (np.cumsum([0, *before]) * tick_s).tolist()
    for time_s in times:
        assert held.push(time_s) == calm.push(time_s)
    pauses = (times[-1] + np.cumsum(still) * tick_s).tolist()
    assert [held.hold(time_s) for time_s in pauses] == [ticks * tick_s for ticks in still]
    shift_s = sum(still) * tick_s
    for time_s in (times[-1] + np.cumsum(after) * tick_s).tolist():
        one, other = held.push(time_s + shift_s), calm.push(time_s)
        assert (one.reset, one.gap_s) == (other.reset, other.gap_s)
        assert [(turn.lane, turn.repeat) for turn in one.turns] == [
            (turn.lane, turn.repeat) for turn in other.turns
        ]
        assert [turn.time_s - shift_s for turn in one.turns] == pytest.approx(
            [turn.time_s for turn in other.turns], abs=1e-9
        )


@pytest.mark.parametrize("jump_s", [MAX_GAP_S + 0.01, -MAX_GAP_S - 0.01])
def test_a_frame_that_continues_nothing_cannot_be_held(jump_s):
    sampler = grid(30.0)
    assert sampler.hold(UNIX_S) is None
    assert sampler == grid(30.0)
    watch(sampler, camera(30.0, 1.0))
    before = deepcopy(sampler)
    assert sampler.hold(sampler.last_s + jump_s) is None
    assert sampler == before


def test_no_time_passes_with_a_frame_that_is_not_later():
    sampler = grid(30.0)
    watch(sampler, camera(30.0, 1.0))
    next_s = sampler.next_s
    assert [sampler.hold(sampler.last_s - late_s) for late_s in (0.0, 0.5)] == [0.0, 0.0]
    assert (sampler.next_s, sampler.out_of_order) == (next_s, 2)


@pytest.mark.parametrize("every_frame", [False, True])
def test_repeated_and_backward_times_get_no_turn_and_are_counted(every_frame):
    sampler = grid(30.0, every_frame=every_frame)
    times = camera(30.0, 2.0)
    watch(sampler, times)
    for late_s in (0.0, 0.02, 0.9):
        turns = sampler.push(times[-1] - late_s)
        assert (turns.turns, turns.reset) == ((), None)
    assert sampler.out_of_order == 3
    assert sampler.push(times[-1] + 1 / 30).gap_s == 0.0


@pytest.mark.parametrize("unknown", [None, math.nan, math.inf, -math.inf, 1.7e18])
def test_a_frame_without_a_time_comes_one_interval_after_the_last(unknown):
    sampler = grid(30.0)
    times = camera(30.0, 2.0)
    watch(sampler, times)
    known, missing = deepcopy(sampler), deepcopy(sampler)
    assert missing.push(unknown).turns == known.push(times[-1] + 1 / 30).turns
    assert missing.last_s == pytest.approx(known.last_s, abs=1e-5)


def test_a_stream_without_any_times_runs_at_its_declared_rate():
    sampler = grid(30.0)
    taken = [len(sampler.push(None).turns) for _ in range(300)]
    assert set(taken) == {1}
    assert len(sampler.lanes) == 6


def test_frames_that_this_machine_drops_cost_lanes_and_never_repeats():
    sampler = grid(30.0)
    times = camera(30.0, 25.0)
    for time_s in times[:90]:
        sampler.push(time_s)
    turns = [sampler.push(time_s, dropped=2) for time_s in times[92:510:3]]
    assert all(len(one.turns) <= 1 for one in turns)
    assert not any(turn.repeat for one in turns for turn in one.turns)
    assert sampler.repeated == 0
    assert (len(sampler.lanes), sampler.lanes_wanted) == (2, 6)
    before = sampler.skipped
    assert before > 0
    for time_s in times[510:]:
        sampler.push(time_s)
    assert (len(sampler.lanes), sampler.lanes_wanted) == (6, 6)
    assert sampler.skipped == before


def test_lanes_that_remain_keep_the_models_rate_while_frames_are_dropped():
    sampler, seen = grid(30.0), defaultdict(list)
    for index, time_s in enumerate(camera(30.0, 40.0)[::3]):
        for turn in sampler.push(time_s, dropped=2 if index else 0).turns:
            seen[turn.lane].append(turn.time_s)
    for lane in sampler.lanes:
        times = [time_s for time_s in seen[lane] if time_s > UNIX_S + 10]
        assert np.diff(times) == pytest.approx(1 / MODEL_FPS, rel=1e-3)


def test_a_burst_of_frames_asks_for_a_bounded_number_of_lanes():
    sampler = grid()
    for index in range(2000):
        sampler.push(UNIX_S + index * 1e-6)
    assert len(sampler.lanes) == sampler.lanes_wanted == MAX_LANES
    assert sampler.next_id < 2 * MAX_LANES
    assert len(sampler.push(UNIX_S + 0.002 + MAX_GAP_S).turns) <= bound(sampler) + 1


@pytest.mark.parametrize("declared", [1e9, 90_000.0, 0.0, -1.0, math.nan, math.inf])
def test_an_absurd_declared_rate_is_not_believed(declared):
    sampler = grid(declared)
    for time_s in camera(30.0, 3.0):
        assert len(sampler.push(time_s).turns) <= 6
    assert len(sampler.lanes) == 6


def bound(sampler: TimeGrid) -> int:
    """The most turns that a bridged gap can ask for."""
    return math.ceil((sampler.max_gap_s + 1.0) * sampler.fps * MAX_LANES)


step_s = st.one_of(
    st.floats(-3.0, 3.0),
    st.floats(0.0, 0.05),
    st.sampled_from([1e-9, 5e-324, 1 / 30, 1 / 60, 0.2, 0.999999, -1 / 30, 0.0]),
)
times_s = st.one_of(
    st.lists(st.one_of(st.none(), st.floats(), st.floats(0, 10)), max_size=60),
    st.tuples(st.sampled_from([0.0, UNIX_S, -1e10, 2.0**50]), st.lists(step_s, max_size=120)).map(
        lambda pair: np.cumsum([pair[0], *pair[1]]).tolist()
    ),
)


@given(
    times_s,
    st.booleans(),
    st.sampled_from([None, 0.001, 30.0, 500.0, 1e300]),
    st.sampled_from([0.1, 5.0, 12.0]),
    st.lists(st.integers(0, 3), max_size=5),
)
@example([0.0, 5e-324, 1e-323, 1.5e-323, 2e-323, 2.5e-323, 3e-323], True, None, 0.1, [])
@example([2.0**52, 2.0**52 + 1, 2.0**52 + 2], True, 30.0, 5.0, [])
@settings(max_examples=300, deadline=None)
def test_any_times_give_bounded_turns_in_order_for_lanes_that_exist(
    times, every_frame, declared, fps, dropped
):
    sampler = TimeGrid(fps=fps, every_frame=every_frame, declared_fps=declared)
    latest_s = -math.inf
    for index, time_s in enumerate(times):
        lost = dropped[index % len(dropped)] if dropped else 0
        before = set(sampler.lanes)
        turns = sampler.push(time_s, lost)
        if turns.reset:
            latest_s = -math.inf
        points = [latest_s, *(turn.time_s for turn in turns.turns)]
        assert all(a < b for a, b in pairwise(points))
        latest_s = points[-1]
        assert {turn.lane for turn in turns.turns} <= set(sampler.lanes) - (
            before if turns.reset else set()
        )
        assert len(turns.turns) <= bound(sampler)
        assert 1 <= len(sampler.lanes) <= MAX_LANES
        assert len(set(sampler.lanes)) == len(sampler.lanes)
        assert not lost or turns.reset or len(turns.turns) <= 1
        assert turns.gap_s >= 0.0


@pytest.mark.parametrize("every_frame", [False, True])
def test_a_camera_slower_than_a_reset_gives_each_frame_its_turn(every_frame):
    sampler = grid(every_frame=every_frame)
    turns = [sampler.push(time_s) for time_s in camera(0.8, 20.0)]
    assert all(one.reset and len(one.turns) == 1 for one in turns[1:])


@given(times_s, times_s, st.booleans())
@settings(max_examples=50, deadline=None)
def test_a_copy_goes_on_as_the_original(first, then, every_frame):
    original = TimeGrid(fps=MODEL_FPS, every_frame=every_frame)
    for time_s in first:
        original.push(time_s)
    copy = deepcopy(original)
    assert [original.push(t) for t in then] == [copy.push(t) for t in then]
