"""How it stands with a connection, by what happens and as time passes."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from streamrec.sources.link import FIRST_WAIT_S, STEADY_S, Link, LinkPolicy, worth_logging
from streamrec.types import CameraState, CameraStatus

CONNECTING, LIVE, STALLED, LOST, BACKING_OFF, DISABLED = CameraState
ALLOWED = {
    CONNECTING: {LIVE, LOST, DISABLED},
    LIVE: {STALLED, LOST, DISABLED},
    STALLED: {LIVE, LOST, DISABLED},
    LOST: {BACKING_OFF, DISABLED},
    BACKING_OFF: {CONNECTING, DISABLED},
    DISABLED: {CONNECTING},
}
POLICY = LinkPolicy(open_timeout_s=5.0, read_timeout_s=8.0, retry_most_s=60.0)
START_S = 1.7e9

chances = st.floats(0.0, 1.0, exclude_max=True)
policies = st.builds(
    LinkPolicy,
    open_timeout_s=st.floats(0.1, 3600),
    read_timeout_s=st.floats(0.1, 3600),
    retry_most_s=st.floats(1.0, 3600),
)


def started() -> Link:
    return Link.start(POLICY, START_S)


def fail_again(link: Link, reason: str = "refused", chance: float = 0.0) -> Link:
    """From connecting through one failure to connecting again."""
    link = link.failed(link.since_s + 0.1, reason)
    link = link.tick(link.due_s, chance)
    return link.tick(link.due_s, chance)


def test_a_link_is_connecting_until_the_first_frame():
    link = started()
    assert link.state is CONNECTING
    assert link.frame(START_S + 1).state is LIVE


def test_without_a_frame_it_is_lost_after_both_time_outs():
    link = started()
    assert link.tick(START_S + 12.9, 0.0) == link
    lost = link.tick(START_S + 13.0, 0.0)
    assert (lost.state, lost.attempt) == (LOST, 1)
    assert lost.reason == "no connection that sends frames within 13 s"


def test_frames_that_stay_away_stall_it_and_then_lose_it():
    link = started().frame(START_S)
    assert link.tick(START_S + 1.9, 0.0).state is LIVE
    stalled = link.tick(START_S + 2.0, 0.0)
    assert (stalled.state, stalled.reason) == (STALLED, "no frame for 2 s")
    assert stalled.tick(START_S + 7.9, 0.0).state is STALLED
    lost = stalled.tick(START_S + 8.0, 0.0)
    assert (lost.state, lost.reason) == (LOST, "no frame for 8 s")


def test_a_frame_ends_a_stall():
    stalled = started().frame(START_S).tick(START_S + 3, 0.0)
    link = stalled.frame(START_S + 4)
    assert (link.state, link.reason, link.since_s) == (LIVE, "", START_S + 4)


def test_after_a_failure_it_waits_and_tries_again():
    lost = started().failed(START_S, "refused")
    waiting = lost.tick(START_S, 0.0)
    assert (waiting.state, waiting.reason, waiting.retry_s) == (BACKING_OFF, "refused", START_S + 1)
    assert waiting.tick(START_S + 0.9, 0.0) == waiting
    again = waiting.tick(START_S + 1.0, 0.0)
    assert (again.state, again.retry_s, again.attempt) == (CONNECTING, None, 1)


def test_a_flapping_camera_is_not_hammered():
    link = started()
    for _ in range(8):
        link = fail_again(link).frame(link.since_s + 2.0)
        link = fail_again(link)
    assert link.attempt == 16


def test_failures_are_forgotten_once_it_has_been_live_for_a_while():
    link = fail_again(started())
    live_s = link.since_s
    link = link.frame(live_s)
    assert link.frame(live_s + STEADY_S - 0.1).attempt == 1
    assert link.frame(live_s + STEADY_S).attempt == 0


def test_frames_alone_tell_nothing_new():
    link = started().frame(START_S)
    assert link.frame(START_S + 1.0) == link


def test_a_clock_that_is_set_back_makes_no_wait_longer():
    waiting = started().failed(START_S, "refused").tick(START_S, 0.0)
    back = waiting.tick(START_S - 3600, 0.0)
    assert back.retry_s == START_S - 3600 + FIRST_WAIT_S
    live = started().frame(START_S).tick(START_S - 3600, 0.0)
    assert live.tick(START_S - 3600 + 2.0, 0.0).state is STALLED


@given(policies, st.integers(1, 10**6), chances, chances)
def test_waits_grow_within_bounds(policy, attempt, chance, next_chance):
    wait_s, next_s = policy.wait_s(attempt, chance), policy.wait_s(attempt + 1, next_chance)
    assert FIRST_WAIT_S / 2 <= wait_s <= policy.retry_most_s
    assert next_s >= min(wait_s, policy.retry_most_s / 2)


def test_chance_spreads_the_retries_of_many_cameras():
    waits = {POLICY.wait_s(5, camera / 16) for camera in range(16)}
    assert len(waits) == 16
    assert max(waits) - min(waits) > 0.4 * max(waits)


def test_a_camera_that_is_away_for_months_logs_few_lines():
    link, lines = started(), 0
    for _ in range(100_000):
        lost = link.failed(link.since_s, "refused")
        lines += worth_logging(lost, link)
        waiting = lost.tick(lost.due_s, 0.0)
        link = waiting.tick(waiting.due_s, 0.0)
        assert not worth_logging(waiting, lost)
        assert not worth_logging(link, waiting)
    assert lines == 17  # 1, 2, 4 ... 65536


def test_another_reason_is_logged():
    link = started()
    for _ in range(2):
        link = fail_again(link)
    assert not worth_logging(link.failed(link.since_s, "refused"), link)
    assert worth_logging(link.failed(link.since_s, "wrong password"), link)


def test_live_and_switching_are_logged_and_stalls_are_not():
    link = started()
    live = link.frame(START_S)
    stalled = live.tick(START_S + 3, 0.0)
    off = live.disable(START_S, "by schedule")
    assert worth_logging(live, link)
    assert not worth_logging(stalled, live)
    assert not worth_logging(stalled.frame(START_S + 4), stalled)
    assert worth_logging(off, live)
    assert worth_logging(off.enable(START_S), off)


def status(state, reason="", attempt=0):
    return CameraStatus(
        source="door", state=CameraState(state), since_s=0.0, reason=reason, attempt=attempt
    )


@pytest.mark.parametrize(
    ("before", "after", "logged"),
    [
        (status("connecting"), status("live"), True),
        (status("live"), status("live"), False),
        (status("live"), status("stalled", "no frame for 2.5 s"), False),
        (status("stalled", "no frame for 2.5 s"), status("live"), False),
        (status("live"), status("lost", "refused", 1), True),
        (status("lost", "refused", 1), status("backing-off", "refused", 1), False),
        (status("connecting", "refused", 2), status("lost", "refused", 3), False),
        (status("connecting", "refused", 3), status("lost", "refused", 4), True),
        (status("connecting", "refused", 2), status("lost", "wrong password", 3), True),
        (status("live", "", 3), status("lost", "broke off", 3), False),
        (status("connecting", "refused", 3), status("live", "", 3), False),
        (status("connecting", "refused", 4), status("live", "", 4), True),
        (status("live"), status("disabled", "by command"), True),
    ],
)
def test_news_are_logged_and_repeats_are_not(before, after, logged):
    assert worth_logging(after, before) is logged


class AnyLife(RuleBasedStateMachine):
    """Whatever happens in whatever order."""

    @initialize(policy=policies)
    def start(self, policy):
        self.now_s = START_S
        self.link = Link.start(policy, START_S)

    def become(self, link):
        before, self.link = self.link, link
        if link.state is not before.state:
            assert link.state in ALLOWED[before.state]
        return before

    @rule(seconds=st.floats(-10, 4000), chance=chances)
    def time_passes(self, seconds, chance):
        self.now_s += seconds
        before = self.become(self.link.tick(self.now_s, chance))
        if before.state is DISABLED:
            assert self.link.state is DISABLED

    @rule(chance=chances)
    def its_time_comes(self, chance):
        if self.link.due_s == math.inf:
            return
        self.now_s = max(self.now_s, self.link.due_s)
        before = self.become(self.link.tick(self.now_s, chance))
        assert self.link.state is not before.state

    @rule()
    def frame(self):
        before = self.become(self.link.frame(self.now_s))
        connected = before.state in (CONNECTING, LIVE, STALLED)
        assert (self.link.state is LIVE) == connected

    @rule(reason=st.sampled_from(["refused", "wrong password"]))
    def failed(self, reason):
        before = self.become(self.link.failed(self.now_s, reason))
        assert self.link.state is not LIVE
        if before.state in (CONNECTING, LIVE, STALLED):
            assert self.link.attempt == before.attempt + 1

    @rule()
    def disable(self):
        self.become(self.link.disable(self.now_s, "by hand"))
        assert self.link.state is DISABLED

    @rule()
    def enable(self):
        before = self.become(self.link.enable(self.now_s))
        assert (self.link.state is CONNECTING) or self.link == before

    @invariant()
    def a_retry_is_due_exactly_while_backing_off(self):
        assert (self.link.retry_s is not None) == (self.link.state is BACKING_OFF)
        if self.link.retry_s is not None:
            most_s = self.link.policy.retry_most_s
            assert 0 < self.link.retry_s - self.link.since_s <= most_s * 1.0001


TestAnyLife = AnyLife.TestCase


@pytest.mark.parametrize("most_s", [1.0, 60.0])
def test_an_unreachable_camera_is_tried_for_ever(most_s):
    policy = LinkPolicy(retry_most_s=most_s)
    link, tried = Link.start(policy, START_S), []
    while link.since_s < START_S + 86400:
        if link.state is CONNECTING:
            tried.append(link.since_s)
            link = link.failed(link.since_s, "refused")
        link = link.tick(link.due_s, 0.5)
    assert max(later - earlier for earlier, later in pairwise(tried)) == pytest.approx(
        0.75 * most_s
    )
    assert len(tried) > 86400 / most_s
