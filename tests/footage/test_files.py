"""Where footage lies."""

from pathlib import Path

import pytest

from streamrec.footage.files import footage_file

FOLDER = Path("media")


def test_a_file_is_named_by_camera_day_in_utc_and_event():
    assert footage_file(FOLDER, "door", 86399.9, "e", "clip") == FOLDER / "door/1970-01-01/e.mp4"
    assert footage_file(FOLDER, "door", 86400, "e", "thumbnail").as_posix() == (
        "media/door/1970-01-02/e.jpg"
    )


@pytest.mark.parametrize("name", [".", ".."])
def test_no_name_of_a_camera_leads_out_of_the_folder(name):
    assert footage_file(FOLDER, name, 0.0, "e", "clip").parts[1] == f"_{name}"
