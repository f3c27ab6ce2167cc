"""``streamrec camera``, against a real service with scripted workers."""

import json

import pytest

from tests.service.conftest import service  # noqa: F401 - a fixture


@pytest.fixture
def camera(cli, service):  # noqa: F811
    """Run ``streamrec camera`` against a service of two cameras."""
    running = service({"door": "live", "yard": "rtsp://me:hunter2@127.0.0.1:9/x"})
    running.wait_live("door", "yard")

    def run(*arguments):
        return cli("camera", *arguments, "--control", running.supervisor.controlled_at)

    return run


def listed(camera):
    result = camera("list", "--json")
    assert result.code == 0, result.err
    reports = [json.loads(line) for line in result.out.splitlines()]
    return {report["status"]["source"]: report for report in reports}


def test_list_shows_each_camera_and_no_password(camera):
    result = camera("list")
    assert result.code == 0
    header, door, yard = result.out.splitlines()
    assert header.split()[:3] == ["camera", "state", "for"]
    assert door.split()[:2] == ["door", "live"]
    assert "rtsp://***@127.0.0.1:9/x" in yard
    assert "hunter2" not in result.out


def test_list_is_there_for_programs(camera):
    reports = listed(camera)
    assert reports["door"]["status"]["state"] == "live"
    assert reports["yard"]["source"] == "rtsp://***@127.0.0.1:9/x"


def test_a_camera_is_added_with_the_keys_of_the_configuration(camera):
    options = ("--source", "live", "--rate", 2, "--mirror", "--no-enabled", "--transport", "udp")
    result = camera("add", "hall", *options)
    assert (result.code, result.out) == (0, "hall is added\n")
    assert listed(camera)["hall"]["status"]["reason"] == "in the configuration"


def test_a_camera_is_removed(camera):
    assert camera("remove", "door").out == "door is removed\n"
    assert listed(camera).keys() == {"yard"}


def test_a_camera_is_disabled_and_enabled(camera):
    assert camera("disable", "door").code == 0
    assert listed(camera)["door"]["status"]["reason"] == "by command"
    assert camera("enable", "door").code == 0
    assert listed(camera)["door"]["status"]["state"] != "disabled"


def test_a_picture_is_saved(camera, tmp_path):
    assert camera("snapshot", "door", "--to", tmp_path / "door.jpg").code == 0
    assert (tmp_path / "door.jpg").read_bytes() == b"picture of door"


def test_a_picture_is_a_jpeg_and_nothing_else(camera, tmp_path):
    camera("snapshot", "door", "--to", tmp_path / "door.png").fails(2, "FILE.jpg", "door.png")
    assert not (tmp_path / "door.png").exists()


def test_a_picture_that_cannot_be_saved(camera, tmp_path):
    camera("snapshot", "door", "--to", tmp_path / "none" / "door.jpg").fails(5, "cannot write")


def test_a_camera_that_is_off_has_no_picture(camera, tmp_path):
    camera("disable", "door")
    camera("snapshot", "door", "--to", tmp_path / "door.jpg").fails(3, "by command")


def test_reload_says_what_has_changed(camera):
    assert camera("reload").out == "cameras: 0 added, 0 changed, 0 removed\n"


@pytest.mark.parametrize("action", ["remove", "enable", "disable"])
def test_a_camera_that_is_not_there_names_the_nearest(camera, action):
    camera(action, "dor").fails(2, "no camera 'dor'; did you mean door?")


def test_a_camera_that_is_wrong_is_not_added(camera):
    camera("add", "hall", "--source", "live", "--rate", -1).fails(2, "rate")


def test_a_camera_whose_model_there_is_not_is_not_added(camera):
    result = camera("add", "hall", "--source", "live", "--model", "nosuchmodel")
    result.fails(4, "nosuchmodel", "streamrec models list")
    assert "hall" not in listed(camera)


def test_no_service_is_said_so(cli):
    cli("camera", "list", "--control", "tcp://127.0.0.1:9").fails(5, "no service answers", "serve")
