"""Labels as people write them."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.collecting.labels import (
    KEYS,
    event_settings,
    folder_name,
    key_labels,
    require_folder,
)
from streamrec.config import EventOptions, RuleOptions
from streamrec.errors import OptionError


def test_keys_are_given_in_order():
    many = ",".join(f"label {number}" for number in range(11))
    assert "".join(key_labels(many)) == "123456789ab"
    assert key_labels(" wave , clap,") == {"1": "wave", "2": "clap"}


def test_keys_can_be_chosen_and_are_not_given_twice():
    assert key_labels("w=wave,clap,1=jump") == {"w": "wave", "2": "clap", "1": "jump"}
    assert key_labels("W=wave") == {"w": "wave"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "give --labels"),
        ("w=wave,w=walk", "'wave' and 'walk' have the same key, 'w'"),
        ("q=quiet", "not q, which ends"),
        ("up=wave", "one character"),
        ("a/b", "got 'a/b', take 'a_b'"),
        ("wave,Wave", "'wave' and 'Wave' are one folder"),
        ("test", "part of a data set"),
        (",".join(f"l{number}" for number in range(len(KEYS) + 1)), "no key is left"),
    ],
)
def test_what_cannot_be_a_label_or_a_key_is_refused(text, words):
    with pytest.raises(OptionError) as error:
        key_labels(text)
    assert words in str(error.value)


@pytest.mark.parametrize("label", ["..", ".hidden", "a ", "nul", "COM1.x", "a:b", "train", ""])
def test_a_name_that_no_folder_has_everywhere_is_replaced(label):
    with pytest.raises(OptionError):
        require_folder(label)
    assert require_folder(folder_name(label))


@given(st.text(max_size=20))
def test_every_label_has_a_folder(label):
    name = folder_name(label)
    assert require_folder(name) == name and not fnmatchcase(name, "*[/\\]*")


def test_events_are_kept_by_label_or_under_another_name():
    settings = event_settings("a=fight,b=fight,run", RuleOptions(), EventOptions())
    assert settings.allow == ("fight", "fight", "run")
    assert settings.aliases == {"fight": ("a", "b")}
    assert event_settings("", RuleOptions(), EventOptions()).allow == ()
