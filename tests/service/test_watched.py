from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest
from tiny_models import clip_recognizer, recognizer

from streamrec.config import (
    CameraOptions,
    CaptureOptions,
    EventOptions,
    EventSettings,
    RuleOptions,
    SourceOptions,
    StreamOptions,
)
from streamrec.errors import OptionError
from streamrec.footage.recorder import Recorder
from streamrec.footage.writer import Writer
from streamrec.service.settings import CameraSettings
from streamrec.service.watched import Watched, event_tracker
from streamrec.sources.base import Source
from streamrec.types import NO_ACTION, CameraState, CameraStatus, EventEnd, Frame, now_s

FPS = 5.0
ALWAYS = EventSettings(
    options=EventOptions(update_every=3600.0),
    rule=RuleOptions(on_score=0.5, consecutive=1, min_gap=0.0),
    aliases={"anything": ("*",)},
)
"""One event that goes on for as long as there are predictions."""

START = ("start", None)


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

    def __init__(self, model=None, events=ALWAYS, **camera):
        self.source, self.messages, self.told = Script(), [], SimpleQueue()
        self.events = []
        settings = CameraSettings(
            name="cam",
            source=SourceOptions(source="rtsp://host/x"),
            capture=CaptureOptions(max_delay=2.0),
            stream=StreamOptions(predict="grid", smooth="none"),
            camera=CameraOptions(**camera),
            events=events,
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
            recorder=Recorder(Path("media"), "cam", settings.footage, Writer()),
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

    def tell(self, state):
        self.told.put(CameraStatus(source="cam", state=state, since_s=0.0))
        (status,) = self.watched.statuses()
        return status

    def counts(self):
        return self.tell(CameraState.LIVE).counts

    def phases(self):
        """Phases of the events so far, and why they ended."""
        return [(str(event.phase), event.reason) for event in self.events]


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


def test_a_rate_is_kept_also_after_the_clock_was_set_back():
    camera = Camera(rate=1.0)
    camera.see(*noise(1), captured_s=now_s() + 3600.0)
    captured_s = now_s()
    for index, picture in enumerate(noise(10)):
        camera.see(picture, captured_s=captured_s + index / FPS)
    assert len(camera.messages) == 3


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


def test_events_are_told_and_messages_say_which_is_open():
    camera = Camera()
    camera.see(*noise(5))
    assert camera.phases() == [START]
    assert camera.events[0].source == "cam"
    assert {message.action for message in camera.messages} == {"anything"}


def test_messages_say_that_no_event_is_open():
    camera = Camera(events=EventSettings(deny=("*",)))
    camera.see(*noise(5))
    assert camera.events == []
    assert {message.action for message in camera.messages} == {NO_ACTION}


def test_a_cut_ends_an_event_and_is_counted_as_what_it_is():
    camera = Camera()
    camera.see(*noise(5))
    camera.see(*noise(1), cut=True)
    assert camera.phases() == [START, ("end", EventEnd.RESET), START]
    counts = camera.counts()
    assert {name: counts[name] for name in counts if name.startswith("resets")} == {
        "resets": 1,
        "resets_cut": 1,
        "resets_gap": 0,
        "resets_clock": 0,
        "resets_model": 0,
    }


def test_a_model_that_fails_ends_an_event():
    camera = Camera()
    camera.see(*noise(5))
    camera.watched.failed()
    assert camera.phases()[1:] == [("end", EventEnd.RESET)]
    assert camera.counts()["resets_model"] == 1
    camera.see(*noise(2))
    assert camera.phases()[2:] == [START]


def test_a_camera_that_is_lost_ends_an_event_and_a_frame_that_still_waited_opens_none_for_long():
    camera = Camera()
    camera.see(*noise(5))
    camera.tell(CameraState.LOST)
    assert camera.phases() == [START, ("end", EventEnd.LOST)]
    camera.see(*noise(1))
    assert camera.phases()[2:] == [START, ("end", EventEnd.LOST)]
    camera.tell(CameraState.LIVE)
    camera.see(*noise(2), cut=True)
    assert camera.phases()[4] == START


@pytest.mark.parametrize(
    ("state", "reason"),
    [(CameraState.LIVE, EventEnd.RESET), (CameraState.STALLED, EventEnd.LOST)],
)
def test_an_event_ends_while_no_frame_comes_though_the_camera_is_there(monkeypatch, state, reason):
    camera = Camera()
    camera.see(*noise(5))
    camera.tell(state)
    assert camera.phases() == [START]
    monkeypatch.setattr("streamrec.service.watched.SILENCE_S", 0.0)
    camera.source.frames.append(None)  # what still waits may go on with it
    assert camera.watched.statuses() == []
    assert camera.phases() == [START]
    camera.source.frames.clear()
    assert camera.watched.statuses() == []
    assert camera.phases() == [START, ("end", reason)]


@pytest.mark.parametrize("how", ["told", "read"])
def test_the_end_of_a_film_ends_an_event(how):
    camera = Camera()
    camera.see(*noise(5))
    if how == "told":
        camera.tell(CameraState.DISABLED)
    else:
        camera.source.frames.append(None)
        camera.watched.serve(lambda message, ready_s: None)
    assert camera.phases() == [START, ("end", EventEnd.SHUTDOWN)]


def test_closing_ends_an_event():
    camera = Camera()
    camera.see(*noise(5))
    camera.watched.close(EventEnd.DISABLED)
    assert camera.phases() == [START, ("end", EventEnd.DISABLED)]


def test_while_nothing_moves_for_long_an_event_ends():
    camera = Camera(motion=0.02)
    still = np.full((32, 32, 3), 90, np.uint8)
    camera.see(*noise(10), *[still] * 60)
    assert camera.phases() == [START, ("end", EventEnd.STILL)]


def test_events_of_labels_that_the_model_does_not_have_are_refused():
    with pytest.raises(OptionError, match="no-such-label"):
        Camera(events=EventSettings(allow=("no-such-label",)))
