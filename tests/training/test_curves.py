from pathlib import Path

import pytest

from streamrec.errors import DatasetError, OutputError
from streamrec.report.curves import Point, read_curves

pytest.importorskip("tensorboard", reason="the train extra is not installed")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from streamrec.training.curves import BOARD, FILE, Curves


def written(folder: Path, steps=range(1, 5), resumed=None) -> list[Point]:
    with Curves(folder, resumed) as curves:
        for step in steps:
            curves.add(step, step // 2, "train", {"loss": 1 / step, "clips/s": 8.0})
    return read_curves(folder / FILE)


def test_what_is_written_is_read(tmp_path):
    points = written(tmp_path)
    assert [point.step for point in points] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert points[4] == Point(step=3, epoch=1, split="train", name="loss", value=1 / 3)
    assert {point.name for point in points} == {"loss", "clips/s"}


def test_a_row_is_there_at_once(tmp_path):
    with Curves(tmp_path) as curves:
        curves.add(1, 0, "val", {"accuracy": 0.5})
        assert read_curves(tmp_path / FILE)[0].value == 0.5


def test_a_resumed_run_takes_back_what_came_after_its_step(tmp_path):
    written(tmp_path)
    points = written(tmp_path, steps=[3], resumed=2)
    assert [point.step for point in points] == [1, 1, 2, 2, 3, 3]


def test_a_resumed_run_whose_table_is_lost_begins_one(tmp_path):
    assert [point.step for point in written(tmp_path, steps=[3], resumed=2)] == [3, 3]


def test_a_new_run_replaces_the_table(tmp_path):
    written(tmp_path)
    assert {point.step for point in written(tmp_path, steps=[1])} == {1}


def test_a_line_cut_by_a_kill_is_left_out(tmp_path):
    written(tmp_path)
    table = tmp_path / FILE
    table.write_bytes(table.read_bytes()[:-3])
    assert [point.name for point in read_curves(table)][-1] == "loss"
    assert len(written(tmp_path, steps=[], resumed=4)) == 7


def test_tensorboard_shows_each_step_once_after_a_resume(tmp_path):
    written(tmp_path)
    written(tmp_path, steps=[3, 4], resumed=2)
    board = EventAccumulator(str(tmp_path / BOARD)).Reload()
    assert [event.step for event in board.Scalars("loss/train")] == [1, 2, 3, 4]


def test_another_table_is_refused(tmp_path):
    (tmp_path / FILE).write_text("path,label\na.mp4,walk\n")
    with pytest.raises(DatasetError, match="holds no curves"):
        Curves(tmp_path, resumed=1)


@pytest.mark.parametrize("content", ["step,epoch,split,name,value\n1,2\n", "\0\n", "\xff"])
def test_a_damaged_table_is_refused(tmp_path, content):
    (tmp_path / FILE).write_bytes(content.encode("latin-1"))
    with pytest.raises(DatasetError):
        read_curves(tmp_path / FILE)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        Curves(tmp_path / "file")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_disk_that_is_full_for_tensorboard_is_told(tmp_path):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(OutputError, match="cannot write"), Curves(tmp_path) as curves:
            for step in range(10_000):
                curves.add(step, 0, "t", {"x": 0})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
