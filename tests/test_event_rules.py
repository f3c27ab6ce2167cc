"""Who may be an event of a model, and by which rule."""

import numpy as np
import pytest

from streamrec.config import EventSettings, RuleOptions
from streamrec.errors import OptionError
from streamrec.event_rules import event_rules

LABELS = ("walking", "falling", "fainting", "Dropping [something]", "standing")
SCORES = np.array([0.125, 0.5, 0.25, 0.0625, 0.0625], np.float32)


def scores(**settings):
    rules = event_rules(LABELS, EventSettings(**settings))
    return dict(zip(rules.names, rules.scores(SCORES).tolist(), strict=True))


def test_all_labels_are_events_unless_told_otherwise():
    assert scores() == dict(zip(LABELS, SCORES.tolist(), strict=True))


def test_an_alias_has_the_sum_of_its_labels_which_are_no_events_of_their_own():
    assert scores(aliases={"fall": ("falling", "fainting")}) == {
        "walking": 0.125,
        "Dropping [something]": 0.0625,
        "standing": 0.0625,
        "fall": 0.75,
    }


def test_an_alias_may_be_called_as_one_of_its_labels_and_take_patterns():
    assert scores(aliases={"falling": ("fa*",)})["falling"] == 0.75


def test_an_alias_counts_no_label_twice_and_is_at_most_certain():
    names = event_rules(("a", "b"), EventSettings(aliases={"any": ("a", "b", "*")}))
    assert names.scores(np.array([0.75, 0.75], np.float32)).tolist() == [1.0]
    assert scores(aliases={"fall": ("falling", "fa*ing")})["fall"] == 0.75


def test_what_is_no_number_is_no_score():
    rules = event_rules(("a", "b"), EventSettings(aliases={"any": ("a", "b")}))
    assert rules.scores(np.array([np.nan, 0.5], np.float32)).tolist() == [0.5]


def test_classes_of_one_name_are_one_event():
    rules = event_rules(("a", "b", "a"), EventSettings())
    assert rules.names == ("a", "b")
    assert rules.scores(np.array([0.25, 0.25, 0.5], np.float32)).tolist() == [0.75, 0.25]


def test_allowed_is_what_a_pattern_fits_and_none_denies():
    assert set(scores(allow=("*ing",))) == {"walking", "falling", "fainting", "standing"}
    assert set(scores(allow=("*ing",), deny=("?alking", "standing"))) == {"falling", "fainting"}
    assert scores(deny=("*",)) == {}


def test_brackets_are_plain_text_since_labels_have_them():
    assert set(scores(allow=("Dropping [something]",))) == {"Dropping [something]"}
    assert set(scores(allow=("* [something]",))) == {"Dropping [something]"}


def test_aliases_are_allowed_and_denied_by_their_own_names():
    aliases = {"fall": ("falling", "fainting")}
    assert set(scores(aliases=aliases, allow=("fall",))) == {"fall"}
    assert "fall" in scores(aliases=aliases, deny=("falling",))
    assert "fall" not in scores(aliases=aliases, deny=("fall",))


def test_a_rule_of_that_very_name_overrules_patterns_and_those_overrule_the_common_one():
    common, pattern, own = (RuleOptions(on_score=score) for score in (0.5, 0.6, 0.7))
    settings = EventSettings(rule=common, labels={"*ing": pattern, "falling": own})
    rules = event_rules(LABELS, settings)
    found = dict(zip(rules.names, rules.rules, strict=True))
    assert found["falling"] == own
    assert found["walking"] == pattern
    assert found["Dropping [something]"] == common
    assert rules.on_scores[1] == np.float32(0.7)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"labels": {"fallin": RuleOptions()}}, "'falling'"),
        ({"aliases": {"fall": ("faling",)}}, "'falling'"),
        ({"allow": ("standin",)}, "'standing'"),
        ({"deny": ("zzz",)}, "walking"),
        ({"aliases": {"fall": ()}}, "no labels"),
        ({"aliases": {"fall": ("zzz*",)}}, "no labels"),
        ({"aliases": {"walking": ("falling",)}}, "take another"),
        ({"aliases": {"none": ("falling",)}}, "take another"),
    ],
)
def test_what_the_model_does_not_have_is_refused_with_what_may_have_been_meant(settings, words):
    with pytest.raises(OptionError, match=words):
        event_rules(LABELS, EventSettings(**settings))
