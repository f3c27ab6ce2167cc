"""A file at its own speed."""

import threading
import time

import numpy as np
import pytest

from streamrec.sources.base import Source
from streamrec.sources.capture import CaptureThread
from streamrec.sources.pace import PacedSource
from streamrec.sources.synthetic import Scene, SyntheticSource
from streamrec.types import Frame, now_s


@pytest.fixture
def scene():
    return SyntheticSource(Scene(width=8, height=8, fps=50, seconds=0.2))


class Film(Source):
    """Frames of the given times."""

    name, live, fps, frame_count = "film", False, None, None

    def __init__(self, *times_s):
        self._times_s = list(times_s)

    def read(self):
        if not self._times_s:
            return None
        image, time_s = np.zeros((1, 1, 3), np.uint8), self._times_s.pop(0)
        return Frame(image=image, index=0, captured_s=0.0, time_s=time_s, source=self.name)

    def close(self):
        self._times_s.clear()


def test_no_frame_comes_before_it_is_due(scene):
    started_s = time.monotonic()
    times_s = [(frame.time_s, time.monotonic() - started_s) for frame in PacedSource(scene)]
    assert len(times_s) == 10
    assert all(released_s >= media_s - 1e-3 for media_s, released_s in times_s)


def test_a_paced_file_keeps_its_media_time_and_is_captured_when_released(scene):
    started_s = now_s()
    frames = list(PacedSource(scene))
    assert [f.time_s for f in frames] == [f.pts_s for f in frames]
    assert all(f.captured_s >= started_s + f.time_s - 1e-3 for f in frames)


def test_as_a_camera_it_has_capture_time_only(scene):
    frames = list(PacedSource(scene, as_camera=True))
    assert all(f.time_s == f.captured_s and f.pts_s is None for f in frames)


def test_it_is_live_and_otherwise_like_its_source(scene):
    paced = PacedSource(scene)
    assert (paced.live, paced.name, paced.fps, paced.frame_count) == (True, "synthetic", 50, 10)
    paced.close()
    assert scene.read() is None


def test_a_damaged_time_is_not_waited_for_and_the_pace_goes_on_after_it():
    times_s = [0.0, 1e12, 0.1, float("inf"), -5e9, 0.2, 0.3]
    frames = list(PacedSource(Film(*times_s)))
    assert [frame.time_s for frame in frames] == times_s
    assert frames[-1].captured_s - frames[-2].captured_s >= 0.099


def test_a_wait_ends_when_the_source_is_closed():
    source = PacedSource(Film(0.0, 9.0))
    source.read()
    last = []
    reader = threading.Thread(target=lambda: last.append(source.read()), daemon=True)
    reader.start()
    source.close()
    reader.join(5)
    assert last == [None]


def test_closing_a_capture_ends_the_wait_of_its_thread():
    before = set(threading.enumerate())
    source = CaptureThread(lambda: PacedSource(Film(0.0, 9.0)))
    (thread,) = set(threading.enumerate()) - before
    source.read()
    source.close()
    thread.join(5)
    assert not thread.is_alive()
