"""Which worker watches which camera."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.service.assign import assign, workers_wanted

names = st.lists(st.integers(0, 60).map("camera-{}".format), unique=True)
workers = st.lists(st.integers(0, 9), min_size=1, unique=True)


@pytest.mark.parametrize(
    ("asked", "cameras", "cores", "workers"),
    [(0, 0, 4, 1), (0, 16, 4, 1), (0, 17, 4, 2), (0, 999, 4, 4), (3, 1, 2, 3), (1, 99, 8, 1)],
)
def test_there_is_a_worker_for_every_16_cameras_and_at_most_one_a_core(
    asked, cameras, cores, workers
):
    assert workers_wanted(asked, cameras, cores) == workers


@given(names, workers)
def test_cameras_are_spread_evenly(cameras, workers):
    loads = Counter(assign(cameras, {}, workers).values())
    assert sum(loads.values()) == len(cameras)
    assert max(loads.values(), default=0) - min(loads[worker] for worker in workers) <= 1


@given(names, names, workers)
def test_no_camera_moves_when_others_come_and_go(before, after, workers):
    first = assign(before, {}, workers)
    second = assign(after, first, workers)
    assert sorted(second) == sorted(after)
    assert all(second[name] == first[name] for name in after if name in first)


@given(names, workers)
def test_cameras_of_a_worker_that_has_gone_get_another(cameras, workers):
    placed = dict.fromkeys(cameras, -1)
    assert set(assign(cameras, placed, workers).values()) <= set(workers)
