"""Events of the one source that a program watches by itself."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from made_predictions import make_prediction

from streamrec.client import EventMessage, PredictionMessage, StatusMessage, Subscriber
from streamrec.config import EventSettings, RuleOptions
from streamrec.events import EventDetector, EventTracker
from streamrec.service.live_events import LiveEvents
from streamrec.sinks.zmq import ZmqPublisher
from streamrec.types import CameraState, CameraStatus, Defect, Frame, Prediction

LABELS = ("wave", "walk")
KINDS = ("prediction", "event", "status", "heartbeat")


def prediction(score: float, index: int) -> Prediction:
    scores = np.array([score, 0.0], np.float32)
    return make_prediction(
        source="door",
        frame_index=index,
        captured_s=1000.0 + index,
        time_s=float(index),
        pts_s=None,
        labels=LABELS,
        scores=scores,
        raw=scores,
        ready_s=1000.0 + index,
    )


FRAME = Frame(
    image=np.zeros((1, 1, 3), np.uint8), index=0, captured_s=0.0, time_s=0.0, source="door"
)


@pytest.fixture
def shown() -> list[EventMessage]:
    return []


@pytest.fixture
def publisher() -> Iterator[ZmqPublisher]:
    with closing(ZmqPublisher("tcp://127.0.0.1:*")) as publisher:
        yield publisher


@pytest.fixture
def live(publisher, shown) -> Iterator[LiveEvents]:
    rule = RuleOptions(consecutive=1, min_gap=0.0)
    tracker = EventTracker(EventDetector(LABELS, EventSettings(rule=rule)))
    with closing(LiveEvents(publisher, tracker, 5, shown.append)) as live:
        yield live


@pytest.fixture
def subscriber(publisher, live) -> Iterator[Subscriber]:
    with Subscriber(publisher.endpoint, timeout_s=10, kinds=KINDS) as subscriber:
        assert subscriber.receive(10).source == "_system"  # it has joined
        yield subscriber


def heard(subscriber: Subscriber, kind: type, count: int) -> list:
    """The next messages of a kind."""
    found = []
    for message in subscriber:
        if isinstance(message, kind):
            found.append(message)
        if len(found) == count:
            return found
    raise AssertionError(found)


def status(state: CameraState) -> CameraStatus:
    return CameraStatus(source="door", state=state, since_s=1.0)


def test_predictions_say_what_goes_on_and_events_when_it_changes(live, subscriber, shown):
    for index, score in enumerate((0.1, 0.9, 0.9, 0.1)):
        live.emit(prediction(score, index), FRAME)
    actions = [message.action for message in heard(subscriber, PredictionMessage, 4)]
    assert actions == ["none", "wave", "wave", "none"]
    assert [str(event.phase) for event in shown] == ["start", "update", "end"]


def test_events_end_when_the_source_is_lost(live, subscriber):
    live.told(status(CameraState.LIVE))
    live.emit(prediction(0.9, 0), FRAME)
    live.told(status(CameraState.LOST))
    events = heard(subscriber, EventMessage, 2)
    assert [(str(e.phase), e.reason) for e in events] == [("start", None), ("end", "lost")]


def test_nothing_begins_while_the_source_is_lost(live, shown):
    live.told(status(CameraState.LOST))
    live.emit(prediction(0.9, 0), FRAME)  # of a frame that still waited
    assert [(str(e.phase), e.reason) for e in shown] == [("start", None), ("end", "lost")]
    live.told(status(CameraState.LIVE))
    live.emit(replace(prediction(0.9, 9), resets=1), FRAME)
    assert [str(e.phase) for e in shown[2:]] == ["start"]


def test_an_event_ends_while_all_pictures_are_withheld(live, subscriber, monkeypatch):
    monkeypatch.setattr("streamrec.service.live_events.SILENCE_S", 0.2)
    live.emit(prediction(0.9, 0), FRAME)
    live.told(replace(status(CameraState.LIVE), defect=Defect.BLACK))
    assert [e.reason for e in heard(subscriber, EventMessage, 2)] == [None, "reset"]


def test_events_end_with_the_program(live, subscriber):
    live.emit(prediction(0.9, 0), FRAME)
    live.close()
    assert heard(subscriber, EventMessage, 2)[1].reason == "shutdown"


def test_late_joiners_hear_of_the_source_and_its_open_event_while_no_frame_comes(live, publisher):
    live.told(status(CameraState.LIVE))
    live.emit(prediction(0.9, 0), FRAME)
    with Subscriber(publisher.endpoint, timeout_s=10, kinds=("status", "event")) as late:
        first, second = late.receive(10), late.receive(10)
    assert isinstance(first, StatusMessage)
    assert (second.label, second.phase) == ("wave", "start")


def test_heartbeats_come_while_no_frame_does_whatever_the_clock_says(live, subscriber, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 0.0)  # it was set back
    beats = [m for m in (subscriber.receive(5) for _ in range(2)) if m.source == "_system"]
    assert [(beat.cameras, beat.live) for beat in beats] == [(1, 1), (1, 1)]
