"""What a service says, over real sockets, a real store and real HTTP."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from made_events import make_event

from streamrec.client import EventMessage, HeartbeatMessage, Subscriber
from streamrec.config import HealthOptions, ServiceOptions, StoreOptions
from streamrec.errors import EndpointError, StoreError
from streamrec.service.outlet import Outlet
from streamrec.service.settings import ServiceSettings
from streamrec.store.place import store_place
from streamrec.store.query import EventFilter, find_events
from streamrec.store.reader import Reader
from streamrec.types import ActionEvent, CameraState, CameraStatus, EventPhase

ANY_PORT = "tcp://127.0.0.1:*"
PATIENCE_S = 20.0
STARTED_S = time.time()  # what is too old is deleted


def settings(folder: Path, **service: str) -> ServiceSettings:
    return ServiceSettings(
        service=ServiceOptions(
            **{"publish": ANY_PORT, "control": ANY_PORT, "replay": ANY_PORT} | service
        ),
        store=StoreOptions(store=str(folder / "events.db")),
        health=HealthOptions(metrics="127.0.0.1:0"),
    )


def event(number: int, phase: EventPhase = EventPhase.START) -> ActionEvent:
    return make_event(phase, id=f"event-{number}", started_s=STARTED_S, predictions=2)


class Turning:
    """An outlet whose turns a thread takes, as the supervisor's loop does."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.outlet = Outlet(settings)
        self._lock, self._ending = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._turn)
        self._thread.start()

    def do(self, action: Callable[[Outlet], object]) -> object:
        with self._lock:
            return action(self.outlet)

    def _turn(self) -> None:
        live = CameraStatus(source="door", state=CameraState.LIVE, since_s=1.0)
        while not self._ending.wait(0.02):
            with self._lock:
                self.outlet.turn({"door": live})

    def close(self) -> None:
        self._ending.set()
        self._thread.join()
        self.outlet.close()


@pytest.fixture
def start(tmp_path) -> Iterator[Callable[[], Turning]]:
    """Start outlets with one store, one after the other."""
    running: list[Turning] = []

    def start() -> Turning:
        running.append(Turning(settings(tmp_path)))
        end_s = time.monotonic() + PATIENCE_S
        while not (tmp_path / "events.db").exists():  # until then events go to the spool
            assert time.monotonic() < end_s
            time.sleep(0.02)
        return running[-1]

    yield start
    for one in running:
        if one._thread.is_alive():
            one.close()


def stored(folder: Path) -> list:
    with Reader(store_place(str(folder / "events.db")).url) as reader:
        return list(find_events(reader, EventFilter()))


def await_stored(folder: Path, expected: list) -> None:
    """Wait for the process that writes, which may go on for a moment after the service."""
    end_s = time.monotonic() + PATIENCE_S
    while True:
        with suppress(StoreError):
            if [(row.id, row.reason) for row in stored(folder)] == expected:
                return
        assert time.monotonic() < end_s, expected
        time.sleep(0.05)


def hear(subscriber: Subscriber, count: int) -> list[EventMessage]:
    events = []
    while len(events) < count:
        message = subscriber.receive(PATIENCE_S)
        assert message is not None, events
        events.append(message)
    return events


def join(outlet: Turning) -> Subscriber:
    """Subscribe to events, and return once that has taken effect."""
    with Subscriber(outlet.outlet.publishes_on, kinds=("heartbeat",)) as first:
        assert first.receive(PATIENCE_S)
    return Subscriber(outlet.outlet.publishes_on, kinds=("event",))


def test_what_a_subscriber_has_heard_is_in_the_store(start, tmp_path):
    outlet = start()
    with join(outlet) as subscriber:
        outlet.do(lambda o: o.happened(event(1)))
        outlet.do(lambda o: o.happened(event(1, EventPhase.END)))
        first, second = hear(subscriber, 2)
    assert first.number < second.number
    assert second.previous == first.number
    await_stored(tmp_path, [("event-1", "score")])
    assert outlet.outlet._desk.hurried == 0


def test_events_are_published_while_the_store_is_dead_and_are_in_it_later(start, tmp_path):
    outlet = start()
    with join(outlet) as subscriber:
        os.kill(outlet.outlet._keeper.pid, signal.SIGSTOP)
        outlet.do(lambda o: o.happened(event(1)))
        hear(subscriber, 1)
        os.kill(outlet.outlet._keeper.pid, signal.SIGKILL)
        outlet.do(lambda o: o.happened(event(1, EventPhase.END)))
        hear(subscriber, 1)
    outlet.close()
    await_stored(tmp_path, [("event-1", "score")])


def test_an_end_of_the_service_ends_its_events_in_the_store_too(start, tmp_path):
    outlet = start()
    outlet.do(lambda o: o.happened(event(1)))
    outlet.close()
    await_stored(tmp_path, [("event-1", "shutdown")])


def test_heartbeats_name_the_newest_event(start):
    outlet = start()
    outlet.do(lambda o: o.happened(event(1)))
    with Subscriber(outlet.outlet.publishes_on, kinds=("event", "heartbeat")) as subscriber:
        messages = [subscriber.receive(PATIENCE_S) for _ in range(4)]
    (number,) = {m.number for m in messages if isinstance(m, EventMessage)}
    beats = [m for m in messages if isinstance(m, HeartbeatMessage)]
    assert beats[-1].number == number
    assert (beats[-1].cameras, beats[-1].live) == (1, 1)


def test_metrics_tell_of_events_and_the_store(start):
    outlet = start()
    outlet.do(lambda o: o.told(CameraStatus(source="door", state=CameraState.LIVE, since_s=1.0)))
    outlet.do(lambda o: o.happened(event(1)))
    end_s = time.monotonic() + PATIENCE_S
    while True:
        text = httpx.get(f"http://{outlet.outlet.metrics_on}/metrics").text
        if 'streamrec_events_total{camera="door",label="wave"} 1.0' in text:
            break
        assert time.monotonic() < end_s, text
        time.sleep(0.2)


def test_two_services_cannot_share_a_store(start, monkeypatch):
    monkeypatch.setattr("streamrec.store.keeper.CLAIM_S", 0.2)
    outlet = start()
    with join(outlet) as subscriber:
        outlet.do(lambda o: o.happened(event(1)))
        hear(subscriber, 1)
    with pytest.raises(StoreError):
        start()


def test_what_cannot_be_bound_leaves_nothing_behind(start, tmp_path):
    taken = start().outlet.replays_on
    (tmp_path / "other").mkdir()
    wrong = settings(tmp_path / "other", replay=taken)
    for _ in range(2):
        with pytest.raises(EndpointError):
            Outlet(wrong)


def test_secrets_of_the_store_are_not_shown(monkeypatch):
    monkeypatch.setenv("DATABASE_PASSWORD", "hush")
    url = "postgresql://me:{DATABASE_PASSWORD}@127.0.0.1:9/none"
    outlet = Outlet(
        ServiceSettings(
            service=ServiceOptions(publish=ANY_PORT, control=ANY_PORT, replay=ANY_PORT),
            store=StoreOptions(store=url),
        )
    )
    try:
        end_s = time.monotonic() + PATIENCE_S
        while not (outlet._desk.health and outlet._desk.health.error):
            outlet.turn({})
            assert time.monotonic() < end_s
            time.sleep(0.05)
        assert "hush" not in outlet._desk.health.error
    finally:
        outlet.close()
