"""Publishing over real sockets, read by streamrec's subscriber and by a bare one."""

import json
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager

import msgspec
import pytest
import zmq

from streamrec.client import Subscriber
from streamrec.config import AccessOptions
from streamrec.errors import EndpointError, MessageError, OptionError, SinkError
from streamrec.sinks.base import Sink
from streamrec.sinks.zmq import QUEUED_MESSAGES, RESEND_S, ZmqPublisher
from streamrec.types import CameraState, CameraStatus, EventPhase, now_s
from streamrec.wire import EventMessage, message_of, status_message_of, topic_of

ANY_PORT = "tcp://127.0.0.1:*"
WAIT_S = 10.0


def publish_until_received(publisher, subscriber, prediction, frame):
    """The first message that arrives; a subscription takes a moment to reach the publisher."""
    deadline_s = time.monotonic() + WAIT_S
    while time.monotonic() < deadline_s:
        publisher.emit(prediction, frame)
        message = subscriber.receive(0.05)
        if message is not None:
            return message
    raise AssertionError("nothing arrived")


def drain(subscriber):
    while subscriber.receive(0.2) is not None:
        pass


@pytest.fixture
def ipc_endpoint(tmp_path):
    if not zmq.has("ipc"):
        pytest.skip("this system has no ipc:// transport")
    return f"ipc://{tmp_path}/p.sock"


@pytest.mark.parametrize("fmt", ["json", "msgpack"])
def test_a_subscriber_reads_what_was_published(make_prediction, frame, fmt):
    sink: Sink
    with (
        closing(ZmqPublisher(ANY_PORT, top_k=2, format=fmt)) as sink,
        Subscriber(sink.endpoint) as subscriber,
    ):
        message = publish_until_received(sink, subscriber, make_prediction(), frame)
    assert (message.source, message.session) == ("camera-0", sink.session)
    assert [top.label for top in message.top] == ["right", "left"]
    assert 0 < message.latency.publish_ms < message.latency.total_ms - 9.9


def test_a_bare_subscriber_needs_nothing_but_json(make_prediction, frame):
    with closing(ZmqPublisher(ANY_PORT)) as publisher, zmq.Context() as context:
        bare = context.socket(zmq.SUB)
        bare.setsockopt(zmq.SUBSCRIBE, b"streamrec/v1/camera-0/prediction/")
        bare.connect(publisher.endpoint)
        while not bare.poll(50):
            publisher.emit(make_prediction(), frame)
        topic, payload = bare.recv_multipart()
        bare.close(0)
    message = json.loads(payload)
    assert topic == b"streamrec/v1/camera-0/prediction/"
    assert (message["type"], message["schema"]) == ("prediction", 1)
    assert message["top"][0] == {"id": 1, "label": "right", "score": 0.7, "raw": 1.0}
    assert message["latency"]["infer_ms"] == 4.0


def test_inproc_and_ipc_carry_messages(make_prediction, frame, ipc_endpoint):
    for endpoint in ("inproc://predictions", ipc_endpoint):
        with (
            closing(ZmqPublisher(endpoint)) as publisher,
            Subscriber(publisher.endpoint) as subscriber,
        ):
            publish_until_received(publisher, subscriber, make_prediction(), frame)


def test_ipv6_loopback_carries_messages(make_prediction, frame):
    try:
        publisher = ZmqPublisher("tcp://[::1]:*")
    except EndpointError:
        pytest.skip("this system has no IPv6 loopback")
    with closing(publisher), Subscriber(publisher.endpoint) as subscriber:
        publish_until_received(publisher, subscriber, make_prediction(), frame)


def test_each_source_is_numbered_by_itself(make_prediction, frame):
    with closing(ZmqPublisher(ANY_PORT)) as publisher, Subscriber(publisher.endpoint) as subscriber:
        first = publish_until_received(publisher, subscriber, make_prediction(source="a"), frame)
        drain(subscriber)
        for source in ("a", "b", "b"):
            publisher.emit(make_prediction(source=source), frame)
        rest = [subscriber.receive(WAIT_S) for _ in range(3)]
    assert [m.source for m in rest] == ["a", "b", "b"]
    assert [m.sequence for m in rest[1:]] == [0, 1]
    assert rest[0].sequence > first.sequence
    assert subscriber.lost == 0


def test_a_late_subscriber_reads_from_then_on_and_counts_nothing_as_lost(make_prediction, frame):
    with closing(ZmqPublisher(ANY_PORT)) as publisher:
        for _ in range(50):
            publisher.emit(make_prediction(), frame)
        with Subscriber(publisher.endpoint) as subscriber:
            message = publish_until_received(publisher, subscriber, make_prediction(), frame)
    assert message.sequence >= 50
    assert subscriber.lost == 0


@contextmanager
def stalled_subscriber(publisher, prediction, frame):
    """A bare subscriber that is connected, has small buffers, and never reads."""
    with zmq.Context() as context:
        stalled = context.socket(zmq.SUB)
        stalled.setsockopt(zmq.RCVHWM, 1)
        stalled.setsockopt(zmq.RCVBUF, 4096)
        stalled.setsockopt(zmq.SUBSCRIBE, b"")
        stalled.connect(publisher.endpoint)
        while not stalled.poll(50):
            publisher.emit(prediction, frame)
        yield stalled
        stalled.close(0)


def test_a_slow_subscriber_loses_its_own_messages_only(make_prediction, frame):
    prediction = make_prediction(model="m" * 20_000)
    total, received, held = 3 * QUEUED_MESSAGES, 0, 0
    with (
        closing(ZmqPublisher(ANY_PORT)) as publisher,
        Subscriber(publisher.endpoint) as quick,
        stalled_subscriber(publisher, prediction, frame) as stalled,
    ):
        publish_until_received(publisher, quick, prediction, frame)
        drain(quick)
        for _ in range(total):
            publisher.emit(prediction, frame)
            received += quick.receive(WAIT_S) is not None
        while stalled.poll(200):
            stalled.recv_multipart()
            held += 1
    assert (received, quick.lost) == (total, 0)
    assert held < total
    assert publisher.counts.dropped >= 1


def test_closing_does_not_wait_for_a_subscriber_that_never_reads(make_prediction, frame):
    prediction = make_prediction(model="m" * 20_000)
    publisher = ZmqPublisher(ANY_PORT)
    with stalled_subscriber(publisher, prediction, frame):
        for _ in range(QUEUED_MESSAGES):
            publisher.emit(prediction, frame)
        publisher.close()


def test_the_process_ends_though_nobody_closed_or_read_anything(make_prediction, frame):
    code = f"""
from streamrec.client import Subscriber
from streamrec.config import AccessOptions
from streamrec.sinks.zmq import ZmqPublisher
publisher = ZmqPublisher({ANY_PORT!r})
subscriber = Subscriber("tcp://127.0.0.1:1")
print(publisher.endpoint)
"""
    done = subprocess.run([sys.executable, "-c", code], timeout=30, check=False, stdout=-1)
    assert done.returncode == 0


def test_the_last_messages_still_arrive_when_the_publisher_closes(make_prediction, frame):
    publisher = ZmqPublisher(ANY_PORT)
    with Subscriber(publisher.endpoint) as subscriber:
        publish_until_received(publisher, subscriber, make_prediction(), frame)
        drain(subscriber)
        for index in range(300):
            publisher.emit(make_prediction(model="m" * 20_000, frame_index=index), frame)
        publisher.close()
        indices = [subscriber.receive(WAIT_S).frame_index for _ in range(300)]
    assert indices == list(range(300))


def test_a_subscriber_survives_the_publishers_restart(make_prediction, frame):
    first = ZmqPublisher(ANY_PORT)
    with Subscriber(first.endpoint) as subscriber:
        before = publish_until_received(first, subscriber, make_prediction(), frame)
        first.close()
        drain(subscriber)
        with closing(ZmqPublisher(first.endpoint)) as second:
            after = publish_until_received(second, subscriber, make_prediction(), frame)
    assert before.session != after.session
    assert (subscriber.restarts, subscriber.lost) == (1, 0)


def test_scores_that_are_not_numbers_are_refused_and_leave_no_gap(make_prediction, frame):
    nan = make_prediction(scores=make_prediction().scores * float("nan"))
    with closing(ZmqPublisher(ANY_PORT)) as publisher, Subscriber(publisher.endpoint) as subscriber:
        publish_until_received(publisher, subscriber, make_prediction(), frame)
        with pytest.raises(MessageError):
            publisher.emit(nan, frame)
        publisher.emit(make_prediction(), frame)
        drain(subscriber)
    assert subscriber.lost == 0


def test_a_closed_publisher_refuses_predictions(make_prediction, frame):
    publisher = ZmqPublisher(ANY_PORT)
    publisher.close()
    publisher.close()
    with pytest.raises(SinkError, match="closed"):
        publisher.emit(make_prediction(), frame)


def status(source="camera-0", state=CameraState.LIVE, **fields):
    return CameraStatus(source=source, state=state, since_s=1790000000.0, **fields)


def serve_until_received(publisher, subscriber):
    """The first message after a subscription, which takes a moment to reach the publisher."""
    deadline_s = time.monotonic() + WAIT_S
    while time.monotonic() < deadline_s:
        publisher.sockets[0].poll(50)
        publisher.turn()
        if (message := subscriber.receive(0.05)) is not None:
            return message
    raise AssertionError("nothing arrived")


def serve_for(publisher, seconds):
    """Serve whoever subscribes within so many seconds."""
    deadline_s = time.monotonic() + seconds
    while time.monotonic() < deadline_s:
        publisher.sockets[0].poll(20)
        publisher.turn()


def everything(subscriber):
    return [(m.source, m.sequence, m.state) for m in iter(lambda: subscriber.receive(0.2), None)]


@pytest.fixture
def publisher():
    with closing(ZmqPublisher(ANY_PORT)) as publisher:
        yield publisher


def test_one_that_joins_late_gets_the_last_status_of_each_camera(publisher):
    for state in (CameraState.CONNECTING, CameraState.LIVE):
        publisher.tell(status("a", state))
    publisher.tell(status("b", CameraState.LOST, reason="no route to host"))
    with Subscriber(publisher.endpoint, kinds=["status"]) as late:
        first = serve_until_received(publisher, late)
        rest = everything(late)
    assert (first.source, first.sequence, first.state) == ("a", 1, "live")
    assert rest == [("b", 0, "lost")]


@pytest.mark.parametrize("fmt", ["json", "msgpack"])
def test_what_is_retained_comes_as_it_was_told(fmt):
    with closing(ZmqPublisher(ANY_PORT, format=fmt)) as publisher:
        told = status(retry_s=1790000005.5, fps=25.0, counts={"frames": 3})
        publisher.tell(told)
        with Subscriber(publisher.endpoint, kinds=["status"]) as late:
            message = serve_until_received(publisher, late)
    expected = status_message_of(told, 0, publisher.session)
    assert message == msgspec.structs.replace(expected, sent_s=message.sent_s)


def test_those_who_were_there_see_no_status_twice(publisher):
    with Subscriber(publisher.endpoint, kinds=["status"]) as early:
        publisher.tell(status())
        serve_until_received(publisher, early)
        for _ in range(3):
            with Subscriber(publisher.endpoint, kinds=["status"]) as late:
                serve_until_received(publisher, late)
        publisher.tell(status(state=CameraState.STALLED))
        assert everything(early) == [("camera-0", 1, "stalled")]
    assert (early.lost, early.restarts) == (0, 0)


def test_a_joiner_of_one_camera_is_told_of_no_other(publisher):
    for source in ("cam1", "cam10", "cam2"):
        publisher.tell(status(source))
    with Subscriber(publisher.endpoint, source="cam1", kinds=["status"]) as late:
        assert serve_until_received(publisher, late).source == "cam1"
    with (
        zmq.Context() as context,
        bare_subscriber(context, publisher, b"streamrec/v1/cam2/") as sub,
    ):
        serve_for(publisher, 0.3)
        assert sub.recv_multipart()[0] == b"streamrec/v1/cam2/status/"
        assert not sub.poll(100)


def test_a_joiner_of_predictions_only_is_told_nothing(publisher):
    publisher.tell(status())
    prefix = b"streamrec/v1/camera-0/prediction/"
    with zmq.Context() as context, bare_subscriber(context, publisher, prefix) as sub:
        serve_for(publisher, 0.3)
        assert not sub.poll(100)


@contextmanager
def bare_subscriber(context, publisher, prefix):
    subscriber = context.socket(zmq.SUB)
    subscriber.setsockopt(zmq.SUBSCRIBE, prefix)
    subscriber.connect(publisher.endpoint)
    yield subscriber
    subscriber.close(0)


def test_what_is_forgotten_is_retained_no_longer_and_its_numbers_go_on(publisher):
    for source in ("door/north", "b"):
        publisher.tell(status(source))
    publisher.forget("door/north")
    publisher.forget("never there")
    with Subscriber(publisher.endpoint, kinds=["status"]) as late:
        assert serve_until_received(publisher, late).source == "b"
        publisher.tell(status("door/north"))
        assert everything(late) == [("door_north", 1, "live")]


def test_a_status_that_cannot_be_sent_leaves_the_one_before_retained(publisher):
    publisher.tell(status())
    with pytest.raises(MessageError):
        publisher.tell(status(lag_ms=float("nan")))
    with Subscriber(publisher.endpoint, kinds=["status"]) as late:
        assert serve_until_received(publisher, late).lag_ms == 0.0
        publisher.tell(status(state=CameraState.LOST))
        assert everything(late) == [("camera-0", 1, "lost")]


def test_a_sink_serves_late_joiners_with_each_prediction(publisher, make_prediction, frame):
    publisher.tell(status())
    both = ("prediction", "status")
    with Subscriber(publisher.endpoint, kinds=both) as late:
        kinds, deadline_s = set(), time.monotonic() + WAIT_S
        while len(kinds) < 2 and time.monotonic() < deadline_s:
            publisher.emit(make_prediction(), frame)
            if (message := late.receive(0.05)) is not None:
                kinds.add(topic_of(message).kind)
    assert kinds == set(both)


def test_a_prediction_made_elsewhere_is_numbered_and_its_publishing_measured(
    publisher, make_prediction
):
    message = message_of(make_prediction(), 0, "", 3)
    with Subscriber(publisher.endpoint) as subscriber:
        serve_for(publisher, 0.3)
        for _ in range(2):
            publisher.publish(message, now_s() - 0.25)
        first, second = subscriber.receive(WAIT_S), subscriber.receive(WAIT_S)
    assert (first.sequence, second.sequence, first.session) == (0, 1, publisher.session)
    assert first.top == message.top
    assert first.latency.publish_ms >= 250.0
    assert first.latency.total_ms == pytest.approx(10.0 + first.latency.publish_ms)


def test_the_socket_can_be_read_when_somebody_subscribes(publisher):
    assert not publisher.sockets[0].poll(0)
    with Subscriber(publisher.endpoint):
        assert publisher.sockets[0].poll(WAIT_S * 1000)
        publisher.turn()
        assert not publisher.sockets[0].poll(0)


def test_garbage_from_subscribers_hurts_nobody(publisher, make_prediction, frame):
    publisher.tell(status())
    with zmq.Context() as context, Subscriber(publisher.endpoint, kinds=["status"]) as good:
        serve_until_received(publisher, good)
        vandal = context.socket(zmq.XSUB)
        vandal.connect(publisher.endpoint)
        for said in (
            b"",
            b"\x00",
            b"\x00never",
            b"\x01",
            b"\x01\xff\xfe",
            b"\x02what",
            b"x" * 4000,
        ):
            vandal.send(said)
        vandal.send_multipart([b"\x01streamrec", b"more", b""])
        for number in range(1000):
            vandal.send(b"\x01" + str(number).encode())
        serve_for(publisher, 0.5)
        vandal.send(b"\x01" + b"x" * 100_000)  # this cuts it off
        serve_for(publisher, 0.3)
        vandal.close(0)
        publisher.tell(status(state=CameraState.LOST))
        assert everything(good) == [("camera-0", 1, "lost")]
        assert good.invalid == 0
        publisher.emit(make_prediction(), frame)


def test_the_work_of_one_call_is_bounded(publisher, monkeypatch):
    monkeypatch.setattr("streamrec.sinks.zmq.WORDS_AT_ONCE", 1)
    with Subscriber(publisher.endpoint), Subscriber(publisher.endpoint):
        time.sleep(0.5)
        publisher.turn()
        assert publisher.sockets[0].poll(0)
        publisher.turn()
        assert not publisher.sockets[0].poll(0)


def test_a_closed_publisher_refuses_statuses():
    publisher = ZmqPublisher(ANY_PORT)
    publisher.close()
    for use in (publisher.turn, lambda: publisher.tell(status())):
        with pytest.raises(SinkError, match="closed"):
            use()


def test_an_endpoint_in_use_says_so(ipc_endpoint):
    for endpoint in (ANY_PORT, "inproc://taken", ipc_endpoint):
        with (
            closing(ZmqPublisher(endpoint)) as publisher,
            pytest.raises(EndpointError, match=r"in use|exists already"),
        ):
            ZmqPublisher(publisher.endpoint)


def test_a_file_at_an_ipc_path_is_not_deleted(ipc_endpoint, tmp_path):
    precious = tmp_path / "p.sock"
    precious.write_text("precious")
    with pytest.raises(EndpointError, match="exists already"):
        ZmqPublisher(ipc_endpoint)
    assert precious.read_text() == "precious"


@pytest.mark.skipif(sys.platform == "win32", reason="needs Unix sockets in Python")
def test_a_socket_left_by_a_crash_is_taken_over_and_removed_at_the_end(ipc_endpoint, tmp_path):
    path = tmp_path / "p.sock"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    ZmqPublisher(ipc_endpoint).close()
    assert not path.exists()


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "5570",
        "tcp://",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:70000",
        "tcp://127.0.0.1:x",
        "udp://127.0.0.1:5570",
        "http://127.0.0.1:5570",
        "ipc://",
        "inproc://",
        "tcp://127.0.0.1:5570/path",
        "tcp://127.0.0.1:5570\n",
    ],
)
def test_malformed_endpoints_list_what_is_allowed(endpoint):
    with pytest.raises(EndpointError, match="tcp://HOST:PORT"):
        ZmqPublisher(endpoint)


@pytest.mark.parametrize("endpoint", ["tcp://203.0.113.9:5570", "ipc:///no/such/folder/p.sock"])
def test_an_endpoint_that_cannot_be_bound_says_why(endpoint):
    with pytest.raises(EndpointError, match=r"not an address of this machine|does not exist"):
        ZmqPublisher(endpoint, access=AccessOptions(insecure=True))


def test_credentials_in_an_endpoint_do_not_reach_the_message():
    with pytest.raises(EndpointError) as caught:
        ZmqPublisher("tcp://user:hunter2@host:5570")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint",
    ["tcp://*:0", "tcp://0.0.0.0:0", "tcp://[::]:0", "tcp://192.168.1.9:0", "tcp://eth0:0"],
)
def test_an_address_that_others_can_reach_needs_consent(endpoint):
    with pytest.raises(EndpointError, match="--insecure"):
        ZmqPublisher(endpoint)


def test_with_consent_any_address_is_bound():
    with closing(ZmqPublisher("tcp://*:*", access=AccessOptions(insecure=True))) as publisher:
        assert publisher.endpoint.startswith("tcp://0.0.0.0:")


@pytest.mark.parametrize("options", [{"top_k": 0}, {"format": "pickle"}])
def test_options_out_of_bounds_are_refused(options):
    with pytest.raises(OptionError, match="json, msgpack"):
        ZmqPublisher(ANY_PORT, **options)


def event(name="one", phase=EventPhase.START, source="camera-0", number=7):
    return EventMessage(
        sequence=0,
        session="",
        source=source,
        number=number,
        id=name,
        label="wave",
        phase=phase,
        model="scripted",
        started_s=1790000000.0,
        pts_s=None,
        captured_s=1790000001.0,
        ended_s=None,
        duration_s=1.0,
        score=0.5,
        peak=0.5,
        peak_s=1790000000.0,
        mean=0.5,
        predictions=3,
        reason=None,
    )


def heard(publisher, prefix=b"streamrec/"):
    """What a bare subscriber that joins now is told, as (type, sequence) in order."""
    with zmq.Context() as context, bare_subscriber(context, publisher, prefix) as late:
        serve_for(publisher, 0.3)
        frames = []
        while late.poll(100):
            frames.append(json.loads(late.recv_multipart()[1]))
    return [(message["type"], message.get("id"), message["sequence"]) for message in frames]


def test_one_that_joins_late_gets_heartbeat_statuses_and_the_newest_of_open_events(publisher):
    publisher.announce(event())
    publisher.announce(event("two"))
    publisher.announce(event(phase=EventPhase.UPDATE))
    publisher.tell(status())
    publisher.heartbeat(1, 1, 7)
    told = [("status", None, 0), ("heartbeat", None, 0), ("event", "two", 1), ("event", "one", 2)]
    assert heard(publisher) == told


def test_events_that_have_ended_or_whose_camera_is_forgotten_are_not_retained(publisher):
    for name, source in (("one", "a"), ("two", "b"), ("three", "b")):
        publisher.announce(event(name, source=source))
    publisher.announce(event("three", EventPhase.END, "b"))
    publisher.forget("a")
    assert heard(publisher) == [("event", "two", 0)]


def test_a_heartbeat_says_who_publishes_and_how_much_there_is(publisher):
    with Subscriber(publisher.endpoint, kinds=["heartbeat"]) as subscriber:
        publisher.heartbeat(3, 2, 99)
        message = serve_until_received(publisher, subscriber)
    assert (message.source, message.session) == ("_system", publisher.session)
    assert (message.cameras, message.live, message.number) == (3, 2, 99)
    assert message.started_s <= message.sent_s <= now_s()


def test_many_joiners_at_once_are_answered_together(publisher):
    publisher.tell(status())
    with zmq.Context() as context, bare_subscriber(context, publisher, b"streamrec/") as early:
        serve_for(publisher, 0.3)
        for number in range(100):
            early.setsockopt(zmq.SUBSCRIBE, b"streamrec/v1/" + b"camera"[: number % 6])
            early.setsockopt(zmq.SUBSCRIBE, b"streamrec/v1/other%d" % number)
        began_s = time.monotonic()
        serve_for(publisher, 0.5)
        most = 2 + (time.monotonic() - began_s) / RESEND_S
        count = 0
        while early.poll(100):
            early.recv_multipart()
            count += 1
    assert 1 <= count <= most


def test_subscribers_are_counted_as_they_come_and_go(publisher):
    with zmq.Context() as context:
        for _ in range(2):
            with bare_subscriber(context, publisher, b"streamrec/"):
                serve_for(publisher, 0.3)
                assert publisher.counts.subscribers == 1
            serve_for(publisher, 0.3)
            assert publisher.counts.subscribers == 0
