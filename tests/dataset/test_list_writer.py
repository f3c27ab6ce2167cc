from dataclasses import replace

import pytest

from streamrec.dataset.list_writer import write_list
from streamrec.dataset.listing import read_dataset
from streamrec.errors import DatasetError, OutputError
from tests.dataset.films import clip_of, dataset_of


@pytest.mark.parametrize("name", ["list.csv", "list.tsv", "list.json"])
def test_what_is_written_is_read(tmp_path, name):
    clips = (
        clip_of(tmp_path / "b é.mp4", "wave", "clap, loud", start_s=1.5, end_s=2.25, split="val"),
        clip_of(tmp_path / "below" / 'a"b.mp4', group="ann"),
        clip_of(tmp_path.parent / "elsewhere.mp4", "wave"),
    )
    write_list(dataset_of(*clips), tmp_path / name)
    dataset = read_dataset(tmp_path / name)
    assert dataset.clips == clips
    assert dataset.labels == ("clap, loud", "wave")


def test_paths_below_the_list_move_with_it(tmp_path):
    (tmp_path / "one").mkdir()
    write_list(dataset_of(clip_of(tmp_path / "one" / "a.mp4", "x")), tmp_path / "one" / "list.csv")
    (tmp_path / "one").rename(tmp_path / "two")
    (clip,) = read_dataset(tmp_path / "two" / "list.csv").clips
    assert clip.path == tmp_path / "two" / "a.mp4"


def test_a_label_with_the_separator_fits_json_only(tmp_path):
    dataset = dataset_of(clip_of(tmp_path / "a.mp4", "a|b"))
    with pytest.raises(DatasetError, match="json"):
        write_list(dataset, tmp_path / "list.csv")
    write_list(dataset, tmp_path / "list.json")
    assert read_dataset(tmp_path / "list.json").labels == ("a|b",)


def test_another_form_is_refused(tmp_path):
    with pytest.raises(OutputError, match=r"\.csv"):
        write_list(dataset_of(clip_of("a.mp4", "x")), tmp_path / "list.xlsx")


def test_a_folder_becomes_a_list_of_the_same_clips(tmp_path):
    for name in ("wave/a.mp4", "_background/b.mp4"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    folder = read_dataset(tmp_path)
    write_list(folder, tmp_path / "list.csv")
    assert read_dataset(tmp_path / "list.csv") == replace(folder, name="list.csv")
