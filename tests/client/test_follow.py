"""Every event once and in order, over real sockets."""

import asyncio
import random

import pytest

from streamrec.client import follow_events
from streamrec.errors import EndpointError, OptionError
from streamrec.wire import replay

WAIT_S = 10.0


@pytest.fixture
def follow():
    """Follow a service."""

    def one(service, since=None, **options):
        return follow_events(service.publishes_on, service.answers_on, since, **options)

    return one


def taken(follower, count):
    events = [follower.receive(WAIT_S) for _ in range(count)]
    return [event and event.number for event in events]


def test_stored_events_come_first_and_live_ones_after(start, events, follow):
    service = start(most=2)
    old, new = events(5), events(2, first=6)
    service.kept = old
    with follow(service, since=20) as follower:
        service.wait()
        assert taken(follower, 3) == [30, 40, 50]
        service.publish(*new)
        assert taken(follower, 2) == [60, 70]
    assert all(asked.since <= 50 for asked in service.asked)


def test_without_a_number_only_new_events_come(start, events, follow):
    service = start()
    service.kept = events(3)
    with follow(service) as follower:
        service.wait()
        assert follower.receive(0.2) is None
        service.publish(*events(1, first=4))
        assert taken(follower, 1) == [40]


def test_a_live_event_that_is_missing_is_fetched(start, events, follow):
    service = start()
    first, lost, last = events(3)
    with follow(service, since=0) as follower:
        service.wait()
        service.publish(first, last)
        service.kept = [first, lost, last]
        assert taken(follower, 3) == [10, 20, 30]


def test_a_missing_event_at_the_end_is_told_by_the_heartbeat(start, events, follow):
    service = start()
    with follow(service, since=0) as follower:
        service.wait()
        assert follower.receive(0.1) is None
        service.kept = events(1)
        service.beat(10)
        assert taken(follower, 1) == [10]


def test_live_events_wait_for_a_store_that_lags(start, events, follow):
    service = start()
    first, lost, last = events(3)
    with follow(service, since=0) as follower:
        service.wait()
        service.publish(first)
        assert taken(follower, 1) == [10]
        service.publish(last)
        assert follower.receive(0.3) is None
        assert follower.is_behind
        service.kept = [first, lost]
        assert taken(follower, 2) == [20, 30]
        assert not follower.is_behind


def test_a_store_that_cannot_be_read_is_asked_again(start, events, follow):
    service = start()
    service.kept = events(2)
    service.refusal = replay.Refused(request=0, text="database down", exit_code=5)
    with follow(service, since=0) as follower:
        assert follower.receive(0.3) is None
        assert (follower.trouble, follower.is_behind) == ("database down", True)
        service.refusal = None
        assert taken(follower, 2) == [10, 20]
        assert follower.trouble == ""


def test_a_service_that_keeps_no_events_is_an_error(start, follow):
    service = start()
    service.refusal = replay.Refused(request=0, text="no events are kept here", exit_code=2)
    with follow(service, since=0) as follower, pytest.raises(OptionError, match="no events"):
        follower.receive(WAIT_S)


def test_a_restart_loses_nothing_and_repeats_nothing(start, events, follow):
    service = start()
    first, second, third, fourth = events(4)
    with follow(service, since=0) as follower:
        service.wait()
        assert follower.receive(0.2) is None
        service.publish(first)
        assert taken(follower, 1) == [10]
        service.close()
        service = start(publish=service.publishes_on, answer=service.answers_on)
        service.kept = [first, second, third]
        assert follower.receive(0.5) is None  # it connects again meanwhile
        service.wait()
        service.publish(third, fourth)
        assert taken(follower, 3) == [20, 30, 40]


def test_the_service_may_start_later(start, events, follow):
    service = start()
    service.close()
    with follow(service, since=0) as follower:
        assert follower.receive(0.2) is None
        assert "nobody answers" in follower.trouble
        late = start(publish=service.publishes_on, answer=service.answers_on)
        late.kept = events(2)
        assert taken(follower, 2) == [10, 20]


def test_liveness_is_told(start, follow):
    told = []
    service = start()
    with follow(service, on_liveness=told.append) as follower:
        service.wait()
        service.beat(None, interval_s=0.1)
        assert follower.receive(0.8) is None
    assert told == [True, False]


def test_sources_can_be_chosen(start, events, follow):
    service = start()
    service.kept = [*events(1), *events(1, first=2, source="b")]
    with follow(service, since=0, sources=["b"]) as follower:
        service.wait()
        assert taken(follower, 1) == [20]
        service.publish(*events(1, first=3), *events(1, first=4, source="b"))
        assert taken(follower, 1) == [40]


def test_async_iteration_reads_the_same(start, events, follow):
    service = start()
    service.kept = events(3)

    async def read():
        async with follow(service, since=10, timeout_s=0.5) as follower:
            await asyncio.to_thread(service.wait)
            service.publish(*events(1, first=4))
            return [event.number async for event in follower]

    assert asyncio.run(read()) == [20, 30, 40]


def test_iteration_ends_after_silence(start, events, follow):
    service = start()
    service.kept = events(2)
    with follow(service, since=0, timeout_s=0.3) as follower:
        assert [event.number for event in follower] == [10, 20]


def test_a_closed_follower_says_so(start, follow):
    follower = follow(start())
    follower.close()
    follower.close()
    with pytest.raises(EndpointError, match="closed"):
        follower.receive(0)


@pytest.mark.parametrize("wrong", [{"since": -1}, {"sources": "a"}, {"timeout_s": -1.0}], ids=str)
def test_arguments_that_make_no_sense_are_refused(wrong):
    with pytest.raises(OptionError):
        follow_events(**wrong)


@pytest.mark.parametrize("seed", range(3))
def test_a_bad_line_and_restarts_lose_and_repeat_nothing(start, events, follow, seed):
    chance = random.Random(seed)
    everything = events(60)
    service = start(most=4)
    received = []
    with follow(service, since=0) as follower:
        for i, event in enumerate(everything):
            if chance.random() < 0.05:
                kept = service.kept
                service.close()
                service = start(publish=service.publishes_on, answer=service.answers_on, most=4)
                service.kept = kept
            if chance.random() < 0.7:
                service.publish(event)
            if chance.random() < 0.3:
                service.publish(everything[chance.randrange(i + 1)])
            if chance.random() < 0.3:
                service.kept = everything[: chance.randrange(len(service.kept), i + 2)]
            service.silent = chance.random() < 0.02
            while chance.random() < 0.5 and (heard := follower.receive(0.01)) is not None:
                received.append(heard.number)
        service.kept = everything
        service.beat(everything[-1].number)
        while len(received) < 60:
            received += taken(follower, 1)
        assert follower.receive(0.1) is None
    assert received == [event.number for event in everything]
