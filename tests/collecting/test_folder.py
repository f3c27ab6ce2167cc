"""Where clips go, as a data set is read from there."""

import re

import pytest

from streamrec.collecting.folder import BACKGROUND, ClipFolder
from streamrec.dataset.listing import read_dataset
from streamrec.errors import OptionError, OutputError

DAY_S = 1_800_000_000.0


def placed(folder, label, started_s=DAY_S):
    path = folder.place(label, started_s)
    path.parent.mkdir(exist_ok=True)
    path.touch()
    return path


def test_a_name_says_source_group_time_and_number(tmp_path):
    path = placed(ClipFolder(tmp_path, "door"), "wave")
    assert path.parent == tmp_path / "wave"
    assert re.fullmatch(r"door-[0-9a-f]{6}~20270115T080000Z-0001\.mp4", path.name)


def test_clips_of_one_session_are_one_group_and_those_of_another_are_not(tmp_path):
    for _ in range(2):
        folder = ClipFolder(tmp_path, "door")
        placed(folder, "wave"), placed(folder, BACKGROUND)
    clips = read_dataset(tmp_path).clips
    assert [clip.labels for clip in clips] == [(), (), ("wave",), ("wave",)]
    assert {clip.group for clip in clips} == folder.groups() and len(folder.groups()) == 2
    assert ClipFolder(tmp_path, "door").counts == {"wave": 2, BACKGROUND: 2}


def test_a_group_ends_when_it_is_said_or_after_its_time(tmp_path):
    folder = ClipFolder(tmp_path, "door", group_s=60)
    for started_s in (0, 59, 60, 61):
        placed(folder, "wave", DAY_S + started_s)
    folder.begin_group()
    placed(folder, "wave", DAY_S + 62)
    groups = [clip.group for clip in read_dataset(tmp_path).clips]
    assert sorted(map(groups.count, set(groups))) == [1, 2, 2]


def test_nothing_is_replaced(tmp_path):
    folder = ClipFolder(tmp_path, "door")
    first = placed(folder, "wave")
    second = first.with_name(first.name.replace("-0001", "-0002"))
    second.touch()
    assert folder.place("wave", DAY_S).name.endswith("-0003.mp4")


def test_a_folder_of_splits_is_refused(tmp_path):
    (tmp_path / "train").mkdir()
    with pytest.raises(OptionError, match=r"--to .*train"):
        ClipFolder(tmp_path, "door")


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write to"):
        ClipFolder(tmp_path / "file", "door")
