import os
import sys

import pytest

from streamrec.errors import OptionError, SourceOpenError
from streamrec.service import secrets
from streamrec.service.secrets import find_secret, lies_open, resolve, secret_names

URL = "rtsp://viewer:{DOOR}@host/stream"


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """Where systemd and containers put secrets; nothing is there yet."""
    credentials, mounted = tmp_path / "credentials", tmp_path / "secrets"
    credentials.mkdir()
    mounted.mkdir()
    monkeypatch.setenv(secrets.CREDENTIALS, str(credentials))
    monkeypatch.setattr(secrets, "CONTAINER_SECRETS", mounted)
    return credentials, mounted


def test_a_source_without_secrets_stays_as_it_is():
    for source in ("0", "rtsp://a:b%40c@host/x?y=z", "clip}.mp4", r"C:\videos\a.mp4"):
        assert resolve(source) == source


def test_the_environment_comes_before_files_and_systemd_before_containers(folders, monkeypatch):
    found = []
    for folder, value in zip(reversed(folders), ("of containers\n", "of systemd\r\n"), strict=True):
        (folder / "DOOR").write_text(value)
        found.append(find_secret("DOOR").value)
    monkeypatch.setenv("DOOR", "of the environment")
    found.append(find_secret("DOOR").value)
    assert found == ["of containers", "of systemd", "of the environment"]


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        (URL, "p@ss/w:rd#% ü", "rtsp://viewer:p%40ss%2Fw%3Ard%23%25%20%C3%BC@host/stream"),
        ("rtsp://viewer:x{DOOR}y@host/", "@", "rtsp://viewer:x%40y@host/"),
        ("rtsp://{DOOR}@host/", "me:p@ss", "rtsp://me:p%40ss@host/"),
        ("{DOOR}", "rtsp://a:b@host/", "rtsp://a:b@host/"),
        ("http://host/a?t={DOOR}", "x&y=1", "http://host/a?t=x&y=1"),
        ("http://{DOOR}/a@b", "host:80", "http://host:80/a@b"),
        ("{{DOOR}", "x", "{DOOR}"),
        ("{{{DOOR}", "x", "{x"),
    ],
)
def test_secrets_are_put_in_and_encoded_in_the_login_only(monkeypatch, source, value, expected):
    monkeypatch.setenv("DOOR", value)
    assert resolve(source) == expected


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_secret_is_an_error_that_names_the_places(monkeypatch, folders, value):
    if value is not None:
        monkeypatch.setenv("DOOR", value)
    with pytest.raises(SourceOpenError) as caught:
        resolve(URL)
    for part in ("DOOR", "environment", "$CREDENTIALS_DIRECTORY", str(folders[1])):
        assert part in str(caught.value)


@pytest.mark.parametrize("content", [b"hunter2\nhunter3", b"hunter2\x00", b"hunter2\xff"])
def test_a_secret_that_is_not_one_line_is_refused_unseen(folders, content):
    (folders[0] / "DOOR").write_bytes(content)
    with pytest.raises(SourceOpenError, match="DOOR") as caught:
        resolve(URL)
    assert "hunter" not in str(caught.value)


def test_a_secret_that_cannot_be_read_says_why(folders):
    (folders[0] / "DOOR").mkdir()
    with pytest.raises(SourceOpenError, match="cannot read the secret in"):
        resolve(URL)


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX's")
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_a_secret_of_somebody_else_says_why(folders):
    (folders[0] / "DOOR").touch(mode=0)
    with pytest.raises(SourceOpenError, match="Permission denied"):
        resolve(URL)


def test_names_are_told_in_order():
    assert secret_names("rtsp://{A}:{b-c.d}@{{host}/{A}") == ("A", "b-c.d", "A")


@pytest.mark.parametrize("source", ["a{", "a{b", "{ A}", "{}", "{1}", "{a/b}", "{../a}"])
def test_a_lone_brace_is_an_error(source):
    with pytest.raises(OptionError, match=r"\{NAME\}"):
        secret_names(source)
    with pytest.raises(OptionError, match=r"\{NAME\}"):
        resolve(source)


def test_a_secret_does_not_show_its_value(monkeypatch):
    monkeypatch.setenv("DOOR", "hunter2")
    assert "hunter2" not in repr(find_secret("DOOR"))


@pytest.mark.parametrize(
    ("source", "is_open"),
    [
        ("rtsp://viewer:hunter2@host/", True),
        ("rtsp://viewer:x{DOOR}@host/", True),
        (URL, False),
        ("rtsp://viewer@host/", False),
        ("rtsp://{LOGIN}@host/", False),
        ("http://host/a?user=me&pwd=hunter2", True),
        ("http://host/a?user=me&pwd={DOOR}", False),
        ("http://host/a?pwd=&x=1", False),
        ("0", False),
    ],
)
def test_passwords_that_are_written_out_are_noticed(source, is_open):
    assert lies_open(source) == is_open


def test_a_secret_is_hidden_wherever_it_stands_as_it_is_and_encoded(monkeypatch):
    monkeypatch.setenv("TOKEN", "p@ss/word")
    text = "cannot open http://host/p@ss/word/x and rtsp://u:p%40ss%2Fword@host"
    hidden = secrets.hide(text, secrets.secret_values("http://host/{TOKEN}/x"))
    assert hidden == "cannot open http://host/***/x and rtsp://u:***@host"
