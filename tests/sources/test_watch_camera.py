"""Cameras and network streams by their options, with real servers."""

import time

import pytest

from streamrec.config import CaptureOptions, SourceOptions
from streamrec.errors import OptionError, RuntimeMissingError, SourceOpenError
from streamrec.sources import watch_camera
from streamrec.sources.messages import Reading
from streamrec.sources.watch_camera import open_camera
from streamrec.types import CameraState

NOWHERE = "rtsp://joe:geheim@127.0.0.1:1/cam0"


def watch(url, *, told=None, name=None, realtime=False, must_connect=False, decoder="opencv"):
    return open_camera(
        url,
        name=name,
        source=SourceOptions(source=url, realtime=realtime),
        capture=CaptureOptions(decoder=decoder),
        reading=Reading(),
        tell=[].append if told is None else told.append,
        must_connect=must_connect,
    )


def test_a_camera_that_is_not_there_is_no_error_and_is_tried_again():
    told = []
    with watch(NOWHERE, told=told) as camera:
        assert (camera.name, camera.live) == ("127.0.0.1_1_cam0", True)
        while not told or told[-1].state is not CameraState.BACKING_OFF:
            time.sleep(0.02)
    assert camera.read() is None
    assert "geheim" not in repr(told)


def test_a_camera_that_must_be_there_and_is_not_is_an_error():
    with pytest.raises(SourceOpenError, match="nothing listens") as caught:
        watch(NOWHERE, must_connect=True)
    assert "geheim" not in str(caught.value)


def test_a_name_that_cannot_stand_in_a_topic_is_refused_before_anything_is_opened():
    told = []
    with pytest.raises(OptionError, match="front/door"):
        watch(NOWHERE, told=told, name="front/door")
    assert told == []


def test_a_decoder_that_is_not_installed_is_an_error_at_once(monkeypatch):
    monkeypatch.setattr(watch_camera, "find_spec", lambda name: None)
    with pytest.raises(RuntimeMissingError, match="pip install"):
        watch(NOWHERE, decoder="av")


@pytest.mark.parametrize("realtime", [False, True])
def test_a_film_behind_an_address_keeps_its_own_speed_where_asked_for(http_server, video, realtime):
    url = f"{http_server}/{video(frames=10).name}"
    with watch(url, realtime=realtime, must_connect=True) as film:
        frames = list(film)
    assert film.live is realtime
    first, last = frames[0], frames[-1]
    if realtime:
        assert last.captured_s - first.captured_s > (last.time_s - first.time_s) / 2
    else:
        assert len(frames) == 10
