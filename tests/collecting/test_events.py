"""Clips of events: their labels, when they begin and when they end."""

import numpy as np

from streamrec.collecting.events import EventClips
from streamrec.config import EventSettings, RuleOptions
from streamrec.events import EventDetector, EventTracker
from streamrec.types import CameraState
from tests.collecting.filmed import START_S, Film
from tests.made_predictions import make_prediction

LABELS = ("wave", "walk/run")


class Acted:
    """A stream in which a label is seen from one second of the film to another."""

    def __init__(self, row, from_s, until_s):
        self._row, self._from_s, self._until_s = row, from_s, until_s

    def push(self, frame):
        scores = np.zeros(len(LABELS), np.float32)
        second = frame.time_s - START_S
        scores[self._row] = self._from_s - 0.01 <= second <= self._until_s + 0.01
        times = {"captured_s": frame.captured_s, "time_s": frame.time_s}
        return make_prediction(labels=LABELS, scores=scores, source="door", **times)


def watched(film, row, from_s, until_s, **rule):
    settings = EventSettings(rule=RuleOptions(**rule))
    tracker = EventTracker(EventDetector(LABELS, settings))
    acted = Acted(row, from_s, until_s)
    events = EventClips(acted, tracker, film.recorder, before_s=1.0, after_s=0.5)
    take = film.recorder.take
    film.recorder.take = lambda frame: (take(frame), events.take(frame))
    return events


def test_a_clip_goes_from_before_its_event_until_after_it(tmp_path):
    film = Film(tmp_path, late_s=1.0)
    watched(film, 0, 4.0, 6.0, consecutive=5)
    film.roll(10)
    assert film.clips("wave") == [(3.0, 6.4, 35)]


def test_a_label_that_names_no_folder_has_one_nevertheless(tmp_path):
    film = Film(tmp_path, late_s=1.0)
    watched(film, 1, 4.0, 5.0)
    film.roll(8)
    assert len(film.clips("walk_run")) == 1


def test_where_the_camera_is_lost_the_clip_ends(tmp_path):
    film = Film(tmp_path, late_s=1.0)
    events = watched(film, 0, 4.0, 30.0)
    film.roll(5)
    events.told(CameraState.LOST)
    assert film.recorder.recording == ()
    assert film.clips("wave") == [(3.0, 4.8, 19)]


def test_an_event_that_is_longer_than_any_clip_is_cut(tmp_path):
    film = Film(tmp_path, late_s=1.0, longest=3.0)
    watched(film, 0, 4.0, 12.0)
    film.roll(16)
    assert film.clips("wave") == [(3.0, 5.9, 30)]
