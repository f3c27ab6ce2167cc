"""The bridge between a real publisher and a real broker."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, contextmanager

import msgspec
import pytest
import zmq
from made_events import make_event

from streamrec.client import Subscriber
from streamrec.errors import EndpointError
from streamrec.mqtt import presence
from streamrec.mqtt.bridge import KINDS, Bridge
from streamrec.mqtt.broker import parse_broker
from streamrec.sinks.zmq import ZmqPublisher
from streamrec.types import ActionEvent, CameraState, CameraStatus, EventPhase
from streamrec.wire import event_message_of

CAMERA = "streamrec/camera/door"
ACTION = f"{CAMERA}/action"


def event(phase: EventPhase) -> ActionEvent:
    return make_event(phase, predictions=2)


class Publishing:
    """A service with one camera, which takes its turns."""

    def __init__(self, endpoint: str = "tcp://127.0.0.1:*") -> None:
        self._publisher = ZmqPublisher(endpoint)
        self._number = 0
        self.endpoint = self._publisher.endpoint
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._turn)
        self._thread.start()
        self.tell(CameraState.LIVE)

    def tell(self, state: CameraState) -> None:
        with self._lock:
            self._publisher.tell(CameraStatus(source="door", state=state, since_s=1.0))

    def announce(self, phase: EventPhase) -> None:
        with self._lock:
            self._number += 1
            self._publisher.announce(event_message_of(event(phase), self._number))

    def _turn(self) -> None:
        while not self._ending.wait(0.05):
            with self._lock:
                self._publisher.heartbeat(1, 1, self._number)
                self._publisher.turn()

    def close(self) -> None:
        self._ending.set()
        self._thread.join()
        self._publisher.close()


@contextmanager
def running(bridge: Bridge, endpoint: str):
    thread = threading.Thread(
        target=bridge.run, args=(lambda miss: Subscriber(endpoint, kinds=KINDS, on_gap=miss),)
    )
    thread.start()
    try:
        yield
    finally:
        bridge.stop()
        thread.join(10)
        assert not thread.is_alive()


def wait(condition: Callable[[], object]) -> None:
    end_s = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def test_events_and_cameras_reach_the_broker_and_stay_there(mosquitto, listen):
    broker = mosquitto()
    heard = listen(broker.port)
    bridge = Bridge(parse_broker(f"mqtt://127.0.0.1:{broker.port}"), discovery="homeassistant")
    with closing(Publishing()) as service:
        with running(bridge, service.endpoint):
            heard.wait("streamrec/bridge/availability", lambda payload: payload == "online")
            heard.wait("homeassistant/sensor/streamrec_door_action/config")
            heard.wait(ACTION, lambda payload: payload == "none")
            service.announce(EventPhase.START)
            phase = msgspec.json.decode(heard.wait(f"{CAMERA}/event"))["phase"]
            assert phase == "start"
            heard.wait(ACTION, lambda payload: payload == "wave")
            later = listen(broker.port)
            assert later.wait(ACTION) == "wave"
            service.announce(EventPhase.END)
            heard.wait(ACTION, lambda payload: payload == "none")
            service.tell(CameraState.LOST)
            heard.wait(f"{CAMERA}/availability", lambda payload: payload == "offline")
        heard.wait("streamrec/bridge/availability", lambda payload: payload == "offline")


class Relay:
    """Stands between a publisher and its subscribers, and may pass on nothing."""

    def __init__(self, endpoint: str) -> None:
        self._context, self.passes_on = zmq.Context(), True
        self._front, self._back = self._context.socket(zmq.XPUB), self._context.socket(zmq.XSUB)
        self._back.connect(endpoint)
        self._front.setsockopt(zmq.XPUB_VERBOSER, 1)
        self._front.bind("tcp://127.0.0.1:*")
        self.endpoint = self._front.getsockopt_string(zmq.LAST_ENDPOINT)
        self.dropped: list[bytes] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._relay)
        self._thread.start()

    def _relay(self) -> None:
        poller = zmq.Poller()
        poller.register(self._front, zmq.POLLIN)
        poller.register(self._back, zmq.POLLIN)
        while not self._ending.is_set():
            ready = dict(poller.poll(20))
            if self._front in ready:
                self._back.send(self._front.recv())
            if self._back in ready:
                frames = self._back.recv_multipart()
                if self.passes_on:
                    self._front.send_multipart(frames)
                else:
                    self.dropped.append(frames[0])

    def close(self) -> None:
        self._ending.set()
        self._thread.join()
        self._context.destroy(0)


def test_an_event_whose_end_was_missed_is_not_open_for_ever(mosquitto, listen):
    broker = mosquitto()
    heard = listen(broker.port)
    bridge = Bridge(parse_broker(f"mqtt://127.0.0.1:{broker.port}"))
    with (
        closing(Publishing()) as service,
        closing(Relay(service.endpoint)) as relay,
        running(bridge, relay.endpoint),
    ):
        heard.wait(ACTION, lambda payload: payload == "none")
        service.announce(EventPhase.START)
        heard.wait(ACTION, lambda payload: payload == "wave")
        relay.passes_on = False
        service.announce(EventPhase.END)
        wait(lambda: any(topic.endswith(b"/event/") for topic in relay.dropped))
        relay.passes_on = True
        heard.wait(ACTION, lambda payload: payload == "none")


def test_a_broker_that_comes_back_is_told_everything_again(mosquitto, listen):
    broker = mosquitto()
    bridge = Bridge(parse_broker(f"mqtt://127.0.0.1:{broker.port}"))
    with closing(Publishing()) as service, running(bridge, service.endpoint):
        listen(broker.port).wait(ACTION)
        broker.kill()  # it keeps nothing on disk
        service.announce(EventPhase.START)
        broker.start()
        again = listen(broker.port)
        again.wait(ACTION, lambda payload: payload == "wave")
        again.wait("streamrec/bridge/availability", lambda payload: payload == "online")


def test_a_service_that_falls_silent_is_offline(mosquitto, listen, monkeypatch):
    monkeypatch.setattr("streamrec.mqtt.presence.SILENCE_S", 0.5)
    broker = mosquitto()
    heard = listen(broker.port)
    bridge = Bridge(parse_broker(f"mqtt://127.0.0.1:{broker.port}"))
    service = Publishing()
    with running(bridge, service.endpoint):
        heard.wait("streamrec/service/availability", lambda payload: payload == "online")
        service.close()
        heard.wait("streamrec/service/availability", lambda payload: payload == "offline")


def test_a_bridge_that_is_killed_leaves_its_last_will(mosquitto, listen):
    login = ("me", "pass word")
    broker = mosquitto(login)
    heard = listen(broker.port, login)
    with closing(Publishing()) as service:
        url = f"mqtt://me:{{MQTT_PASSWORD}}@127.0.0.1:{broker.port}"
        command = [sys.executable, "-m", "streamrec.cli", "mqtt", "--broker", url]
        process = subprocess.Popen(
            [*command, "--endpoint", service.endpoint],
            env={**os.environ, "MQTT_PASSWORD": login[1]},
        )
        heard.wait("streamrec/bridge/availability", lambda payload: payload == "online")
        process.kill()
        process.wait()
        heard.wait("streamrec/bridge/availability", lambda payload: payload == "offline")


def test_a_login_that_is_refused_is_said(mosquitto):
    broker = mosquitto(("me", "right"))
    bridge = Bridge(parse_broker(f"mqtt://me:wrong@127.0.0.1:{broker.port}"))
    with pytest.raises(EndpointError, match="refuses") as error:
        bridge.run(lambda miss: Subscriber("tcp://127.0.0.1:9", kinds=KINDS, on_gap=miss))
    assert "wrong" not in str(error.value)


def test_it_is_told_once_that_the_service_is_not_heard_and_when_it_is(
    mosquitto, monkeypatch, caplog
):
    monkeypatch.setattr(presence, "SILENCE_S", 0.2)
    caplog.set_level("INFO", "streamrec")
    broker = mosquitto()
    bridge = Bridge(parse_broker(f"mqtt://127.0.0.1:{broker.port}"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with running(bridge, endpoint):
        wait(lambda: "not heard" in caplog.text)
        time.sleep(0.6)
        with closing(Publishing(endpoint)):
            wait(lambda: "the service is heard" in caplog.text)
            missed = [m for m in caplog.messages if "not heard" in m]
    assert missed == [
        f"the service is not heard: nothing listens on {endpoint}; is the service running there?"
    ]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mqtt://127.0.0.1:1", "cannot be reached: Connection refused"),
        ("mqtt://me:hidden@a.invalid", "cannot be reached: its name is not found"),
        ("mqtts://127.0.0.1:{port}", "cannot be reached: TLS: the handshake failed"),
    ],
)
def test_why_the_broker_cannot_be_reached_is_told(mosquitto, caplog, url, reason):
    bridge = Bridge(parse_broker(url.format(port=mosquitto().port)))
    with running(bridge, "tcp://127.0.0.1:9"):
        wait(lambda: reason in caplog.text)
    assert "hidden" not in caplog.text


def test_a_broker_that_breaks_off_may_want_tls(caplog):
    with socket.create_server(("127.0.0.1", 0)) as closing_at_once:
        bridge = Bridge(parse_broker(f"mqtt://127.0.0.1:{closing_at_once.getsockname()[1]}"))
        with running(bridge, "tcp://127.0.0.1:9"):
            closing_at_once.accept()[0].close()
            wait(lambda: "breaks off without an answer (is it mqtts:// rather?)" in caplog.text)


def test_a_trouble_is_told_once_while_it_lasts(caplog):
    bridge = Bridge(parse_broker("mqtt://127.0.0.1:1"))
    bridge._client.reconnect_delay_set(0.1, 0.1)
    tries = []
    fail = bridge._client.on_connect_fail
    bridge._client.on_connect_fail = lambda *_: (tries.append(1), fail(*_))
    with running(bridge, "tcp://127.0.0.1:9"):
        wait(lambda: len(tries) > 2)
    assert caplog.text.count("cannot be reached") == 1
