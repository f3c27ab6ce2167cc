"""Variants take turns, warm up, and are compared within their groups."""

from importlib import import_module

import numpy as np
import pytest


@pytest.fixture
def timing():
    return import_module("timing")


def variant(timing, name, log, **options):
    return timing.Variant(
        **{"facts": {"name": name}, "group": "all", "step": lambda: log.append(name), **options}
    )


def test_variants_take_turns_after_preparing_and_warming_up(timing):
    log = []
    ours = variant(timing, "a", log, prepare=lambda: log.append("prepare"))
    theirs = variant(timing, "b", log, steps=1, warm_up=0)
    timing.interleave([ours, theirs], rounds=2, steps=2, warm_up=1)
    assert log == ["prepare", "a", "a", "a", "b"] * 2


def test_only_counted_steps_are_timed(timing):
    now_s = iter(range(100))
    (row,) = timing.interleave(
        [variant(timing, "a", [])], rounds=2, steps=3, warm_up=4, clock_s=lambda: next(now_s)
    )
    assert row == {"name": "a", "median_ms": 1000.0, "p95_ms": 1000.0, "ratios": {}}
    assert next(now_s) == 2 * 2 * 3


def test_ratios_are_to_the_baselines_of_the_same_group(timing):
    variants = [
        variant(timing, "a", []),
        variant(timing, "peer", [], baseline="peer"),
        variant(timing, "b", [], group="other"),
    ]
    times = [np.array([[1.0], [3.0]]), np.array([[2.0], [2.0]]), np.array([[5.0], [5.0]])]
    a, peer, b = timing.summarise(variants, times)
    assert a["ratios"] == {"peer": {"median": 1.0, "q1": 0.75, "q3": 1.25}}
    assert (a["median_ms"], peer["ratios"], b["ratios"]) == (2.0, {}, {})
