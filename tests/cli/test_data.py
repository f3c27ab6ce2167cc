import json

import cv2
import pytest

from tests.dataset.films import film, film_of_greys, street


@pytest.fixture
def data(tmp_path):
    """Clips of two classes, of which one is broken and one is a copy."""
    folder = tmp_path / "data"
    for i in range(12):
        label = ("walk", "stand")[i % 2]
        film(folder / label / f"{i}.avi", street(i, seconds=1.0), 20.0)
    film(folder / "walk" / "copy.avi", street(0, seconds=1.0)[:-3], 20.0)
    (folder / "walk" / "broken.mp4").write_text("no film\n" * 99)
    (folder / "notes.txt").touch()
    return folder


def test_check_tells_what_there_is(cli, data):
    result = cli("data", "check", data)
    assert result.code == 0 and result.err == ""
    assert "13 of 14 clips can be used, classes: 2, groups: 13, broken: 1" in result.out
    assert "copies: 1, other files: 1" in result.out
    assert "broken.mp4: not a video" in result.out
    assert "copy.avi" in result.out
    assert "no groups are known" in result.out
    assert "fewer than 10 clips: stand, walk" in result.out


def test_check_tells_programs(cli, data):
    result = cli("data", "check", data, "--json", "--val", "0.25", "--fps", "10")
    record = json.loads(result.out)
    assert (record["clips"], record["usable"], record["fps"]) == (14, 13, 10.0)
    assert sum(one["splits"]["val"] for one in record["classes"]) in (3, 4)
    assert record["frames"] == {"least": 9, "median": 10, "most": 10}
    assert [fault["path"] for fault in record["faults"]] == [str(data / "walk" / "broken.mp4")]
    assert len(record["duplicates"]) == 1


def test_check_takes_the_rate_of_a_model(cli, data, weights_file, model):
    for name in (weights_file, model):
        result = cli("data", "check", data, "--json", "--model", name)
        assert json.loads(result.out)["fps"] == 5.0


def test_check_draws_a_sheet(cli, data, tmp_path):
    assert cli("data", "check", data, "--sheet", tmp_path / "sheet.png").code == 0
    assert cv2.imread(str(tmp_path / "sheet.png")).shape[1] > 500


def test_only_a_data_set_without_any_clip_is_an_error(cli, tmp_path):
    (tmp_path / "list.csv").write_text("path,label\na.mp4,wave\nb.mp4,clap\n")
    cli("data", "check", tmp_path / "list.csv").fails(3, "none of 2 clips", "no such file")


def test_a_data_set_that_cannot_be_split_is_shown_all_the_same(cli, tmp_path):
    film_of_greys(tmp_path / "wave" / "a.avi")
    result = cli("data", "check", tmp_path)
    assert result.code == 0
    assert "too few clips to choose val" in result.out
    assert "there is one class only" in result.out


def test_faults_of_a_list_are_one_error_with_their_lines(cli, tmp_path):
    (tmp_path / "list.csv").write_text("path,label,start\n,wave,\nb.mp4,clap,soon\n")
    result = cli("data", "check", tmp_path / "list.csv")
    assert result.code == 3
    assert "list.csv:2: no path" in result.err and "list.csv:3: start" in result.err


@pytest.mark.parametrize(
    "arguments",
    [("--fps", "0"), ("--fps", "nan"), ("--val", "0.9", "--test", "0.1"), ("--show", "-1")],
)
def test_options_that_make_no_sense_are_refused(cli, data, arguments):
    cli("data", "check", data, *arguments).fails(2, "--")


def test_a_sheet_that_cannot_be_written_is_refused_first(cli, tmp_path):
    cli("data", "check", tmp_path / "nowhere", "--sheet", tmp_path / "no" / "sheet.png").fails(
        5, "no folder"
    )


def test_a_list_of_a_folder_is_the_same_data_set(cli, data):
    result = cli("data", "list", data, "--to", data / "list.csv")
    assert result.code == 0 and "14 clips" in result.out
    one, two = (
        json.loads(cli("data", "check", source, "--json").out)
        for source in (data, data / "list.csv")
    )
    assert one["classes"] == two["classes"]


def test_a_list_replaces_nothing(cli, data):
    (data / "list.csv").write_text("mine")
    cli("data", "list", data, "--to", data / "list.csv").fails(5, "exists")
    assert (data / "list.csv").read_text() == "mine"
