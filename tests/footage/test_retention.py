"""What is deleted, and above all what is not."""

import os
import threading
import time
from pathlib import Path
from uuid import UUID

import pytest

from streamrec.atomic import atomic_path
from streamrec.footage.files import footage_file
from streamrec.footage.retention import LEFTOVER_S, Swept, sweep

KIB = 1024 / 2**30
"""In GiB."""


def write(folder: Path, number: int, age_days: float, *, size: int = 1024, what="clip") -> Path:
    """Write a file of an event so many days ago."""
    started_s = time.time() - age_days * 86400
    path = footage_file(folder, "door", started_s, str(UUID(int=number)), what)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    os.utime(path, (started_s, started_s))
    return path


def test_what_is_too_old_goes(tmp_path):
    old = [write(tmp_path, 1, 31), write(tmp_path, 2, 30.1, what="thumbnail")]
    kept = write(tmp_path, 3, 29.9)
    assert sweep(tmp_path, days=30, gib=0) == Swept(2, 2048)
    assert kept.exists() and not any(path.exists() for path in old)
    assert not old[0].parent.exists(), "a folder that is empty goes, too"


def test_of_too_much_the_oldest_go(tmp_path):
    files = [write(tmp_path, age, age) for age in range(1, 7)]
    assert sweep(tmp_path, days=0, gib=2.5 * KIB) == Swept(4, 4096)
    assert [path.exists() for path in files] == [True, True, False, False, False, False]


def test_without_bounds_nothing_goes(tmp_path):
    kept = write(tmp_path, 1, 4000)
    assert sweep(tmp_path, days=0, gib=0) == Swept(0, 0)
    assert kept.exists()


def test_a_folder_that_is_not_there_is_swept_already(tmp_path):
    assert sweep(tmp_path / "media", days=1, gib=1) == Swept(0, 0)
    (tmp_path / "file").touch()
    assert sweep(tmp_path / "file", days=1, gib=1) == Swept(0, 0)


@pytest.mark.parametrize(
    "name",
    [
        "events.db",
        "door/notes.txt",
        "door/holiday.jpg",
        "door/2001-01-01/holiday.jpg",
        "door/2001-01-01/00000000-0000-0000-0000-000000000001.txt",
        "door/2001-01-01/00000000-0000-0000-0000-000000000001.mp4.bak",
        "door/2001-01-01/deeper/00000000-0000-0000-0000-000000000001.mp4",
        "door/holiday/00000000-0000-0000-0000-000000000001.mp4",
        "2001-01-01/00000000-0000-0000-0000-000000000001.mp4",
    ],
)
def test_what_is_not_ours_stays(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(4096))
    os.utime(path, (0, 0))
    assert sweep(tmp_path, days=1, gib=KIB) == Swept(0, 0)
    assert path.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows makes links for administrators only")
def test_no_link_is_followed(tmp_path):
    outside = write(tmp_path / "elsewhere", 1, 100)
    media = tmp_path / "media"
    (media / "yard").mkdir(parents=True)
    (media / "door").symlink_to(outside.parents[1])
    (media / "yard" / outside.parent.name).symlink_to(outside.parent)
    day = media / "hall" / "2001-01-01"
    day.mkdir(parents=True)
    (day / outside.name).symlink_to(outside)
    assert sweep(media, days=1, gib=KIB) == Swept(0, 0)
    assert outside.exists()


def test_leftovers_of_killed_writers_go_and_what_is_being_written_stays(tmp_path):
    path = write(tmp_path, 1, 0.0)
    with atomic_path(path) as writing:
        writing.write_bytes(bytes(10))
        killed = writing.with_name(f".{path.stem}.01234567.mp4")
        killed.write_bytes(bytes(100))
        old_s = time.time() - LEFTOVER_S - 10
        os.utime(killed, (old_s, old_s))
        assert sweep(tmp_path, days=30, gib=0) == Swept(1, 100)
        assert writing.exists() and not killed.exists()
    assert path.exists()


def test_todays_folder_stays_although_it_is_empty(tmp_path):
    path = write(tmp_path, 1, 0.0)
    assert sweep(tmp_path, days=1e-9, gib=0) == Swept(1, 1024)
    assert path.parent.is_dir()


@pytest.mark.skipif(os.name == "nt", reason="Windows does not delete what is open")
def test_two_sweepers_and_a_writer_at_once_do_no_harm(tmp_path):
    for number in range(300):
        write(tmp_path, number, 40 + number % 7)
    swept = []
    threads = [
        threading.Thread(target=lambda: swept.append(sweep(tmp_path, days=30, gib=0)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    recent = [write(tmp_path, 1000 + number, 0.0) for number in range(100)]
    for thread in threads:
        thread.join()
    assert sum(one.files for one in swept) == 300
    assert all(path.exists() for path in recent)
