"""Who has the next turn in a worker that has too much to do."""

import threading
import time
from collections import Counter
from itertools import count

import numpy as np
import pytest
from tiny_models import clip_recognizer, recognizer

from streamrec.config import (
    CameraOptions,
    EventSettings,
    ModelOptions,
    RuleOptions,
    SourceOptions,
)
from streamrec.errors import DownloadError, FrameError
from streamrec.service import engine as engine_module
from streamrec.service.engine import Engine
from streamrec.service.settings import CameraSettings
from streamrec.service.watched import Watched
from streamrec.sources.base import Source
from streamrec.types import CameraState, EventEnd, EventPhase, Frame, now_s

TURNS = 2000
PICTURE = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)


class Endless(Source):
    """Has always a frame that waits."""

    live, fps, frame_count, waiting = True, None, None, True

    def __init__(self, name, fps, served):
        self.name, self._fps, self._served, self._indices = name, fps, served, count()

    def read(self):
        self._served[self.name] += 1
        index = next(self._indices)
        time_s = index / self._fps
        return Frame(
            image=PICTURE, index=index, captured_s=now_s(), time_s=time_s, source=self.name
        )

    def close(self):
        pass


NO_EVENTS = EventSettings(deny=("*",))


def settings(name, *, model="stream", source="rtsp://host/5", events=NO_EVENTS, **camera):
    return CameraSettings(
        name=name,
        source=SourceOptions(source=source),
        model=ModelOptions(model=model),
        camera=CameraOptions(**camera),
        events=events,
    )


@pytest.fixture
def engine(monkeypatch):
    """An engine whose cameras send more than can be looked at; messages and turns by camera."""
    models = {"stream": recognizer, "clip": clip_recognizer}
    monkeypatch.setattr("streamrec.service.models.load_model", lambda name, *_: models[name]())
    monkeypatch.setattr(
        "streamrec.service.engine.open_camera",
        lambda uri, *, name, **_: Endless(name, float(uri.rpartition("/")[2]), served),
    )
    published, served = Counter(), Counter()
    engine = Engine(
        publish=lambda message, ready_s: published.update([message.source]),
        happen=lambda event: None,
        tell=print,
        show=print,
        wake=print,
        top=1,
    )
    return engine, published, served


def watch(engine, *cameras):
    """Watch cameras, and wait for their models."""
    for camera in cameras:
        engine.watch(camera)
    for camera in cameras:
        engine._models.get(camera).result()


def run(engine, turns=TURNS):
    for _ in range(turns):
        assert engine.turn()


def test_equal_cameras_have_equal_rates(engine):
    engine, published, _ = engine
    watch(engine, *map(settings, "abcd"))
    run(engine)
    assert set(published.values()) == {TURNS // 4}


def test_a_model_that_sees_windows_gets_its_share_beside_streams(engine):
    engine, published, _ = engine
    watch(engine, settings("window", model="clip"), *map(settings, "abc"))
    run(engine)
    hops = published["window"] * clip_recognizer().spec.hop_s
    assert hops == pytest.approx(published["a"] / recognizer().spec.fps, rel=0.05)


def test_a_camera_that_is_seldom_asked_shows_its_model_as_many_frames_as_the_others(engine):
    engine, _, served = engine
    watch(engine, settings("seldom", rate=0.5), settings("often"))
    run(engine)
    assert served["seldom"] == served["often"]


def test_who_was_alone_does_not_wait_for_those_who_come(engine):
    engine, published, _ = engine
    watch(engine, settings("first"))
    run(engine)
    published.clear()
    watch(engine, settings("second"))
    run(engine, 100)
    assert published["first"] == pytest.approx(50, abs=1)


def test_while_a_model_is_loaded_the_others_go_on(engine, monkeypatch):
    engine, published, _ = engine
    there = threading.Event()

    def load(name, *_):
        there.wait(60)
        return recognizer()

    watch(engine, settings("first"))
    monkeypatch.setattr("streamrec.service.models.load_model", load)
    engine.watch(settings("second", model="slow"))
    run(engine, 100)
    assert published == {"first": 100}
    there.set()
    watch(engine, settings("second", model="slow"))
    run(engine, 100)
    assert published["second"] == pytest.approx(50, abs=1)


def test_a_model_that_cannot_be_fetched_is_tried_again(engine, monkeypatch):
    engine, published, _ = engine
    monkeypatch.setattr(engine_module, "RETRY_S", 0.01)
    attempts = count()

    def load(name, *_):
        if next(attempts) < 2:
            raise DownloadError("no network")
        return recognizer()

    monkeypatch.setattr("streamrec.service.models.load_model", load)
    engine.watch(settings("cam"))
    deadline_s = time.monotonic() + 30
    while not published and time.monotonic() < deadline_s:
        engine.turn()
    assert published["cam"] == 1
    assert next(attempts) == 3


def test_why_a_model_fails_is_said_the_first_time_and_ever_more_seldom(engine, monkeypatch, caplog):
    engine, _, _ = engine
    watch(engine, settings("cam"))

    def fail(camera, publish):
        camera.source.read()
        raise FrameError("no picture")

    monkeypatch.setattr(Watched, "serve", fail)
    run(engine, 10)
    assert caplog.messages == ["cam: no picture"] * 4


def test_a_camera_that_is_forgotten_is_not_opened_when_its_model_comes(engine):
    engine, published, _ = engine
    one = settings("cam")
    engine.watch(one)
    engine.forget("cam")
    engine._models.get(one).result()
    assert not engine.turn()
    assert not published


def test_labels_that_the_model_does_not_have_keep_their_camera_off_and_no_other(
    engine, monkeypatch
):
    engine, published, _ = engine
    told = []
    monkeypatch.setattr(engine, "_tell", told.append)
    watch(engine, settings("bad", events=EventSettings(deny=("nonsense",))), settings("good"))
    run(engine, 10)
    assert published == {"good": 10}
    (status,) = told
    assert (status.source, status.state) == ("bad", CameraState.DISABLED)
    assert "nonsense" in status.reason


def test_events_end_when_their_camera_is_watched_anew_and_when_it_is_forgotten(engine, monkeypatch):
    engine, _, _ = engine
    happened = []
    monkeypatch.setattr(engine, "_happen", happened.append)
    rule = RuleOptions(on_score=0.5, consecutive=1)
    one = settings("cam", events=EventSettings(rule=rule, aliases={"anything": ("*",)}))
    for _ in range(2):
        watch(engine, one)
        run(engine, 3)
    engine.forget("cam")
    reasons = [event.reason for event in happened if event.phase is not EventPhase.UPDATE]
    assert reasons == [None, EventEnd.RESET, None, EventEnd.DISABLED]
