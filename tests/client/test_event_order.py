"""Events come once and in order, whatever is lost, repeated, delayed or late."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from streamrec import wire
from streamrec.client.event_order import MAX_WAITING, EventOrder
from streamrec.wire.replay import Events

EVENT = wire.decode((Path(__file__).parent.parent / "wire/event-v1.json").read_bytes())


def event(number, previous=None, source="a"):
    return msgspec.structs.replace(EVENT, number=number, previous=previous, source=source)


def answer(events, number, newest=None, more=False):
    newest = number if newest is None else newest
    return Events(request=1, events=tuple(events), number=number, newest=newest, more=more)


def taken(order):
    return [each.number for each in iter(order.take, None)]


def caught_up(since=10, **options):
    order = EventOrder(since, **options)
    order.replay(answer([], since))
    return order


def test_an_event_that_follows_comes_without_the_store():
    order = caught_up()
    order.hear(event(15, 10))
    order.hear(event(17, 15))
    assert (taken(order), order.is_behind) == ([15, 17], False)


@pytest.mark.parametrize("previous", [12, None])
def test_an_event_that_may_not_follow_waits_for_the_store(previous):
    order = caught_up()
    order.hear(event(15, previous))
    assert (taken(order), order.is_behind) == ([], True)
    order.replay(answer([event(12)], 12))
    assert taken(order) == ([12, 15] if previous else [12])
    order.replay(answer([event(15)], 15))
    assert (taken(order), order.is_behind) == ([] if previous else [15], False)


def test_a_heartbeat_shows_that_an_event_is_missing():
    order = caught_up()
    order.hear_of(12)
    assert order.is_behind
    order.replay(answer([event(12)], 12))
    assert (taken(order), order.is_behind) == ([12], False)


def test_a_store_that_lags_is_asked_again():
    order = caught_up()
    order.hear_of(12)
    order.replay(answer([], 10))
    assert order.is_behind


def test_what_the_store_has_lost_and_was_heard_comes_in_its_place():
    order = caught_up()
    order.hear(event(15, 12))
    order.replay(answer([event(12), event(18)], 18))
    assert taken(order) == [12, 15, 18]


def test_without_a_number_it_begins_at_the_newest_in_the_store():
    order = EventOrder(None)
    order.hear(event(15, 10))
    order.hear(event(17, 15))
    assert order.is_behind
    order.replay(answer([], 0, newest=15, more=True))
    assert taken(order) == [17]


def test_other_sources_are_left_out_and_leave_no_gap():
    order = caught_up(sources=("a",))
    order.hear(event(15, 10, "b"))
    order.hear(event(17, 15, "a"))
    assert (taken(order), order.is_behind) == ([17], False)


def test_what_waits_is_bounded():
    order = caught_up()
    for number in range(20, 20 + 2 * MAX_WAITING):
        order.hear(event(number, number - 1))
    assert len(order._waiting) == MAX_WAITING
    assert order.known == 19 + 2 * MAX_WAITING


class Service(RuleBasedStateMachine):
    """A service that publishes over a bad line, and a store that lags."""

    def __init__(self):
        super().__init__()
        self.order = EventOrder(0)
        self.published, self.stored, self.answers, self.taken = [], 0, [], []

    @rule(step=st.integers(1, 3), comes=st.booleans(), start=st.booleans())
    def publish(self, step, comes, start):
        newest = self.published[-1].number if self.published else None
        event_ = event((newest or 0) + step, None if start else newest)
        self.published.append(event_)
        if comes:
            self.order.hear(event_)

    @rule(data=st.data())
    def send_again(self, data):
        if self.published:
            self.order.hear(data.draw(st.sampled_from(self.published)))

    @rule()
    def send_heartbeat(self):
        if self.published:
            self.order.hear_of(self.published[-1].number)

    @rule(count=st.integers(0, 5))
    def store(self, count):
        self.stored = min(self.stored + count, len(self.published))

    @rule(most=st.integers(1, 3))
    def ask(self, most):
        since, kept = self.order.reached, self.published[: self.stored]
        newer = [each for each in kept if each.number > since]
        page, newest = newer[:most], kept[-1].number if kept else 0
        number = page[-1].number if page else since
        self.answers.append(answer(page, number, newest, len(newer) > most))

    @rule()
    def take_answer(self):
        if self.answers:
            self.order.replay(self.answers.pop(0))

    @rule()
    def lose_answer(self):
        if self.answers:
            self.answers.pop(0)

    @invariant()
    def events_come_once_in_order_and_none_is_left_out(self):
        self.taken += taken(self.order)
        assert self.taken == [each.number for each in self.published[: len(self.taken)]]

    def teardown(self):
        self.send_heartbeat()
        self.stored = len(self.published)
        for _ in range(len(self.published) + 1):
            if self.order.is_behind:
                self.ask(1)
                self.order.replay(self.answers.pop())
        assert not self.order.is_behind
        self.taken += taken(self.order)
        assert self.taken == [each.number for each in self.published]


class TestService(Service.TestCase):
    settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
