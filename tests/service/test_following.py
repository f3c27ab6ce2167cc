"""Clients of a real service that has a store."""

import itertools

import pytest

from streamrec.client import Replay, Subscriber, follow_events
from streamrec.errors import EndpointError
from streamrec.sockets.keys import new_keys

WAIT_S = 20.0


@pytest.fixture
def acting(service, tmp_path):
    """A service with two cameras that have one event after the other."""
    cameras = {"door": "acts", "hall": "acts"}
    return service(cameras, store=str(tmp_path / "events.db")).supervisor


def follow(supervisor, since, **options):
    return follow_events(
        supervisor.publishes_on, supervisor.replays_on, since, timeout_s=WAIT_S, **options
    )


def test_who_was_away_gets_what_was_missed_and_goes_on_live(acting):
    with follow(acting, since=0) as follower:
        first = list(itertools.islice(follower, 30))
    with follow(acting, since=first[-1].number) as follower:
        second = list(itertools.islice(follower, 60))
    followed = [event.number for event in first + second]
    with Replay(acting.replays_on) as past:
        stored = [event.number for event in past.events()]
    assert followed == stored[: len(followed)]


def test_one_camera_can_be_followed(acting):
    with follow(acting, since=0, sources=["door"]) as follower:
        events = list(itertools.islice(follower, 20))
    assert {event.source for event in events} == {"door"}
    with Replay(acting.replays_on) as past:
        stored = itertools.islice(past.events(sources=["door"]), 20)
        assert [event.number for event in events] == [event.number for event in stored]


def test_a_subscriber_hears_events_without_gaps_and_that_the_service_lives(acting):
    gaps, told = [], []
    options = {"kinds": ("event",), "on_gap": gaps.append, "on_liveness": told.append}
    with Subscriber(acting.publishes_on, timeout_s=WAIT_S, **options) as subscriber:
        events = list(itertools.islice(subscriber, 60))
    assert len({(event.source, event.sequence) for event in events}) == 60
    assert (gaps, told) == ([], [True])


def test_keys_open_the_publisher_and_the_replay_alike(service, tmp_path):
    public, secret = new_keys("service", tmp_path)
    store = str(tmp_path / "events.db")
    supervisor = service({"door": "acts"}, store=store, keys=str(secret)).supervisor
    with follow(supervisor, since=0, server_key=public) as follower:
        assert follower.receive(WAIT_S) is not None
    with Replay(supervisor.replays_on, timeout_s=0.3) as past, pytest.raises(EndpointError):
        next(iter(past.events()))


def test_footage_that_is_not_there_is_none(acting):
    with follow(acting, since=0) as follower, Replay(acting.replays_on) as past:
        event = follower.receive(WAIT_S)
        assert past.thumbnail(event.id) is None
        assert past.clip("no-such-event") is None
