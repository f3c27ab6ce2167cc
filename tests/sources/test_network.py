"""Network sources, against real servers."""

import itertools
import socket
import threading
import time
from contextlib import closing

import cv2
import numpy as np
import pytest

from streamrec.errors import SourceOpenError, SourceReadError
from streamrec.sources.diagnosis import why_not_opened
from streamrec.sources.open import open_source


@pytest.mark.parametrize("login", [(), ("joe", "se:cret")], ids=["open", "password"])
def test_rtsp_over_tcp_gives_live_frames(rtsp_server, login):
    with open_source(rtsp_server(*login).url) as source:
        frames = list(itertools.islice(source, 10))
    assert source.live and source.fps == 15.0
    assert frames[0].image.shape == (120, 160, 3)
    assert all(0 <= frame.captured_s - frame.time_s < 1 for frame in frames)
    assert all(a.index < b.index for a, b in itertools.pairwise(frames))
    assert "joe" not in source.name and "cret" not in source.name


def test_rtsp_says_why_it_was_refused(rtsp_server):
    address = rtsp_server("joe", "se:cret").address
    for credentials, path, reason in [
        ("joe:wrong@", "/test", r"refused \(401\)"),
        ("", "/test", r"wants a user name and password \(401\)"),
        ("joe:se%3Acret@", "/none", r"no such path on the server \(404\)"),
    ]:
        with pytest.raises(SourceOpenError, match=reason) as error:
            open_source(f"rtsp://{credentials}{address}{path}")
        assert "wrong" not in str(error.value) and "cret" not in str(error.value)


def test_a_live_stream_that_breaks_off_is_an_error_and_not_an_end(rtsp_server):
    server = rtsp_server("joe", "se:cret")
    with open_source(server.url, read_timeout_s=3) as source:
        assert source.read() is not None
        server.stop()
        with pytest.raises(SourceReadError, match=r"rtsp://\*\*\*@127"):
            list(source)


def test_a_video_over_http_is_read_like_a_file(video, http_server):
    video("clip.mp4", frames=20)
    with open_source(f"{http_server}/clip.mp4") as source:
        time.sleep(0.3)
        frames = list(source)
    assert not source.live
    assert [frame.index for frame in frames] == list(range(20))
    assert frames[10].time_s == pytest.approx(0.4)


def test_a_motion_jpeg_stream_over_http_is_live(http_server):
    with open_source(f"{http_server}/mjpeg") as source:
        frames = list(itertools.islice(source, 5))
    assert source.live and source.frame_count is None
    assert frames[-1].time_s == frames[-1].captured_s


def test_a_stream_that_stalls_is_an_error_after_the_read_timeout(http_server):
    with (
        open_source(f"{http_server}/stalls", read_timeout_s=0.5) as source,
        pytest.raises(SourceReadError, match=r"no frame from http://127.0.0.1"),
    ):
        list(source)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/private/cam?token=topsecret", r"wants a user name and password \(401\)"),
        ("/missing.mp4?token=topsecret", r"no such path on the server \(404\)"),
        ("/text.mp4?token=topsecret", r"sent no video that can be decoded"),
    ],
)
def test_http_says_why_it_was_refused(tmp_path, http_server, path, reason):
    (tmp_path / "text.mp4").write_text("not a video\n" * 50)
    with pytest.raises(SourceOpenError, match=reason) as error:
        open_source(http_server + path)
    assert "topsecret" not in str(error.value)


@pytest.mark.parametrize("kind", ["rtsp", "http"])
def test_a_closed_port_is_named(kind):
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    with pytest.raises(SourceOpenError, match=f"nothing listens on 127.0.0.1:{port}"):
        open_source(f"{kind}://127.0.0.1:{port}/cam")


def test_a_server_that_never_answers_is_given_up_after_the_open_timeout():
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as server,
        pytest.raises(SourceOpenError, match="does not answer"),
    ):
        open_source(f"rtsp://127.0.0.1:{server.getsockname()[1]}/cam", open_timeout_s=0.3)


def test_mpeg_transport_stream_over_udp(tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "a.ts"), cv2.VideoWriter.fourcc(*"mpg2"), 25, (64, 48))
    for i in range(100):
        writer.write(np.full((48, 64, 3), 2 * i, np.uint8))
    writer.release()
    packets = (tmp_path / "a.ts").read_bytes()
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        probe.bind(("127.0.0.1", 0))
        address = probe.getsockname()
    stop = threading.Event()
    sender = threading.Thread(target=_send, args=(packets, address, stop))
    sender.start()
    try:
        with open_source(f"udp://127.0.0.1:{address[1]}") as source:
            frames = list(itertools.islice(source, 5))
    finally:
        stop.set()
        sender.join()
    assert source.live and frames[0].image.shape == (48, 64, 3)


def _send(packets: bytes, address: tuple[str, int], stop: threading.Event) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as out:
        while not stop.is_set():
            for start in range(0, len(packets), 1316):
                out.sendto(packets[start : start + 1316], address)
                if stop.wait(0.005):
                    return


def test_udp_without_a_sender_times_out():
    with pytest.raises(SourceOpenError, match="no video arrived in time"):
        open_source("udp://127.0.0.1:45993", open_timeout_s=0.3)


@pytest.mark.parametrize("odd", "/?#")
def test_a_password_that_is_not_escaped_is_neither_shown_nor_looked_up(odd):
    """Here the part before the odd letter can be taken for an address: 127.0.0.1, port 9."""
    with pytest.raises(SourceOpenError, match=r"write / .* as %2F") as error:
        open_source(f"rtsp://127.0.0.1:9{odd}hunter2@h/x", open_timeout_s=0.3)
    assert "127.0.0.1" not in str(error.value) and "hunter2" not in str(error.value)


def test_a_name_that_no_host_can_have_is_not_known():
    assert why_not_opened("rtsp://a..b/x") == "the host a..b is not known"


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://",
        "rtsp:///x",
        "http://joe:hunter2@:80/x",
        "rtsp://h:x/",
        "rtsp:joe:hunter2@h/x",
        "rtsp://joe:hunter2/hunter2@h/x",
    ],
)
def test_an_address_without_host_or_with_a_bad_port_is_malformed(url):
    with pytest.raises(SourceOpenError, match="malformed address") as error:
        open_source(url)
    assert "hunter2" not in str(error.value)
