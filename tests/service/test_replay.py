"""The process that answers replay requests: real sockets, a real store, hostile clients."""

import json
import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
from stored import Owner, event_record

from streamrec.client.replay import Replay
from streamrec.config import AccessOptions, StoreOptions
from streamrec.errors import EndpointError, KeysError, OptionError, StoreError
from streamrec.footage.files import footage_file
from streamrec.service import replay_answers
from streamrec.service.replay_answers import Replayed
from streamrec.service.replayer import Replayer
from streamrec.sockets.keys import new_keys
from streamrec.store.place import StorePlace, store_place
from streamrec.wire.replay import (
    MAX_REQUEST_BYTES,
    UNAVAILABLE,
    Events,
    EventsWanted,
    FootageFound,
    FootageWanted,
    Refused,
    decode_answer,
    encode_request,
)
from tests.store.made_store import BEGIN_S, fill, made_event

ANY_PORT = "tcp://127.0.0.1:*"
PATIENCE_S = 20.0
WELL_S = 5.0
"""For a good client, whatever others do."""


@pytest.fixture
def place(tmp_path: Path) -> StorePlace:
    return store_place(str(tmp_path / "events.db"))


@pytest.fixture
def replayer(place: StorePlace) -> Iterator[Replayer]:
    running = Replayer(place, ANY_PORT)
    yield running
    running.close()


@pytest.fixture
def client() -> Iterator[zmq.Socket[bytes]]:
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.setsockopt(zmq.LINGER, 0)
        yield dealer


def numbers(replayer, **wanted):
    with Replay(replayer.endpoint, timeout_s=WELL_S) as replay:
        return [message.number for message in replay.events(**wanted)]


def restarted(replayer):
    """Turn the owner until its process has been started once more."""
    starts, end_s = replayer.starts, time.monotonic() + PATIENCE_S
    while replayer.starts == starts:
        assert time.monotonic() < end_s
        replayer.hear()
        replayer.turn()
        time.sleep(0.02)


def put(place, event, what, content):
    file = footage_file(place.media, event.source, event.started_s, event.id, what)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def answer(replayed, request):
    reply = replayed.reply(encode_request(request))
    return decode_answer(reply.payload), reply.file


def test_a_subscriber_gets_all_that_it_missed(place, replayer):
    events = [made_event(BEGIN_S + i * 10, source=f"cam{i % 2}") for i in range(2500)]
    stored = fill(place.url, events)
    assert numbers(replayer) == stored
    assert numbers(replayer, since=stored[2400]) == stored[2401:]
    assert numbers(replayer, since_s=BEGIN_S + 24_003.0) == stored[2400:]
    assert numbers(replayer, sources=["cam1"]) == stored[1::2]


def test_thumbnails_and_clips_are_found_by_the_id_of_their_event(place, replayer):
    event = made_event()
    fill(place.url, [event])
    clip = os.urandom(1 << 20)
    put(place, event, "clip", clip)
    with Replay(replayer.endpoint, timeout_s=WELL_S) as replay:
        assert replay.clip(event.id) == clip
        assert replay.thumbnail(event.id) is None
        assert replay.clip("another-event") is None


def test_footage_that_cannot_be_read_is_an_error_and_not_missing(place):
    event = made_event()
    fill(place.url, [event])
    footage_file(place.media, event.source, event.started_s, event.id, "clip").mkdir(parents=True)
    wanted = FootageWanted(event=event.id, what="clip")
    refused, _ = answer(Replayed(place.url, place.media), wanted)
    assert refused.text.startswith("the clip cannot be read: ")
    assert refused.exit_code == UNAVAILABLE


def test_what_may_come_later_is_refused_as_that(place):
    replayed = Replayed(place.url, place.media)
    refused, _ = answer(replayed, EventsWanted(request=7))
    assert isinstance(refused, Refused) and "no such file" in refused.text
    assert (refused.request, refused.exit_code) == (7, UNAVAILABLE)


def test_a_clip_that_is_too_long_is_refused_for_good(place, monkeypatch):
    monkeypatch.setattr(replay_answers, "MAX_FOOTAGE_BYTES", 1000)
    event = made_event()
    fill(place.url, [event])
    replayed = Replayed(place.url, place.media)
    put(place, event, "clip", bytes(1000))
    found, file = answer(replayed, FootageWanted(event=event.id, what="clip"))
    assert isinstance(found, FootageFound) and found.size == len(file) == 1000
    put(place, event, "clip", bytes(1001))
    refused, file = answer(replayed, FootageWanted(event=event.id, what="clip"))
    assert (refused.exit_code, file) == (OptionError.exit_code, None)


def test_an_answer_that_would_be_too_long_is_made_shorter(place, monkeypatch):
    stored = fill(place.url, [made_event(BEGIN_S + i) for i in range(40)])
    monkeypatch.setattr(replay_answers, "MAX_ANSWER_BYTES", 5000)
    found, number = [], 0
    replayed = Replayed(place.url, place.media)
    while True:
        page, _ = answer(replayed, EventsWanted(since=number))
        assert isinstance(page, Events)
        found += [message.number for message in page.events]
        number = page.number
        if not page.more:
            break
        assert 1 <= len(page.events) < 20
    assert found == stored


@pytest.mark.parametrize(
    "payload",
    [b"", b"garbage", b"\xff\xfe", b"[" * 5000, b'{"type": "events", "most": 1e9}', b"{}"],
)
def test_what_is_no_request_is_refused(place, payload):
    refused = decode_answer(Replayed(place.url, place.media).reply(payload).payload)
    assert isinstance(refused, Refused) and refused.exit_code == OptionError.exit_code


def test_a_path_in_place_of_an_id_reads_no_file(place, replayer, client):
    fill(place.url, [made_event()])
    client.connect(replayer.endpoint)
    client.send(json.dumps({"type": "footage", "event": "../../x", "what": "clip"}).encode())
    assert client.poll(WELL_S * 1e3)
    assert decode_answer(client.recv()).exit_code == OptionError.exit_code


def test_a_req_socket_may_ask_as_well(place, replayer):
    fill(place.url, [made_event()])
    with zmq.Context() as context, context.socket(zmq.REQ) as asking:
        asking.setsockopt(zmq.LINGER, 0)
        asking.connect(replayer.endpoint)
        asking.send(encode_request(EventsWanted(request=3)))
        assert asking.poll(WELL_S * 1e3)
        assert decode_answer(asking.recv()).request == 3


def test_a_process_that_was_killed_is_back_on_the_same_port(place, replayer):
    stored = fill(place.url, [made_event()])
    endpoint = replayer.endpoint
    for _ in range(2):
        os.kill(replayer.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        restarted(replayer)
        assert replayer.endpoint == endpoint
        assert numbers(replayer) == stored


def test_a_silent_process_is_replaced(place, replayer, monkeypatch):
    monkeypatch.setattr("streamrec.service.replayer.SILENCE_S", 0.0)
    pid = replayer.pid
    restarted(replayer)
    assert replayer.pid != pid


def test_an_endpoint_that_cannot_be_bound_is_refused_at_the_start(place, replayer, tmp_path):
    for endpoint, access, error in (
        (replayer.endpoint, AccessOptions(), EndpointError),
        ("tcp://0.0.0.0:5599", AccessOptions(), EndpointError),
        ("udp://x", AccessOptions(), EndpointError),
        (ANY_PORT, AccessOptions(keys=str(tmp_path / "none.key_secret")), KeysError),
    ):
        with pytest.raises(error):
            Replayer(place, endpoint, access)


def test_a_client_without_the_key_gets_nothing(place, tmp_path):
    stored = fill(place.url, [made_event()])
    public, secret = new_keys("service", tmp_path)
    replayer = Replayer(place, ANY_PORT, AccessOptions(keys=str(secret)))
    try:
        with Replay(replayer.endpoint, timeout_s=WELL_S, server_key=public) as replay:
            assert [message.number for message in replay.events()] == stored
        with (
            Replay(replayer.endpoint, timeout_s=1.0) as replay,
            pytest.raises((EndpointError, StoreError)),
        ):
            list(replay.events())
    finally:
        replayer.close()


def test_clients_that_never_read_leave_others_their_answers(place, replayer):
    event = made_event()
    stored = fill(place.url, [event])
    put(place, event, "clip", bytes(8 << 20))
    with zmq.Context() as context:
        hostile = [context.socket(zmq.DEALER) for _ in range(12)]
        for one in hostile:
            one.setsockopt(zmq.LINGER, 0)
            one.setsockopt(zmq.RCVHWM, 1)
            one.connect(replayer.endpoint)
            for _ in range(10):
                one.send(encode_request(FootageWanted(event=event.id, what="clip")))
        time.sleep(1.0)
        assert numbers(replayer) == stored
        if sys.platform == "linux":
            assert _memory_bytes(replayer.pid) < 400 << 20
        for one in hostile:
            one.close()
    assert numbers(replayer) == stored
    assert replayer.starts == 1


def test_floods_and_long_frames_leave_others_their_answers(place, replayer, client):
    stored = fill(place.url, [made_event(BEGIN_S + i) for i in range(100)])
    client.connect(replayer.endpoint)
    for number in range(1000):
        client.send(encode_request(EventsWanted(request=number)))
    assert numbers(replayer) == stored
    client.send(bytes(MAX_REQUEST_BYTES + 1))
    client.send_multipart([b"more", b"than", b"one"])
    assert numbers(replayer) == stored
    assert replayer.starts == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is not bounded so")
def test_a_message_without_an_end_cannot_take_the_machines_memory(place, replayer):
    stored = fill(place.url, [made_event()])
    host, port = replayer.endpoint.removeprefix("tcp://").split(":")
    frame = b"\x03" + struct.pack("!Q", 60_000) + bytes(60_000)  # "more", as ZMTP 3.0 has it
    sent = 0
    with socket.create_connection((host, int(port)), timeout=WELL_S) as hostile:
        hostile.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32))
        ready = b"\x05READY\x0bSocket-Type" + struct.pack("!I", 6) + b"DEALER"
        hostile.sendall(bytes([4, len(ready)]) + ready)
        with pytest.raises(OSError):  # it is cut off, or the process has ended
            while sent < 1 << 30:
                hostile.sendall(frame)
                sent += len(frame)
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        replayer.hear()
        replayer.turn()
        try:
            assert numbers(replayer) == stored
            break
        except EndpointError:
            pass
    assert _memory_bytes(replayer.pid) < 700 << 20


def _memory_bytes(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmRSS"))


def test_what_the_store_says_it_has_kept_is_there_to_be_replayed(place, replayer):
    owner = Owner(place, StoreOptions())
    try:
        records = [event_record() for _ in range(30)]
        owner.keep(*records)
        owner.wait_kept(records[-1])
        owner.wait_stored()
        assert numbers(replayer) == [record.number for record in records]
    finally:
        owner.close()
