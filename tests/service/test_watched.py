from dataclasses import replace
from queue import SimpleQueue

import numpy as np
import pytest
from tiny_models import clip_recognizer, recognizer

from streamrec.config import CameraOptions, CaptureOptions, SourceOptions, StreamOptions
from streamrec.service.settings import CameraSettings
from streamrec.service.watched import Watched, event_tracker
from streamrec.sources.base import Source
from streamrec.types import CameraState, CameraStatus, Frame, now_s

FPS = 5.0


class Script(Source):
    """Gives the frames that it was given."""

    name, live, fps, frame_count = "cam", True, None, None

    def __init__(self):
        self.frames, self.kept = [], 1

    @property
    def waiting(self):
        return bool(self.frames)

    def read(self):
        return self.frames.pop(0)

    def keep(self, frames):
        self.kept = frames

    def snapshot(self, answer):
        answer(b"jpeg", "")

    def close(self):
        self.frames.clear()


class Camera:
    """A watched camera with a frame every fifth of a second, the first of them just now."""

    def __init__(self, model=None, **camera):
        self.source, self.messages, self.told = Script(), [], SimpleQueue()
        self.events = []
        settings = CameraSettings(
            name="cam",
            source=SourceOptions(source="rtsp://host/x"),
            capture=CaptureOptions(max_delay=2.0),
            stream=StreamOptions(predict="grid", smooth="none"),
            camera=CameraOptions(**camera),
        )
        model = model or recognizer()
        self.watched = Watched(
            settings,
            model,
            self.source,
            self.told,
            top=3,
            events=event_tracker(settings, model.spec),
            happen=self.events.append,
        )
        self._index, self._start_s = 0, now_s()

    def see(self, *pictures, age_s=0.0, **facts):
        for picture in pictures:
            self.source.frames.append(self._frame(picture, age_s, facts))
            self.watched.serve(lambda message, ready_s: self.messages.append(message))

    def _frame(self, picture, age_s, facts):
        time_s = self._start_s + self._index / FPS
        self._index += 1
        frame = Frame(
            image=picture,
            index=self._index,
            captured_s=now_s() - age_s,
            time_s=time_s,
            source="cam",
        )
        return replace(frame, **facts)

    def counts(self):
        self.told.put(CameraStatus(source="cam", state=CameraState.LIVE, since_s=0.0))
        (status,) = self.watched.statuses()
        return status.counts


def noise(count, seed=0):
    shape = (count, 32, 32, 3)
    return list(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


def test_every_frame_of_the_models_rate_gives_a_message():
    camera = Camera()
    camera.see(*noise(10))
    assert len(camera.messages) == 10
    assert camera.counts()["predictions"] == 10


def test_a_frame_that_is_too_old_when_its_turn_comes_is_left_out_and_counted():
    camera = Camera()
    camera.see(*noise(2))
    camera.see(*noise(3), age_s=2.5)
    camera.see(*noise(1))
    assert len(camera.messages) == 3
    assert camera.counts()["old"] == 3
    assert camera.messages[-1].dropped == 3


def test_a_model_that_sees_windows_gets_every_frame_however_old():
    camera = Camera(clip_recognizer())
    camera.see(*noise(20), age_s=60.0)
    assert camera.counts().get("old", 0) == 0
    assert camera.messages
    assert camera.source.kept > 1


def test_frames_lost_before_they_came_here_are_counted():
    camera = Camera()
    camera.see(*noise(2))
    camera.see(*noise(1), dropped=4)
    assert camera.counts()["late"] == 4


def test_a_rate_thins_the_messages_not_the_frames_that_the_model_sees():
    camera = Camera(rate=1.0)
    pictures = noise(21)
    captured_s = now_s() - 0.5
    for index, picture in enumerate(pictures):
        camera.see(picture, captured_s=captured_s + index / FPS)
    assert len(camera.messages) == 5
    assert camera.messages[-1].state_age == 21


def test_while_nothing_moves_the_model_is_not_asked():
    camera = Camera(motion=0.02)
    still = np.full((32, 32, 3), 90, np.uint8)
    camera.see(*noise(10))
    before = len(camera.messages)
    camera.see(*[still] * 60)
    skipped = camera.counts()["still"]
    assert skipped > 30
    assert len(camera.messages) - before == 60 - skipped
    camera.see(*noise(2, seed=1))
    assert camera.messages[-1].resets == 0
    assert sum(message.still_s for message in camera.messages) == pytest.approx(
        skipped / FPS, abs=0.5
    )


def test_classes_below_the_least_score_are_left_out():
    camera = Camera(min_score=0.99)
    camera.see(*noise(3))
    assert all(message.top == () for message in camera.messages)


def test_a_status_says_what_watches_and_what_it_has_counted():
    camera = Camera()
    camera.see(*noise(3))
    camera.told.put(
        CameraStatus(source="cam", state=CameraState.LIVE, since_s=0.0, counts={"frames": 7})
    )
    (status,) = camera.watched.statuses()
    assert status.model == "tiny-stream"
    assert status.wanted_hz == pytest.approx(FPS)
    assert (status.counts["frames"], status.counts["predictions"]) == (7, 3)


def test_who_was_served_is_due_later_than_who_was_not():
    one, other = Camera(), Camera()
    one.see(*noise(1))
    assert other.watched.due_s < one.watched.due_s


def test_a_camera_that_is_seldom_asked_is_due_as_often_as_its_model_wants_frames():
    camera = Camera(rate=0.2)
    camera.see(*noise(2))
    assert camera.watched.due_s == pytest.approx(2 / FPS)


def test_a_model_that_sees_windows_is_due_until_it_has_said_something():
    camera = Camera(clip_recognizer())
    for picture in noise(100):
        assert camera.watched.due_s == 0.0
        camera.see(picture)
        if camera.messages:
            break
    assert camera.watched.due_s > 1 / FPS


def test_a_model_that_fails_has_had_its_turn():
    camera = Camera()
    camera.watched.failed()
    assert camera.watched.due_s == pytest.approx(1 / FPS)
