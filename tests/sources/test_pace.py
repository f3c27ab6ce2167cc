"""A file at its own speed."""

import time

import pytest

from streamrec.sources.pace import PacedSource
from streamrec.sources.synthetic import Scene, SyntheticSource
from streamrec.types import now_s


@pytest.fixture
def scene():
    return SyntheticSource(Scene(width=8, height=8, fps=50, seconds=0.2))


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
