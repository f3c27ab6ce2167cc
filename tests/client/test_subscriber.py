"""The subscriber against a bare socket that sends what the test wants it to see."""

import asyncio
import gc
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest
import zmq

from streamrec import wire
from streamrec.client import Gap, PredictionMessage, Subscriber
from streamrec.client.waiting import Waiter
from streamrec.errors import EndpointError, KeysError, OptionError
from streamrec.sockets.keys import new_keys, read_secret_key

GOLDEN, STATUS, EVENT, HEARTBEAT = (
    wire.decode((Path(__file__).parent.parent / f"wire/{kind}-v1.json").read_bytes())
    for kind in ("prediction", "status", "event", "heartbeat")
)
WAIT_S = 10.0


class BarePublisher:
    """An XPUB socket: it can wait until the subscriber is there."""

    def __init__(self, endpoint="tcp://127.0.0.1:*", keys=None):
        self._socket = zmq.Context.instance().socket(zmq.XPUB)
        if keys is not None:
            self._socket.curve_server = True
            self._socket.curve_publickey, self._socket.curve_secretkey = keys
        self._socket.bind(endpoint)
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)

    def wait(self):
        """Return the prefix that the next subscriber asks for."""
        assert self._socket.poll(WAIT_S * 1000), "nobody subscribed"
        return self._socket.recv()[1:]

    def send(self, sequence=0, source="camera-0", fmt="json", message=GOLDEN, **fields):
        message = msgspec.structs.replace(message, sequence=sequence, source=source, **fields)
        self.send_raw(*wire.encode_frames(message, fmt))

    def send_event(self, sequence, event, number):
        self.send(sequence, message=EVENT, id=event, number=number, phase="start")

    def send_heartbeat(self, number, **fields):
        self.send(0, "_system", message=HEARTBEAT, number=number, **fields)

    def send_raw(self, *frames):
        self._socket.send_multipart(frames)

    def close(self):
        self._socket.close(1000)


@pytest.fixture
def publisher():
    bare = BarePublisher()
    yield bare
    bare.close()


def test_messages_come_typed_and_in_order_until_silence(publisher):
    with Subscriber(publisher.endpoint, timeout_s=0.3) as subscriber:
        publisher.wait()
        for sequence in range(3):
            publisher.send(sequence)
        messages = list(subscriber)
        publisher.send(3)
        more = list(subscriber)
    assert all(isinstance(message, PredictionMessage) for message in messages)
    assert [message.sequence for message in messages] == [0, 1, 2]
    assert [message.sequence for message in more] == [3]


def test_json_and_msgpack_are_read_alike(publisher):
    with Subscriber(publisher.endpoint) as subscriber:
        publisher.wait()
        publisher.send(0, fmt="json")
        publisher.send(1, fmt="msgpack")
        first, second = subscriber.receive(WAIT_S), subscriber.receive(WAIT_S)
    assert second == msgspec.structs.replace(first, sequence=1)


def test_one_source_can_be_chosen(publisher):
    with Subscriber(publisher.endpoint, source="cam1") as subscriber:
        prefixes = {publisher.wait(), publisher.wait()}
        assert prefixes == {b"streamrec/v1/cam1/prediction/", b"streamrec/v1/_system/heartbeat/"}
        for source in ("cam10", "cam2", "cam1"):
            publisher.send(source=source)
        assert subscriber.receive(WAIT_S).source == "cam1"


def test_gaps_in_the_numbers_of_a_source_count_as_lost(publisher):
    with Subscriber(publisher.endpoint, timeout_s=0.3) as subscriber:
        publisher.wait()
        for sequence, source in [(5, "a"), (6, "a"), (0, "b"), (9, "a"), (1, "b"), (4, "b")]:
            publisher.send(sequence, source)
        assert len(list(subscriber)) == 6
    assert subscriber.lost == 2 + 2


def test_a_new_session_is_a_restart_and_not_a_loss(publisher):
    with Subscriber(publisher.endpoint, timeout_s=0.3) as subscriber:
        publisher.wait()
        publisher.send(100, session="first")
        publisher.send(0, session="second")
        publisher.send(1, session="second")
        assert len(list(subscriber)) == 3
    assert (subscriber.restarts, subscriber.lost) == (1, 0)


def test_a_restart_counts_once_whatever_kinds_are_received(publisher):
    both = ("prediction", "status")
    with Subscriber(publisher.endpoint, timeout_s=0.3, kinds=both) as subscriber:
        publisher.wait()
        for session in ("first", "second"):
            publisher.send(3, session=session)
            publisher.send(8, session=session, message=STATUS)
        assert len(list(subscriber)) == 4
    assert (subscriber.restarts, subscriber.lost) == (1, 0)


def test_predictions_only_are_received_unless_others_are_asked_for(publisher):
    with Subscriber(publisher.endpoint) as subscriber:
        publisher.wait()
        publisher.send(0, message=STATUS)
        publisher.send(0)
        assert subscriber.receive(WAIT_S) == msgspec.structs.replace(GOLDEN, sequence=0)
    assert subscriber.invalid == 0


@pytest.mark.parametrize("kinds", [("status",), ("prediction", "status")])
def test_the_kinds_that_are_asked_for_are_received(publisher, kinds):
    with Subscriber(publisher.endpoint, timeout_s=0.3, kinds=kinds) as subscriber:
        publisher.wait()
        publisher.send(0)
        publisher.send(0, message=STATUS)
        received = list(subscriber)
    assert tuple(wire.topic_of(message).kind for message in received) == kinds


@pytest.mark.parametrize("kinds", [(), ("happening",), ("prediction", "events"), "status"])
def test_kinds_that_are_not_known_are_refused(kinds):
    with pytest.raises(OptionError, match="prediction, event, status, heartbeat"):
        Subscriber(kinds=kinds)


def test_a_status_that_is_sent_again_is_delivered_once_and_not_counted(publisher):
    with Subscriber(publisher.endpoint, timeout_s=0.3, kinds=["status"]) as subscriber:
        publisher.wait()
        for sequence, source in [(4, "a"), (4, "a"), (0, "b"), (4, "a"), (0, "b"), (5, "a")]:
            publisher.send(sequence, source, message=STATUS)
        received = [(message.source, message.sequence) for message in subscriber]
    assert received == [("a", 4), ("b", 0), ("a", 5)]
    assert (subscriber.lost, subscriber.restarts, subscriber.invalid) == (0, 0, 0)


def test_a_repeat_is_one_of_the_same_session_only(publisher):
    with Subscriber(publisher.endpoint, timeout_s=0.3, kinds=["status"]) as subscriber:
        publisher.wait()
        publisher.send(0, message=STATUS, session="first")
        publisher.send(0, message=STATUS, session="second")
        assert len(list(subscriber)) == 2


def test_what_is_not_wanted_does_not_hide_what_waits_behind_it(publisher):
    with Subscriber(publisher.endpoint) as subscriber:
        publisher.wait()
        publisher.send(0)
        assert subscriber.receive(WAIT_S) is not None
        for sequence in range(20):
            publisher.send(sequence, message=STATUS)
        publisher.send(1)
        time.sleep(0.2)
        assert subscriber.receive(0).sequence == 1


def test_what_is_not_a_message_is_skipped_and_counted(publisher):
    topic, payload = wire.encode_frames(GOLDEN)
    with Subscriber(publisher.endpoint) as subscriber:
        publisher.wait()
        publisher.send_raw(topic, b"garbage")
        publisher.send_raw(topic)
        publisher.send_raw(topic, payload, b"more")
        publisher.send_raw(b"streamrec/v1/", payload)
        publisher.send()
        assert subscriber.receive(WAIT_S) == msgspec.structs.replace(GOLDEN, sequence=0)
    assert subscriber.invalid == 4


def test_kinds_of_a_later_release_are_passed_over(publisher):
    with Subscriber(publisher.endpoint) as subscriber:
        publisher.wait()
        publisher.send_raw(b"streamrec/v1/camera-0/happening/", b'{"type":"happening"}')
        publisher.send()
        assert subscriber.receive(WAIT_S) is not None
    assert subscriber.invalid == 0


def test_a_stream_of_garbage_does_not_hold_off_the_timeout(publisher):
    with Subscriber(publisher.endpoint) as subscriber:
        publisher.wait()
        for _ in range(500):
            publisher.send_raw(b"streamrec/v1/x", b"")
        assert subscriber.receive(0.3) is None


def test_the_publisher_may_start_later(publisher):
    endpoint = publisher.endpoint
    publisher.close()
    with Subscriber(endpoint) as subscriber:
        assert subscriber.receive(0.1) is None
        late = BarePublisher(endpoint)
        late.wait()
        late.send()
        assert subscriber.receive(WAIT_S) is not None
        late.close()


def test_async_iteration_reads_the_same(publisher):
    async def read():
        async with Subscriber(publisher.endpoint, timeout_s=0.3) as subscriber:
            await asyncio.to_thread(publisher.wait)
            for sequence in range(3):
                publisher.send(sequence)
            return [message.sequence async for message in subscriber]

    assert asyncio.run(read()) == [0, 1, 2]


def test_async_reading_lets_others_work_though_a_message_is_always_there(publisher):
    turns = 0

    async def work():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def read():
        async with Subscriber(publisher.endpoint) as subscriber:
            await asyncio.to_thread(publisher.wait)
            for sequence in range(100):
                publisher.send(sequence)
            await asyncio.sleep(0.3)
            other = asyncio.create_task(work())
            for _ in range(100):
                await subscriber.receive_async(WAIT_S)
            other.cancel()

    asyncio.run(read())
    assert turns >= 50


def test_async_reading_wakes_up_when_a_message_comes(publisher):
    async def read():
        async with Subscriber(publisher.endpoint) as subscriber:
            waiting = asyncio.create_task(subscriber.receive_async())
            await asyncio.to_thread(publisher.wait)
            publisher.send()
            return await asyncio.wait_for(waiting, WAIT_S)

    assert asyncio.run(read()) is not None


def test_async_reading_can_be_cancelled_and_loses_nothing(publisher):
    async def read():
        async with Subscriber(publisher.endpoint) as subscriber:
            await asyncio.to_thread(publisher.wait)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(subscriber.receive_async(), 0.1)
            publisher.send(sequence=8)
            return await subscriber.receive_async(WAIT_S)

    assert asyncio.run(read()).sequence == 8


class LoopWithoutReaders(asyncio.SelectorEventLoop):
    """As Windows' default loop, it cannot be told to watch a ZeroMQ socket."""

    def add_reader(self, *args):
        raise NotImplementedError


def test_async_reading_works_on_loops_that_cannot_watch_sockets(publisher):
    async def read():
        async with Subscriber(publisher.endpoint) as subscriber:
            waiting = asyncio.create_task(subscriber.receive_async(WAIT_S))
            await asyncio.to_thread(publisher.wait)
            publisher.send(sequence=3)
            return await waiting

    with asyncio.Runner(loop_factory=LoopWithoutReaders) as runner:
        assert runner.run(read()).sequence == 3


@pytest.mark.parametrize("cancellations", [1, 2])
def test_a_cancelled_task_leaves_no_thread_on_the_socket(publisher, cancellations, monkeypatch):
    polled, users = threading.Event(), []
    poll = Waiter._poll

    def watched(waiter, wait_s):
        users.append(wait_s)
        polled.set()
        poll(waiter, wait_s)
        users.pop()

    monkeypatch.setattr(Waiter, "_poll", watched)

    async def read():
        async with Subscriber(publisher.endpoint) as subscriber:
            waiting = asyncio.create_task(subscriber.receive_async())
            await asyncio.to_thread(polled.wait, WAIT_S)
            for _ in range(cancellations):
                waiting.cancel()
                await asyncio.sleep(0)
            with pytest.raises(asyncio.CancelledError):
                await waiting
            return len(users)

    assert asyncio.run(read()) == 0


def test_closing_while_a_task_waits_ends_its_waiting(publisher):
    async def read():
        subscriber = Subscriber(publisher.endpoint)
        waiting = asyncio.create_task(subscriber.receive_async())
        await asyncio.sleep(0.05)
        subscriber.close()
        with pytest.raises(EndpointError, match="closed"):
            await waiting

    asyncio.run(read())


def test_what_was_received_is_not_kept(publisher):
    with Subscriber(publisher.endpoint) as subscriber:
        publisher.wait()
        publisher.send()
        before = messages_alive()
        assert subscriber.receive(WAIT_S) is not None
        assert messages_alive() == before


def messages_alive():
    return sum(type(each) is PredictionMessage for each in gc.get_objects())


def test_a_time_out_of_zero_does_not_wait(publisher):
    with Subscriber(publisher.endpoint) as subscriber:
        assert subscriber.receive(0) is None


@pytest.mark.parametrize("endpoint", ["", "tcp://host", "udp://h:1", "tcp://*:5570", "tcp://h:0"])
def test_endpoints_that_nobody_can_connect_to_are_refused(endpoint):
    with pytest.raises(EndpointError, match="tcp://HOST:PORT"):
        Subscriber(endpoint)


@pytest.mark.parametrize("timeout_s", [-1.0, float("nan")])
def test_a_time_out_that_makes_no_sense_is_refused(timeout_s):
    with pytest.raises(OptionError):
        Subscriber(timeout_s=timeout_s)


def test_a_closed_subscriber_says_so(publisher):
    subscriber = Subscriber(publisher.endpoint)
    subscriber.close()
    subscriber.close()
    with pytest.raises(EndpointError, match="closed"):
        subscriber.receive(0)


def test_gaps_are_told_before_the_message_behind_them(publisher):
    said = []
    with Subscriber(publisher.endpoint, timeout_s=0.3, on_gap=said.append) as subscriber:
        publisher.wait()
        publisher.send(5)
        publisher.send(8)
        said.extend(message.sequence for message in subscriber)
    assert said == [5, Gap("camera-0", "prediction", 2, None), 8]


def test_events_that_are_sent_again_are_neither_repeated_nor_missing(publisher):
    gaps = []
    options = {"timeout_s": 0.3, "kinds": ("event",), "on_gap": gaps.append}
    with Subscriber(publisher.endpoint, **options) as subscriber:
        publisher.wait()
        publisher.send_event(3, "a", 10)  # those that are open come first, as we have just joined
        publisher.send_event(7, "b", 20)
        publisher.send_heartbeat(25)
        publisher.send_event(9, "c", 30)
        publisher.send_event(7, "b", 20)  # somebody else has joined
        publisher.send_event(9, "c", 30)
        publisher.send_event(10, "b", 40)
        received = [message.sequence for message in subscriber]
    assert (received, gaps, subscriber.lost) == ([3, 7, 9, 10], [], 0)


def test_a_heartbeat_tells_of_an_event_that_nothing_came_after(publisher):
    gaps = []
    options = {"timeout_s": 0.3, "kinds": ("event",), "on_gap": gaps.append}
    with Subscriber(publisher.endpoint, **options) as subscriber:
        publisher.wait()
        for number in (10, 10, 30, 30):
            publisher.send_heartbeat(number)
        assert list(subscriber) == []
    assert gaps == [Gap("_system", "event", None, 10)]


def test_heartbeats_are_received_where_they_are_wanted_only(publisher):
    with Subscriber(publisher.endpoint, timeout_s=0.3, kinds=("heartbeat",)) as subscriber:
        publisher.wait()
        publisher.send()
        publisher.send_heartbeat(1)
        assert [wire.topic_of(message).kind for message in subscriber] == ["heartbeat"]
    assert subscriber.invalid == 0


def test_liveness_follows_what_is_heard(publisher):
    told = []
    with Subscriber(publisher.endpoint, on_liveness=told.append) as subscriber:
        publisher.wait()
        assert (subscriber.receive(0), subscriber.alive, told) == (None, None, [])
        publisher.send_heartbeat(1, interval_s=0.1)
        assert subscriber.receive(0.2) is None
        assert subscriber.receive(0.8) is None
        assert told == [True, False]
        publisher.send(0)
        assert subscriber.receive(WAIT_S) is not None
        assert subscriber.alive
    assert told == [True, False, True]


def test_a_publisher_that_is_not_there_is_said_to_be_dead():
    told = []
    with Subscriber("tcp://127.0.0.1:1", on_liveness=told.append) as subscriber:
        subscriber._liveness._heard_s -= 4
        assert subscriber.receive(0) is None
    assert told == [False]


def test_a_key_that_cannot_be_read_or_is_of_no_use_is_refused(tmp_path):
    public, secret = new_keys("me", tmp_path)
    with pytest.raises(OptionError, match="needs the server key"):
        Subscriber(key=secret)
    with pytest.raises(KeysError, match="keys new"):
        Subscriber(server_key=tmp_path / "none.key")
    with pytest.raises(KeysError, match="key_secret"):
        Subscriber(server_key=public, key=public)


@pytest.mark.parametrize("as_text", [False, True])
def test_keys_encrypt_the_connection(as_text, tmp_path):
    public, secret = new_keys("service", tmp_path)
    pair = read_secret_key(secret)
    bare = BarePublisher(keys=pair)
    key = pair.public.decode() if as_text else public
    with Subscriber(bare.endpoint, server_key=key) as subscriber:
        bare.wait()
        bare.send()
        assert subscriber.receive(WAIT_S) is not None
    with Subscriber(bare.endpoint) as without:
        assert without.receive(0.2) is None
    bare.close()


def test_the_client_works_where_torch_opencv_and_onnx_runtime_are_missing(publisher):
    code = f"""
import sys
for name in ("torch", "cv2", "onnxruntime", "onnx", "rich", "sqlalchemy", "httpx", "yaml"):
    sys.modules[name] = None
from streamrec.client import Subscriber
with Subscriber({publisher.endpoint!r}, timeout_s=20) as subscriber:
    print(next(iter(subscriber)).top[0].label)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as reader:
        publisher.wait()
        publisher.send()
        output, _ = reader.communicate(timeout=30)
    assert output.decode().strip() == "swipe left"
