from pathlib import Path

import cv2
import numpy as np
import pytest

from streamrec.dataset.frames import read_frames
from streamrec.errors import OptionError, SourceError
from streamrec.grid_inputs import grid_inputs
from streamrec.sources.open import open_source
from streamrec.types import Preprocessing, StreamSpec
from tests.dataset.films import clip_of, film_of_greys, number_of


@pytest.fixture
def greys(tmp_path: Path) -> Path:
    return film_of_greys(tmp_path / "greys.avi")


@pytest.mark.parametrize("fps", [3.0, 5.0, 12.0, 25.0])
def test_a_whole_file_is_what_live_video_shows_a_model(greys, fps):
    spec = StreamSpec(
        name="m",
        labels=("a",),
        fps=fps,
        preprocessing=Preprocessing(8, 8),
        clip_frames=8,
        warmup_frames=1,
        horizon=None,
    )
    with open_source(str(greys)) as source:
        live = [round(float(x.mean()) * 25.5) for x in grid_inputs(source, spec)]
    assert read_frames(clip_of(greys), fps, number_of) == live


def test_a_piece_begins_at_its_start_and_ends_before_its_end(greys):
    clip = clip_of(greys, start_s=0.5, end_s=1.3)
    assert read_frames(clip, 5.0, number_of) == [5, 7, 9, 11]


def test_a_phase_shows_the_frames_between(greys):
    clip = clip_of(greys, end_s=0.8)
    assert read_frames(clip, 5.0, number_of, phase_s=0.1) == [1, 3, 5, 7]


def test_twice_as_fast_is_half_as_many(greys):
    assert read_frames(clip_of(greys), 5.0, number_of, speed=2.0) == [0, 4, 8, 12, 16]


def test_half_as_fast_is_twice_as_many(greys):
    slow = read_frames(clip_of(greys), 5.0, number_of, speed=0.5)
    assert slow == list(range(20))


def test_a_picture_is_a_clip_of_one_frame(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((8, 8, 3), 70, np.uint8))
    assert read_frames(clip_of(tmp_path / "a.png"), 5.0, number_of) == [7]


def test_a_name_that_looks_like_a_camera_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match="no such file"):
        read_frames(clip_of("0"), 5.0, number_of)


@pytest.mark.parametrize("start", [9.0, 1.5])
def test_a_piece_without_a_frame_is_refused(greys, start):
    with pytest.raises(SourceError, match=rf"no frame in .*from {start:g} s to 1 s"):
        read_frames(clip_of(greys, start_s=start, end_s=1.0), 5.0, number_of)


@pytest.mark.parametrize("content", [b"", b"a text, and no film\n" * 99])
def test_a_file_that_is_no_video_is_refused(tmp_path, content):
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(SourceError):
        read_frames(clip_of(tmp_path / "a.mp4"), 5.0, number_of)


def test_a_speed_of_nothing_is_refused(greys):
    with pytest.raises(OptionError, match="speed is above 0"):
        read_frames(clip_of(greys), 5.0, number_of, speed=0.0)
