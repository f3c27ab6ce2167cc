import os
import shutil
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from streamrec.service.remarks import faults_in, remarks_on
from streamrec.service.settings_file import read_settings
from streamrec.sockets.keys import new_keys

posix = pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX's")


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Read a configuration, which keeps events in a folder of the test unless it says so."""
    monkeypatch.setenv("STREAMREC_HOME", str(tmp_path / "home"))

    def read(*lines, cameras="{}"):
        path = tmp_path / "cameras.yaml"
        path.write_text("\n".join((*lines, f"cameras: {cameras}")))
        return read_settings(path)

    return read


@pytest.fixture
def remarks(read):
    """What is remarked on a configuration, faults first."""

    def remarks(*lines, cameras="{}"):
        settings = read(*lines, cameras=cameras)
        faults = [f"fault {fault.exit_code}: {fault}" for fault in faults_in(settings)]
        return [*faults, *remarks_on(settings)]

    return remarks


def test_what_is_all_there_needs_no_remark(remarks, tmp_path):
    new_keys("service", tmp_path)
    for folder in ("clients", "data"):
        (tmp_path / folder).mkdir()
    assert remarks("keys: service.key_secret", "clients: clients", "store: data/events.db") == []


def test_keys_and_clients_that_are_missing_are_told(remarks, tmp_path):
    keys, clients = remarks("keys: service.key_secret", "clients: clients")
    assert keys.startswith("fault 5: keys: ") and "service.key_secret" in keys
    assert clients == f"fault 5: clients: there is no folder {tmp_path / 'clients'}"


@posix
def test_a_secret_key_that_others_may_read_is_told(remarks, tmp_path):
    _, secret = new_keys("service", tmp_path)
    secret.chmod(0o644)
    (told,) = remarks("keys: service.key_secret")
    assert "others may read the secret key" in told
    assert secret.read_text().partition('secret-key = "')[2][:40] not in told


@pytest.mark.parametrize("camera", ["{source: none.mp4}", "{source: 0, model: a/none.onnx}"])
def test_a_file_that_is_missing_is_told(remarks, camera):
    (told,) = remarks(cameras=f"{{door: {camera}}}")
    assert told.startswith("warning: cameras.door.") and "there is no file" in told


def test_a_model_that_there_is_not_is_told(remarks):
    (told,) = remarks(cameras="{door: {source: 0, model: nonsense}}")
    assert told.startswith("warning: cameras.door.model: ") and "nonsense" in told


def test_the_secrets_of_cameras_that_are_missing_are_told(remarks, monkeypatch):
    monkeypatch.delenv("GONE", raising=False)
    (told,) = remarks(cameras="{door: {source: 'rtsp://a:{GONE}@c/d'}}")
    assert told == "warning: cameras.door.source: the secret GONE is missing here"


def test_files_that_are_there_are_not_told(remarks, tmp_path):
    for name in ("clip.mp4", "checkpoint.index"):
        (tmp_path / name).touch()
    shutil.copy(str(files("streamrec") / "assets" / "gestures.onnx"), tmp_path / "model.onnx")
    for model in ("model.onnx", "checkpoint"):
        camera = f"{{source: {tmp_path / 'clip.mp4'}, model: {tmp_path / model}}}"
        assert remarks(cameras=f"{{door: {camera}}}") == []


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_told(remarks, tmp_path):
    (tmp_path / "data").mkdir(mode=0o500)
    (told,) = remarks("store: data/events.db")
    assert told.startswith(f"fault 5: store: the store in {tmp_path / 'data'} cannot be written")


@pytest.mark.parametrize("make", [Path.touch, lambda data: None], ids=["file", "nothing"])
def test_a_store_in_what_is_no_folder_is_told(remarks, tmp_path, make):
    make(tmp_path / "data")
    (told,) = remarks("store: data/events.db")
    assert told.startswith(f"fault 5: store: there is no folder {tmp_path / 'data'} ")


def test_the_secrets_of_the_store_are_told_without_them(remarks, monkeypatch):
    monkeypatch.setenv("DB", "hunter2")
    monkeypatch.delenv("GONE", raising=False)
    assert remarks("store: postgresql://a:{DB}@c/d") == [
        "store: the secret DB is in the environment"
    ]
    (told,) = remarks("store: postgresql://a:{GONE}@c/d")
    assert told.startswith("fault 3: store: the secret GONE is missing")
    (told,) = remarks("store: postgresql://a:hunter2@c/d")
    assert told.startswith("warning: store has a password written out") and "hunter" not in told


def test_a_secret_that_is_no_store_is_told_without_it(remarks, monkeypatch):
    monkeypatch.setenv("DB", "mysql://a:hunter2@c/d")
    told = " ".join(remarks("store: '{DB}'"))
    assert "fault 2: store: events are kept in a file" in told and "hunter2" not in told


def test_footage_that_is_kept_nowhere_is_told(remarks):
    (told,) = remarks("store: none", cameras="{door: {source: 0, clip: true}}")
    assert told == "warning: cameras.door: no thumbnails or clips, as 'store' is none"
    assert remarks("store: none", cameras="{door: {source: 0}}") == []


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root reads everywhere")
@pytest.mark.parametrize(
    ("line", "cameras"),
    [
        ("store: shut/a/events.db", "{}"),
        ("clients: shut/a", "{}"),
        ("", "{door: {source: shut/a.mp4}}"),
        ("", "{door: {source: 0, model: shut/a.onnx}}"),
    ],
)
def test_what_lies_in_a_folder_of_others_is_told(remarks, tmp_path, monkeypatch, line, cameras):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shut").mkdir(mode=0)
    (told,) = [told for told in remarks(line, cameras=cameras) if "shut" in told]
    assert told.startswith("fault 5: " if line else "warning: ")
