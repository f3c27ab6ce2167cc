"""When clips begin and end, seen in the clips."""

import pytest

from streamrec.collecting.folder import BACKGROUND
from tests.collecting.filmed import Film


def test_a_press_records_what_was_before_and_what_comes(tmp_path):
    film = Film(tmp_path)
    film.roll(3)  # the newest picture is of 2.9 s
    film.recorder.press("wave")
    assert film.recorder.recording == ("wave",)
    film.roll(3)
    assert film.recorder.recording == ()
    assert film.clips("wave") == [(1.9, 4.8, 30)]


def test_at_the_start_there_is_less_before(tmp_path):
    film = Film(tmp_path)
    film.roll(0.5)
    film.recorder.press("wave")
    film.roll(3)
    assert film.clips("wave") == [(0.0, 2.3, 24)]


def test_a_key_pressed_again_or_held_down_makes_the_clip_longer(tmp_path):
    film = Film(tmp_path)
    film.roll(2)
    for _ in range(4):
        film.recorder.press("wave")
        film.roll(1)
    film.roll(3)
    assert film.clips("wave") == [(0.9, 6.8, 60)]


def test_labels_are_recorded_at_the_same_time(tmp_path):
    film = Film(tmp_path)
    film.roll(2)
    film.recorder.press("wave")
    film.roll(1)
    film.recorder.press("clap")
    film.roll(3)
    assert film.clips("wave") == [(0.9, 3.8, 30)]
    assert film.clips("clap") == [(1.9, 4.8, 30)]


def test_a_toggle_begins_and_ends(tmp_path):
    film = Film(tmp_path, toggle=True)
    film.roll(2)
    film.recorder.press("wave")
    film.roll(0.3)
    film.recorder.press("wave")  # the keyboard repeats it
    film.roll(5)
    film.recorder.press("wave")
    film.roll(0.3)
    film.recorder.press("wave")
    film.roll(2)
    assert film.recorder.recording == ()
    assert film.clips("wave") == [(0.9, 7.1, 63)]


def test_no_clip_is_longer_than_the_longest(tmp_path):
    film = Film(tmp_path, toggle=True, longest=4.0)
    film.roll(2)
    film.recorder.press("wave")
    film.roll(8)
    assert film.clips("wave") == [(0.9, 4.8, 40)]


def test_before_the_first_picture_nothing_is_recorded(tmp_path):
    film = Film(tmp_path)
    film.recorder.press("wave")
    assert film.said == ["wave: there is no picture to record"]
    assert film.recorder.recording == ()


@pytest.mark.parametrize("undo_after_s", [0.5, 4.0], ids=["recorded", "saved"])
def test_the_newest_clip_can_be_thrown_away(tmp_path, undo_after_s):
    film = Film(tmp_path)
    film.roll(2)
    film.recorder.press("wave")
    film.roll(4)
    film.recorder.press("wave")
    film.roll(undo_after_s)
    film.recorder.undo()
    film.roll(4)
    assert film.clips("wave") == [(0.9, 3.8, 30)]
    assert film.recorder.folder.counts["wave"] == 1
    film.recorder.undo()
    assert film.clips("wave") == []
    film.recorder.undo()
    assert film.said[-1] == "there is no clip of this session to delete"


@pytest.mark.parametrize("how", ["cut", "gap", "back"])
def test_a_clip_does_not_go_on_where_the_camera_does_not(tmp_path, how):
    film = Film(tmp_path)
    film.roll(3)
    film.recorder.press("wave")
    film.roll(1)
    film.wait({"cut": 0.0, "gap": 5.0, "back": -2.0}[how])
    film.roll(2, cut=how == "cut")
    assert film.clips("wave") == [(1.9, 3.9, 21)]


def test_what_came_before_a_cut_is_not_before_a_press_after_it(tmp_path):
    film = Film(tmp_path)
    film.roll(3)
    film.roll(0.5, cut=True)
    film.recorder.press("wave")
    film.roll(3)
    assert film.clips("wave") == [(3.0, 5.3, 24)]


def test_times_that_are_repeated_do_not_end_a_clip(tmp_path):
    film = Film(tmp_path)
    film.roll(2)
    film.recorder.press("wave")
    film.roll(1)
    film.wait(-0.1)
    film.roll(3)
    assert film.clips("wave") == [(0.9, 3.8, 30)]


def test_the_end_saves_what_there_is(tmp_path):
    film = Film(tmp_path)
    film.roll(2)
    film.recorder.press("wave")
    film.roll(0.5)
    film.recorder.finish()
    assert film.clips("wave") == [(0.9, 2.4, 16)]
    assert film.said[-1] == "wave: clip 1, 1.5 s"


def test_the_background_is_what_no_key_was_pressed_for(tmp_path):
    film = Film(tmp_path, background=6.0)
    film.roll(8)
    film.recorder.press("wave")
    film.roll(14)
    film.recorder.finish()
    waves, nothing = film.clips("wave"), film.clips(BACKGROUND)
    assert waves == [(6.9, 9.8, 30)]
    assert [frames for _, _, frames in nothing] == [30, 30, 30]
    assert nothing[0][1] < 6.9 and nothing[1][0] > 9.8, nothing


def test_the_background_is_not_what_is_deleted(tmp_path):
    film = Film(tmp_path, background=6.0)
    film.roll(8)
    film.recorder.undo()
    assert len(film.clips(BACKGROUND)) == 1


def test_where_memory_is_short_a_clip_ends_early_and_is_saved(tmp_path):
    film = Film(tmp_path, toggle=True, held_bytes=30_000)
    film.roll(2)
    film.recorder.press("wave")
    film.roll(8)
    assert any("no more pictures can be held" in line for line in film.said)
    ((first, _, frames),) = film.clips("wave")
    assert first == 0.9 and 10 < frames < 70
    assert film.recorder.shelf.lost == 0


def test_a_clip_that_cannot_be_written_is_told_and_counted(tmp_path):
    film = Film(tmp_path)
    (tmp_path / "wave").touch()
    for label in ("wave", "clap"):
        film.roll(2)
        film.recorder.press(label)
        film.roll(3)
    film.recorder.finish()
    assert film.recorder.shelf.lost == 1
    assert any(line.startswith("wave: a clip is lost: cannot write") for line in film.said)
    assert len(film.clips("clap")) == 1
    assert film.recorder.folder.counts == {"clap": 1}


def test_a_picture_of_odd_size_is_recorded(tmp_path):
    film = Film(tmp_path)
    film.roll(2, size=(65, 49))
    film.recorder.press("wave")
    film.roll(3, size=(65, 49))
    assert film.clips("wave") == [(0.9, 3.8, 30)]
