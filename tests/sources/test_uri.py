"""How source URIs are sorted, shown and named."""

import re
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.sources.uri import camera_index, file_name, lasts, network_name, redact, scheme


@pytest.mark.parametrize(
    ("uri", "expected"),
    [("0", 0), ("12", 12), ("/dev/video3", 3), ("-1", -1), ("0.mp4", None), ("/dev/video", None)],
)
def test_a_camera_is_a_number_or_a_video_device(uri, expected):
    assert camera_index(uri) == expected


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("clip.mp4", "file"),
        ("C:\\clips\\a.mp4", "file"),
        ("c:/clips/a.mp4", "file"),
        ("/tmp/a:b.mp4", "file"),
        ("file:///tmp/a.mp4", "file"),
        ("RTSP://host/x", "rtsp"),
        ("synthetic:?fps=5", "synthetic"),
        ("ftp://host/x", "ftp"),
    ],
)
def test_a_scheme_has_two_letters_at_least(uri, expected):
    assert scheme(uri) == expected


@pytest.mark.parametrize(
    ("uri", "expected"),
    [("0", True), ("RTSP://host/x", True), ("clip.mp4", False), ("synthetic:", False)],
)
def test_cameras_and_networks_last_and_films_do_not(uri, expected):
    assert lasts(uri) is expected


SECRET = st.lists(st.sampled_from("@/?#&;:_.%ü ")).map(lambda odd: "hunter2".join(["", *odd, ""]))


@pytest.mark.parametrize(
    "form",
    [
        "rtsp://{}:{}@h:1/p",
        "rtsp://{}:{}@h:1/p?t={}",
        "rtsp:{}:{}@h:1/p",
        "{}:{}@h:1/p",
        "ftp://{}@h",
        "rtsp://h/user={}&password={}&channel=1",
        "rtsp://h:1/user={}_passwd={}_channel=1_stream=0.sdp?real_stream",
        "rtsp://h/live?usr={}&pwd={}&x={}",
        "http://h/live;auth_token={}/1",
        "http://h/live#Access-Key-Id={}",
        "h:554/login={}&password={}",
        "file://{}:{}@h/p",
    ],
)
@given(secrets=st.tuples(SECRET, SECRET, SECRET))
def test_no_secret_of_an_address_is_shown_even_if_it_is_not_escaped(form, secrets):
    url = form.format(*secrets)
    assert "hunter2" not in redact(url)
    assert "hunter2" not in network_name(url)


@pytest.mark.parametrize(
    ("url", "shown", "name"),
    [
        ("rtsp://joe:12/34@h:1/p?t=9", "rtsp://***@h:1/p?***", "h_1_p"),
        ("rtsp:joe:12@h:1/p", "***@h:1/p", "h_1_p"),
        ("joe:12@h/p", "***@h/p", "h_p"),
        (
            "rtsp://h/user=joe&password=12&channel=1",
            "rtsp://h/user=***&password=***&channel=1",
            "h_user_password_channel_1",
        ),
        (
            "rtsp://h/user=joe_password=12_channel=1_stream=0.sdp?real_stream",
            "rtsp://h/user=***_password=***_channel=1_stream=0.sdp?***",
            "h_user__password__channel_1_stream_0.sdp",
        ),
        ("rtsp://h/p?token=1@2", "rtsp://***", "source"),
    ],
)
def test_what_is_not_secret_stays(url, shown, name):
    assert (redact(url), network_name(url)) == (shown, name)


def test_an_address_without_secrets_is_shown_as_it_is():
    for uri in ("rtsp://host:554/cam", "udp://@:5000", "clip.mp4", "file:///a@b.mp4", "C:\\a@b"):
        assert redact(uri) == uri


@given(st.text())
def test_names_hold_only_what_may_stand_in_a_topic(text):
    for name in (network_name(f"http://{text}"), file_name(PurePosixPath(text))):
        assert re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name)


def test_names_come_from_stem_and_address():
    assert file_name(PurePosixPath("/tmp/front door.mp4")) == "front_door"
    assert network_name("rtsp://10.0.0.5:8554/cam1") == "10.0.0.5_8554_cam1"
