"""Requests and answers of the replay socket as bytes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec import wire
from streamrec.errors import MessageError
from streamrec.wire import replay

EVENT = wire.decode((Path(__file__).parent / "event-v1.json").read_bytes())
ID = EVENT.id

REQUESTS = [
    replay.EventsWanted(),
    replay.EventsWanted(request=7, since=12, since_s=1.5, sources=("a", "b"), most=0),
    replay.FootageWanted(request=2**53 - 1, event=ID, what="clip"),
]
ANSWERS = [
    replay.Events(request=7, events=(EVENT, EVENT), number=12, newest=13, more=True),
    replay.FootageFound(request=8, event=ID, what="thumbnail", size=100),
    replay.FootageFound(request=8, event=ID, what="clip", size=None),
    replay.Refused(request=9, text="no such event", exit_code=replay.UNAVAILABLE),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_requests_come_back_from_their_bytes(request_):
    assert replay.decode_request(replay.encode_request(request_)) == request_


@pytest.mark.parametrize("answer", ANSWERS)
def test_answers_come_back_from_their_bytes(answer):
    assert replay.decode_answer(replay.encode_answer(answer)) == answer


def test_the_shortest_request_asks_for_everything():
    assert replay.decode_request(b'{"type":"events"}') == replay.EventsWanted()


@pytest.mark.parametrize(
    "payload",
    [
        b'{"type":"events","since":-1}',
        b'{"type":"events","since":9007199254740992}',
        b'{"type":"events","since_s":1e999}',
        b'{"type":"events","most":1001}',
        b'{"type":"events","sources":["a/b"]}',
        b'{"type":"events","sources":[' + b",".join([b'"a"'] * 257) + b"]}",
        b'{"type":"footage","event":"../../etc/passwd","what":"clip"}',
        b'{"type":"footage","event":"a","what":"everything"}',
        b'{"type":"refused","request":0,"text":""}',
        b'{"type":"events","since":' + b" " * replay.MAX_REQUEST_BYTES + b"1}",
        b"[" * 10_000,
    ],
    ids=lambda payload: payload[:40].decode(),
)
def test_requests_out_of_bounds_are_refused(payload):
    with pytest.raises(MessageError):
        replay.decode_request(payload)


@pytest.mark.parametrize("decode", [replay.decode_request, replay.decode_answer])
@given(payload=st.binary(max_size=200))
def test_bytes_that_are_neither_raise_one_error(decode, payload):
    with pytest.raises(MessageError):
        decode(payload)
