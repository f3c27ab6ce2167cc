"""Keys -> what they do."""

import pytest

from streamrec.collecting.operator import Operator
from tests.collecting.filmed import Film


@pytest.fixture
def film(tmp_path):
    film = Film(tmp_path)
    film.roll(2)
    return film


@pytest.fixture
def operator(film):
    return Operator({"1": "wave", "c": "clap"}, film.recorder, film.said.append)


@pytest.mark.parametrize("key", ["c", "C"])
def test_a_label_has_its_key_in_either_case(film, operator, key):
    operator.press(key)
    assert film.recorder.recording == ("clap",)


@pytest.mark.parametrize("key", ["q", "Q", "\x1b", "\x03"])
def test_keys_that_end(operator, key):
    assert not operator.ended
    operator.press(key)
    assert operator.ended


@pytest.mark.parametrize("key", ["\x7f", "\x08"])
def test_backspace_throws_away(film, operator, key):
    operator.press("1")
    operator.press(key)
    assert film.recorder.recording == ()


def test_enter_begins_a_group(film, operator):
    for _ in range(2):
        operator.press("1")
        film.roll(4)
        operator.press("\n")
    assert len(film.clips("wave")) == 2
    groups = {path.name.partition("~")[0] for path in film.folder.rglob("*.mp4")}
    assert len(groups) == 2


def test_an_unknown_key_says_which_there_are(film, operator):
    operator.press("x")
    assert film.said[-1].startswith("'x' is no key: 1 wave, c clap, Backspace")
    assert not operator.ended and film.recorder.recording == ()
