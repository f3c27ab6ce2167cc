"""Which cameras there are, and which of them are watched."""

from datetime import datetime

import pytest

from streamrec.errors import OptionError
from streamrec.service.camera import make_camera
from streamrec.service.roster import Roster

WEDNESDAY_NOON = datetime(2026, 7, 1, 12)


def camera(name="door", **values):
    return make_camera(name, {"source": "0", **values})


def roster(*cameras):
    return Roster(file={camera.name: camera for camera in cameras})


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, ""),
        ({"enabled": False}, "in the configuration"),
        ({"schedule": "08:00-18:00"}, ""),
        ({"schedule": "18:00-06:00"}, "by its schedule until 18:00"),
        ({"schedule": "sat-sun"}, "by its schedule until Sat 00:00"),
    ],
)
def test_a_camera_is_off_for_a_reason(values, why):
    door = camera(**values)
    assert roster(door).off(door, WEDNESDAY_NOON) == why


def test_a_command_overrules_the_configuration_but_not_the_schedule():
    door = camera(enabled=False, schedule="18:00-06:00")
    enabled = roster(door).switched("door", True)
    assert enabled.off(door, WEDNESDAY_NOON) == "by its schedule until 18:00"
    assert enabled.off(door, WEDNESDAY_NOON.replace(hour=20)) == ""
    assert enabled.switched("door", False).off(door, WEDNESDAY_NOON) == "by command"


def test_a_reload_forgets_switches_and_brings_back_what_was_removed():
    door, yard = camera("door"), camera("yard")
    changed = roster(door, yard).switched("door", False).minus("yard")
    assert changed.reloaded({"door": door, "yard": yard}) == roster(door, yard)


def test_what_was_added_stays_with_its_switch_until_the_configuration_has_it():
    hall = camera("hall", enabled=False)
    added = roster().plus(hall).switched("hall", True)
    assert added.reloaded({}) == added
    assert added.reloaded({"hall": camera("hall", rate=2)}) == roster(camera("hall", rate=2))


def test_names_are_taken_once():
    with pytest.raises(OptionError, match="already"):
        roster(camera()).plus(camera())
