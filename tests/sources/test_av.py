"""The other decoder, against real servers."""

import itertools

import numpy as np
import pytest

pytest.importorskip("av", reason="PyAV is not installed")

from streamrec.errors import SourceOpenError, SourceReadError
from streamrec.sources.network import ENVIRONMENT, LIVE_RTSP, NetworkSource


@pytest.fixture(autouse=True)
def _live(monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, f"rtsp_transport;tcp|{LIVE_RTSP}")


def test_it_gives_the_frames_and_times_that_opencv_gives(video, http_server):
    video("clip.mp4", frames=20)
    url = f"{http_server}/clip.mp4"
    ours, theirs = (list(NetworkSource(url, decoder=name)) for name in ("av", "opencv"))
    assert [f.index for f in ours] == [f.index for f in theirs] == list(range(20))
    assert [f.pts_s for f in ours] == pytest.approx([f.pts_s for f in theirs])
    for a, b in zip(ours, theirs, strict=True):
        assert np.abs(a.image.astype(int) - b.image).max() <= 2


@pytest.mark.parametrize("login", [(), ("joe", "se:cret")], ids=["open", "password"])
def test_rtsp_gives_live_frames_with_their_times(rtsp_server, login):
    with NetworkSource(rtsp_server(*login).url, decoder="av") as source:
        frames = list(itertools.islice(source, 20))
    assert source.live and source.frame_count is None and source.fps == pytest.approx(15.0)
    assert frames[0].image.shape == (120, 160, 3)
    steps_s = np.diff([frame.pts_s for frame in frames[2:]])  # the first have no time yet
    assert steps_s.mean() == pytest.approx(1 / 15, abs=0.01)
    assert (steps_s > 0).all()


def test_it_says_why_it_was_refused_and_never_the_password(rtsp_server):
    server = rtsp_server("joe", "se:cret")
    wrong = server.url.replace("se%3Acret", "hunter2")
    with pytest.raises(SourceOpenError, match=r"refused \(401\)") as error:
        NetworkSource(wrong, decoder="av")
    assert "hunter2" not in str(error.value) and error.value.__context__ is None


def test_a_stream_that_breaks_off_is_an_error(rtsp_server):
    server = rtsp_server()
    with NetworkSource(server.url, decoder="av", read_timeout_s=3) as source:
        assert source.read() is not None
        server.stop()
        with pytest.raises(SourceReadError, match="rtsp://127"):
            list(source)


def test_a_stream_that_stalls_is_an_error_after_the_read_timeout(http_server):
    with (
        NetworkSource(f"{http_server}/stalls", decoder="av", read_timeout_s=0.5) as source,
        pytest.raises(SourceReadError, match=r"no frame from http://127.0.0.1"),
    ):
        list(source)


def test_text_is_not_a_video(tmp_path, http_server):
    (tmp_path / "text.mp4").write_text("not a video\n" * 50)
    with pytest.raises(SourceOpenError, match="sent no video"):
        NetworkSource(f"{http_server}/text.mp4", decoder="av")


def test_damaged_frames_are_not_retrieved(cameras):
    server = cameras()
    with NetworkSource(server.url(), decoder="av") as source:
        server.do("corrupt cam0 0.5")
        pictures = []
        for _ in range(45):
            source.grab()
            pictures.append(source.retrieve())
    assert any(picture is None for picture in pictures)
    assert any(picture is not None for picture in pictures)
