import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.service.meter import SPAN_S, Meter


def test_a_steady_rate_is_measured():
    meter = Meter(0.0)
    for event in range(100):
        meter.count(event / 5)
    assert meter.hz(99 / 5) == pytest.approx(5.0)


def test_nothing_is_said_before_a_span_has_passed():
    meter = Meter(100.0)
    meter.count(100.0)
    assert meter.hz(100.0 + SPAN_S - 0.01) is None
    assert meter.hz(100.0 + SPAN_S) is not None


def test_a_rate_falls_to_nothing_when_events_stop():
    meter = Meter(0.0)
    meter.count(SPAN_S)
    assert meter.hz(SPAN_S) > 0
    assert meter.hz(3 * SPAN_S) == 0.0


@given(st.lists(st.floats(0.0, 1e4), max_size=200))
def test_only_the_last_span_counts(times):
    meter = Meter(0.0)
    for time_s in sorted(times):
        meter.count(time_s)
    end = max([*times, SPAN_S])
    within = sum(time_s > end - SPAN_S for time_s in times)
    assert meter.hz(end) == pytest.approx(within / SPAN_S)
