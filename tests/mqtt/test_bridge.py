"""The bridge between a real publisher and a real broker."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, contextmanager

import msgspec
import pytest

from streamrec.client import Subscriber
from streamrec.errors import EndpointError
from streamrec.mqtt.bridge import KINDS, Bridge
from streamrec.mqtt.broker import parse_broker
from streamrec.sinks.zmq import ZmqPublisher
from streamrec.types import ActionEvent, CameraState, CameraStatus, EventEnd, EventPhase
from streamrec.wire import event_message_of

CAMERA = "streamrec/camera/door"
ACTION = f"{CAMERA}/action"


def event(phase: EventPhase) -> ActionEvent:
    ended = phase is EventPhase.END
    return ActionEvent(
        id="one",
        source="door",
        label="wave",
        phase=phase,
        model="m",
        started_s=1.0,
        pts_s=None,
        captured_s=2.0,
        ended_s=2.0 if ended else None,
        duration_s=1.0,
        score=0.5,
        peak=0.5,
        peak_s=1.0,
        mean=0.5,
        predictions=2,
        reason=EventEnd.SCORE if ended else None,
    )


class Publishing:
    """A service with one camera, which takes its turns."""

    def __init__(self) -> None:
        self._publisher = ZmqPublisher("tcp://127.0.0.1:*")
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
            self._publisher.announce(event_message_of(event(phase)))

    def _turn(self) -> None:
        while not self._ending.wait(0.05):
            with self._lock:
                self._publisher.heartbeat(1, 1, None)
                self._publisher.turn()

    def close(self) -> None:
        self._ending.set()
        self._thread.join()
        self._publisher.close()


@contextmanager
def running(bridge: Bridge, endpoint: str):
    thread = threading.Thread(target=bridge.run, args=(Subscriber(endpoint, kinds=KINDS),))
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
    monkeypatch.setattr("streamrec.mqtt.bridge.SILENCE_S", 0.5)
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
        bridge.run(Subscriber("tcp://127.0.0.1:9", kinds=KINDS))
    assert "wrong" not in str(error.value)
