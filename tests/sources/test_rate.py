"""The frame rate is told once, and when it changes."""

import pytest

from streamrec.sources.rate import MEASURED_OVER, RateMeter


def test_a_rate_is_told_when_it_is_known_and_when_it_changes():
    meter, time_s, told = RateMeter(), 0.0, []
    for fps in (25.0, 25.0, 12.5, 12.5):
        for _ in range(MEASURED_OVER):
            time_s += 1 / fps
            told.append(meter.push(time_s))
    assert [fps for fps in told if fps] == [pytest.approx(25.0), pytest.approx(12.5)]


def test_a_gap_and_repeated_times_are_no_change():
    meter = RateMeter()
    times = [i / 25 + (3.0 if i > 60 else 0.0) for i in range(200) for _ in range(2)]
    assert [fps for fps in map(meter.push, times) if fps] == [pytest.approx(25.0)]
