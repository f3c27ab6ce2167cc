"""Who has the next turn in a worker that has too much to do."""

from collections import Counter
from itertools import count

import numpy as np
import pytest
from tiny_models import clip_recognizer, recognizer

from streamrec.config import CameraOptions, ModelOptions, SourceOptions
from streamrec.service.engine import Engine
from streamrec.service.settings import CameraSettings
from streamrec.sources.base import Source
from streamrec.types import Frame, now_s

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


def settings(name, *, model="stream", source="rtsp://host/5", **camera):
    return CameraSettings(
        name=name,
        source=SourceOptions(source=source),
        model=ModelOptions(model=model),
        camera=CameraOptions(**camera),
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
        tell=print,
        show=print,
        wake=print,
        alive=print,
        top=1,
    )
    return engine, published, served


def run(engine, turns=TURNS):
    for _ in range(turns):
        assert engine.turn()


def test_equal_cameras_have_equal_rates(engine):
    engine, published, _ = engine
    for name in "abcd":
        engine.watch(settings(name))
    run(engine)
    assert set(published.values()) == {TURNS // 4}


def test_a_model_that_sees_windows_gets_its_share_beside_streams(engine):
    engine, published, _ = engine
    engine.watch(settings("window", model="clip"))
    for name in "abc":
        engine.watch(settings(name))
    run(engine)
    hops = published["window"] * clip_recognizer().spec.hop_s
    assert hops == pytest.approx(published["a"] / recognizer().spec.fps, rel=0.05)


def test_a_camera_that_is_seldom_asked_shows_its_model_as_many_frames_as_the_others(engine):
    engine, _, served = engine
    engine.watch(settings("seldom", rate=0.5))
    engine.watch(settings("often"))
    run(engine)
    assert served["seldom"] == served["often"]


def test_who_was_alone_does_not_wait_for_those_who_come(engine):
    engine, published, _ = engine
    engine.watch(settings("first"))
    run(engine)
    published.clear()
    engine.watch(settings("second"))
    run(engine, 100)
    assert published["first"] == pytest.approx(50, abs=1)
