"""Clips, decoded again."""

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from footage_cases import frames_of, jpeg_of, second_of

from streamrec.errors import OutputError
from streamrec.footage import clip
from streamrec.footage.clip import write_clip
from streamrec.footage.ring import Shot


@pytest.fixture(params=["h264", "mpeg4"])
def codec(request, monkeypatch):
    """With and without PyAV."""
    if request.param == "h264":
        pytest.importorskip("av")
    else:
        monkeypatch.setattr(clip, "find_spec", lambda name: None)
    return request.param


def shots(*seconds: float) -> list[Shot]:
    return [Shot(second, jpeg_of(second)) for second in seconds]


def codec_of(path) -> str:
    video = cv2.VideoCapture(str(path))
    return int(video.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little").decode().lower()


def test_a_clip_shows_each_picture_for_as_long_as_it_was_there(tmp_path, codec):
    path = tmp_path / "new" / "folder" / "a.mp4"
    write_clip(path, shots(10.0, 20.1, 20.4, 20.5))
    frames, fps = frames_of(path)
    assert fps == pytest.approx(10)
    seen = [second_of(frame) for frame in frames]
    expected = [10.0] * 101 + [20.0] * 3 + [20.5] * 2
    assert np.allclose(seen, expected, atol=1.0)
    assert codec_of(path) == {"h264": "h264", "mpeg4": "fmp4"}[codec]
    assert list(path.parent.iterdir()) == [path]


def test_a_camera_that_changes_its_size_has_a_clip_of_the_first_size(tmp_path, codec):
    path = tmp_path / "a.mp4"
    write_clip(path, [Shot(0.0, jpeg_of(1, (64, 48))), Shot(0.1, jpeg_of(1, (32, 128)))])
    assert [frame.shape for frame in frames_of(path)[0]] == [(48, 64, 3)] * 2


def test_a_clip_of_one_picture_is_a_clip(tmp_path, codec):
    write_clip(tmp_path / "a.mp4", shots(3.0))
    assert len(frames_of(tmp_path / "a.mp4")[0]) == 1


def test_a_clock_that_is_set_back_does_no_harm(tmp_path, codec):
    write_clip(tmp_path / "a.mp4", shots(3.0, 3.1, 1.0, 1.1))
    assert len(frames_of(tmp_path / "a.mp4")[0]) == 4


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_an_error_and_leaves_nothing(tmp_path, codec, monkeypatch):
    monkeypatch.setattr("streamrec.atomic.secrets.token_hex", lambda count: "full")
    (tmp_path / ".a.full.mp4").symlink_to("/dev/full")
    monkeypatch.setattr("pathlib.Path.touch", lambda path, **options: None)
    with pytest.raises(OutputError):
        write_clip(tmp_path / "a.mp4", shots(*np.arange(0, 20, 0.1)))
    assert not (tmp_path / "a.mp4").exists()


def test_nothing_of_a_gap_is_left_out(tmp_path, codec):
    write_clip(tmp_path / "a.mp4", shots(0.0, 60.0))
    assert math.isclose(len(frames_of(tmp_path / "a.mp4")[0]), 601)
