"""Events of the past, and their footage."""

import asyncio

import pytest

from streamrec.client import Replay
from streamrec.errors import EndpointError, OptionError, StoreError
from streamrec.wire import replay


def numbers(events):
    return [event.number for event in events]


def test_events_come_page_by_page(start, events):
    service = start(most=3)
    service.kept = events(10)
    with Replay(service.answers_on) as past:
        assert numbers(past.events()) == [10 * i for i in range(1, 11)]
        assert len(service.asked) == 4
        assert numbers(past.events(since=80)) == [90, 100]


def test_what_is_wanted_is_asked_for(start):
    service = start()
    with Replay(service.answers_on) as past:
        assert list(past.events(since=5, since_s=1.5, sources=("a", "front door"))) == []
    (asked,) = service.asked
    assert (asked.since, asked.since_s, asked.sources) == (5, 1.5, ("a", "front_door"))


def test_footage_comes_as_bytes(start):
    service = start()
    service.files = {("e-1", "thumbnail"): b"jpeg", ("e-1", "clip"): b"mp4" * 100_000}
    with Replay(service.answers_on) as past:
        assert past.thumbnail("e-1") == b"jpeg"
        assert past.clip("e-1") == b"mp4" * 100_000


def test_footage_that_is_not_there_is_none(start, events):
    service = start()
    service.kept = events(2)
    service.files = {("e-1", "thumbnail"): None}
    with Replay(service.answers_on) as past:
        assert past.thumbnail("e-1") is None
        assert list(past.events()) == service.kept


def test_async_does_the_same(start, events):
    service = start(most=3)
    service.kept = events(5)
    service.files = {("e-1", "thumbnail"): b"jpeg", ("e-1", "clip"): b"mp4"}

    async def read():
        async with Replay(service.answers_on) as past:
            seen = [event.number async for event in past.events(since=10)]
            return seen, await past.thumbnail_async("e-1"), await past.clip_async("e-1")

    assert asyncio.run(read()) == ([20, 30, 40, 50], b"jpeg", b"mp4")


def test_the_answer_to_an_earlier_request_is_passed_over(start, events):
    service = start()
    service.kept = events(2)
    service.files = {("e-1", "thumbnail"): b"jpeg"}
    with Replay(service.answers_on) as past:
        assert list(past.events()) == service.kept
        past._socket.ask(replay.EventsWanted(request=past._asked))  # nobody waits for its answer
        assert past._socket.socket.poll(5_000)
        assert past.thumbnail("e-1") == b"jpeg"


@pytest.mark.parametrize(
    ("exit_code", "error"), [(2, OptionError), (replay.UNAVAILABLE, StoreError)]
)
def test_a_refusal_is_an_error_that_says_why(start, exit_code, error):
    service = start()
    service.refusal = replay.Refused(request=0, text="not today", exit_code=exit_code)
    with Replay(service.answers_on) as past, pytest.raises(error, match="not today"):
        list(past.events())


def test_silence_is_an_error_that_says_what_to_do(start):
    service = start()
    service.silent = 1
    with Replay(service.answers_on, timeout_s=0.1) as past:
        with pytest.raises(EndpointError, match="streamrec serve"):
            past.thumbnail("e-1")
        assert list(past.events()) == []


def test_nobody_being_there_is_silence_too():
    said = pytest.raises(EndpointError, match=r"no service answers on tcp://127.0.0.1:1 ")
    with Replay("tcp://127.0.0.1:1", timeout_s=0.1) as past, said:
        list(past.events())


def test_what_is_no_replay_socket_is_said_to_be_none(start, monkeypatch):
    service = start()
    monkeypatch.setattr(replay, "encode_answer", lambda answer: b"{}")
    with Replay(service.answers_on) as past, pytest.raises(EndpointError, match="no replay socket"):
        list(past.events())


@pytest.mark.parametrize(
    "wanted", [{"since": -1}, {"since_s": float("nan")}, {"sources": "a"}], ids=str
)
def test_what_cannot_be_asked_for_is_refused_at_once(wanted):
    with Replay("tcp://127.0.0.1:1") as past, pytest.raises(OptionError):
        past.events(**wanted)


def test_an_id_that_is_none_is_refused_at_once():
    with Replay("tcp://127.0.0.1:1") as past, pytest.raises(OptionError):
        past.clip("../x")


def test_a_closed_replay_says_so(start):
    past = Replay(start().answers_on)
    past.close()
    past.close()
    with pytest.raises(EndpointError, match="closed"):
        past.thumbnail("e-1")
