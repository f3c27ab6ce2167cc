"""How source URIs are sorted, shown and named."""

import re
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.sources.uri import camera_index, file_name, network_name, redact, scheme


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


SECRET = st.text(st.characters(exclude_characters="/?#@*", categories=["L", "N", "P"]), min_size=6)


@given(user=SECRET, password=SECRET, token=SECRET, extra=st.sampled_from(["", "/", "?", "@", "#"]))
def test_no_secret_of_an_address_is_shown_even_if_it_is_not_escaped(user, password, token, extra):
    secret = f"{password}{extra}{password}"
    url = f"rtsp://{user}:{secret}@h:1/p?t={token}"
    assert redact(url) == "rtsp://***@h:1/p?***"
    assert network_name(url) == "h_1_p"


def test_an_address_without_secrets_is_shown_as_it_is():
    for uri in ("rtsp://host:554/cam", "udp://@:5000", "clip.mp4", "file:///a@b.mp4"):
        assert redact(uri) == uri


@given(st.text())
def test_names_hold_only_what_may_stand_in_a_topic(text):
    for name in (network_name(f"http://{text}"), file_name(PurePosixPath(text))):
        assert re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name)


def test_names_come_from_stem_and_address():
    assert file_name(PurePosixPath("/tmp/front door.mp4")) == "front_door"
    assert network_name("rtsp://10.0.0.5:8554/cam1") == "10.0.0.5_8554_cam1"
