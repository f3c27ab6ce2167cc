import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streamrec.dataset.clips import LabelledClip
from streamrec.dataset.listing import ignored_files, read_dataset
from streamrec.errors import DatasetError


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def listed(path: Path, text: str | bytes) -> tuple[LabelledClip, ...]:
    return read_dataset(written(path, text)).clips


def test_a_folder_of_class_folders(tmp_path):
    touch(tmp_path, "wave/b.MP4", "wave/person/a.avi", "clap/c.gif")
    dataset = read_dataset(tmp_path)
    assert dataset.name == tmp_path.name
    assert dataset.labels == ("clap", "wave")
    found = [(clip.path.relative_to(tmp_path).as_posix(), clip.labels) for clip in dataset.clips]
    assert found == [
        ("clap/c.gif", ("clap",)),
        ("wave/b.MP4", ("wave",)),
        ("wave/person/a.avi", ("wave",)),
    ]
    assert {clip.split for clip in dataset.clips} == {None}


def test_folders_of_splits(tmp_path):
    touch(tmp_path, "train/wave/a.mp4", "test/wave/b.mp4", "val/clap/c.mp4", "docs/about.txt")
    dataset = read_dataset(tmp_path)
    assert dataset.labels == ("clap", "wave")
    assert {clip.path.name: clip.split for clip in dataset.clips} == {
        "a.mp4": "train",
        "b.mp4": "test",
        "c.mp4": "val",
    }


def test_what_stands_before_a_tilde_is_the_group(tmp_path):
    touch(tmp_path, "wave/door-1~a.mp4", "clap/door-1~b~c.mp4", "clap/door-1.mp4", "clap/~.mp4")
    groups = {clip.path.name: clip.group for clip in read_dataset(tmp_path).clips}
    assert groups == {
        "door-1~a.mp4": "door-1",
        "door-1~b~c.mp4": "door-1",
        "door-1.mp4": None,
        "~.mp4": None,
    }


def test_splits_beside_classes_are_refused(tmp_path):
    touch(tmp_path, "train/wave/a.mp4", "validation/wave/b.mp4")
    with pytest.raises(DatasetError, match=r"\(train\) beside others \(validation\)"):
        read_dataset(tmp_path)


@pytest.mark.parametrize("name", ["_unknown", "_background"])
def test_a_folder_of_no_class(tmp_path, name):
    touch(tmp_path, f"{name}/a.mp4", "wave/b.mp4")
    dataset = read_dataset(tmp_path)
    assert dataset.labels == ("wave",)
    assert dataset.clips[0].labels == ()


def test_hidden_files_are_no_clips_and_others_are_ignored(tmp_path):
    touch(tmp_path, "wave/.a.mp4", ".git/b.mp4", "wave/b.mp4", "wave/notes.txt", "loose.mp4")
    assert [clip.path.name for clip in read_dataset(tmp_path).clips] == ["b.mp4"]
    assert {path.name for path in ignored_files(tmp_path)} == {"notes.txt", "loose.mp4"}


def test_links_are_followed_but_not_for_ever(tmp_path):
    touch(tmp_path, "all/a.mp4", "data/wave/b.mp4")
    try:
        (tmp_path / "data" / "clap").symlink_to(tmp_path / "all", target_is_directory=True)
        (tmp_path / "data" / "wave" / "again").symlink_to(tmp_path / "data")
    except OSError:
        pytest.skip("links cannot be made here")
    clips = read_dataset(tmp_path / "data").clips
    assert [(clip.path.name, clip.labels) for clip in clips] == [
        ("a.mp4", ("clap",)),
        ("b.mp4", ("wave",)),
    ]


@pytest.mark.parametrize("name", ["nowhere", "notes.txt", "empty"])
def test_what_is_no_data_set_is_told(tmp_path, name):
    touch(tmp_path, "notes.txt", "empty/notes.txt")
    with pytest.raises(DatasetError, match=name):
        read_dataset(tmp_path / name)


def test_a_csv_list_with_all_columns(tmp_path):
    text = "Path,label,start,end,split,group,remark\na/b.mp4,wave|clap,1.5,3,val,ann,good\n"
    (clip,) = listed(tmp_path / "list.csv", text)
    assert clip == LabelledClip(
        path=tmp_path / "a" / "b.mp4",
        labels=("wave", "clap"),
        start_s=1.5,
        end_s=3.0,
        split="val",
        group="ann",
    )


def test_the_same_in_json(tmp_path):
    row = {"path": "a.mp4", "label": ["wave", "clap"], "start": 1.5, "end": 3, "source_group": 7}
    (clip,) = listed(tmp_path / "list.json", json.dumps([row]))
    assert (clip.labels, clip.start_s, clip.end_s, clip.group) == (("wave", "clap"), 1.5, 3.0, "7")


@pytest.mark.parametrize("label", ["", "_unknown", "_background"])
def test_a_clip_without_a_label_shows_nothing_of_any_class(tmp_path, label):
    assert listed(tmp_path / "list.csv", f"file,label\na.mp4,{label}\n")[0].labels == ()


@pytest.mark.parametrize("text", ["path;label\na.mp4;né\n", "path\tlabel\r\na.mp4\tné\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_ways_in_which_programs_write_tables(tmp_path, text, mark):
    assert listed(tmp_path / "list.csv", mark + text.encode())[0].labels == ("né",)


def test_where_a_list_has_both_columns_the_file_is_meant(tmp_path):
    (clip,) = listed(tmp_path / "list.csv", "path,file,label\nupstream/a.mp4,a.mp4,wave\n")
    assert clip.path == tmp_path / "a.mp4"


def test_a_path_that_is_a_number_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "list.csv", "path,label\n0,wave\n")
    assert read_dataset(Path("list.csv")).clips[0].path.absolute() == tmp_path / "0"


def test_every_fault_is_told_with_its_line(tmp_path):
    rows = [
        *("path,label,start,split", ",wave,,", "a.mp4,wave,soon,", "b.mp4,wave,-1,"),
        *("c.mp4,wave,,dev", "rtsp://host/x,wave,,", "d.mp4,wave,nan,", "e.mp4,wave,,"),
        "e.mp4,clap,,",
    ]
    with pytest.raises(DatasetError) as raised:
        listed(tmp_path / "list.csv", "\n".join(rows))
    lines = str(raised.value).splitlines()
    found = {int(line.removeprefix(f"{tmp_path / 'list.csv'}:").split(":")[0]) for line in lines}
    assert found == {2, 3, 4, 5, 6, 7, 9}
    assert "train, val, test" in str(raised.value)


def test_faults_are_told_up_to_a_number(tmp_path):
    with pytest.raises(DatasetError) as raised:
        listed(
            tmp_path / "list.csv", "path,label,start\n" + "".join(f"{i},a,x\n" for i in range(99))
        )
    assert len(str(raised.value).splitlines()) == 21
    assert str(raised.value).endswith("... and 79 more")


@pytest.mark.parametrize(
    ("text", "line"),
    [('[{"path": "a.mp4", "label": "x"},\n{"path": 3 }\n, 7]', 3), ("[\n\n{\n", 4), ("[\n[]]", 2)],
)
def test_faults_of_json_are_told_with_their_lines(tmp_path, text, line):
    with pytest.raises(DatasetError, match=f"list.json:{line}:"):
        listed(tmp_path / "list.json", text)


@pytest.mark.parametrize("text", ["{}", "[] x", "[", "", "[" * 99_999])
def test_other_json_is_no_list(tmp_path, text):
    with pytest.raises(DatasetError, match=r"list\.json"):
        listed(tmp_path / "list.json", text)


@pytest.mark.parametrize("column", ["path", "label"])
def test_a_missing_column_is_told(tmp_path, column):
    with pytest.raises(DatasetError, match=f"no column '{column}'"):
        listed(tmp_path / "list.csv", f"x,{'label' if column == 'path' else 'path'}\na,b\n")


def test_another_encoding_is_told_with_its_line(tmp_path):
    with pytest.raises(DatasetError, match=r"list.csv:2: not UTF-8"):
        listed(tmp_path / "list.csv", "path,label\na.mp4,né\n".encode("latin-1"))


CELLS = st.sampled_from(
    ["a.mp4", "wave", "1", "-1", "nan", "val", "", "|", '"', "\0", "\r", "1e999", "x:y", "\ud800"]
)
TABLES = st.lists(st.lists(CELLS, max_size=7), max_size=5).map(
    lambda rows: "path,label,start,end,split,group\n" + "\n".join(",".join(row) for row in rows)
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | CELLS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CELLS, inner, max_size=3),
    max_leaves=5,
)
ROWS = st.dictionaries(st.sampled_from(["path", "label", "start", "end", "split", "group"]), VALUES)


def check(path: Path, data: bytes) -> None:
    """Either it is read, and fit to be used, or it is refused."""
    path.write_bytes(data)
    try:
        dataset = read_dataset(path)
    except DatasetError:
        return
    for clip in dataset.clips:
        assert len(dataset.ids(clip)) == len(clip.labels)
        assert clip.start_s >= 0.0
        "".join([*clip.labels, clip.group or ""]).encode()


@given(st.binary(max_size=60) | TABLES.map(lambda text: text.encode(errors="surrogatepass")))
def test_any_table_is_read_or_refused(tmp_path_factory, data):
    check(tmp_path_factory.getbasetemp() / "any.csv", data)


@given(st.lists(ROWS, max_size=3).map(json.dumps).map(str.encode) | st.binary(max_size=60))
@example(b'[{"path": "a", "label": 1' + b"0" * 5000 + b"}]")
def test_any_json_is_read_or_refused(tmp_path_factory, data):
    check(tmp_path_factory.getbasetemp() / "any.json", data)
