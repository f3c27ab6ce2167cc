import pytest

from streamrec.config import EventOptions, EventSettings, RuleOptions
from streamrec.errors import ConfigError
from streamrec.service.event_reader import MAX_ENTRIES
from streamrec.service.settings_file import parse_settings

SHARED = """\
defaults:
  events:
    on_score: 0.6
    off_score: 0.4
    exclusive: false
    allow: [wave, "punch*"]
    deny: [reading book]
    aliases:
      fall: [falling off chair, falling off bike]
    labels:
      fall: {on_score: 0.5, cooldown: 30}
cameras:
  door:
    source: 0
"""


def events_of_door(text, *lines):
    return (
        parse_settings(text + "".join(f"    {line}\n" for line in lines), "cameras.yaml")
        .cameras["door"]
        .events
    )


def faults(text, *lines):
    with pytest.raises(ConfigError) as caught:
        events_of_door(text, *lines)
    return [
        line.removeprefix("cameras.yaml:").replace("cameras.door.events", "~")
        for line in str(caught.value).splitlines()
    ]


def test_events_are_read_into_their_settings():
    assert events_of_door(SHARED) == EventSettings(
        options=EventOptions(exclusive=False),
        rule=RuleOptions(on_score=0.6, off_score=0.4),
        allow=("wave", "punch*"),
        deny=("reading book",),
        aliases={"fall": ("falling off chair", "falling off bike")},
        labels={"fall": RuleOptions(on_score=0.5, off_score=0.4, cooldown=30.0)},
    )


def test_a_camera_without_events_of_its_own_has_the_defaults():
    assert events_of_door("cameras:\n  door:\n    source: 0\n") == EventSettings()


def test_what_a_camera_says_is_over_the_defaults_key_by_key():
    events = events_of_door(
        SHARED,
        "events:",
        "  min_gap: 2",
        "  exclusive: true",
        "  allow: []",
        "  aliases: {hit: [punching bag]}",
        "  labels: {hit: {cooldown: 5}}",
    )
    assert (events.options.exclusive, events.rule.min_gap, events.rule.on_score) == (True, 2.0, 0.6)
    assert (events.allow, events.deny) == ((), ("reading book",))
    assert events.aliases.keys() == {"fall", "hit"}
    assert events.labels["hit"] == RuleOptions(
        on_score=0.6, off_score=0.4, min_gap=2.0, cooldown=5.0
    )


def test_the_rule_of_a_label_is_its_own_over_the_cameras_over_the_defaults_for_it():
    events = events_of_door(
        SHARED, "events: {cooldown: 3, off_score: 0.1, labels: {fall: {off_score: 0.2}}}"
    )
    fall = events.labels["fall"]
    assert (fall.on_score, fall.off_score, fall.cooldown) == (0.5, 0.2, 3.0)


def test_labels_are_any_printable_text():
    events = events_of_door(
        SHARED, "events: {allow: [no, 12:30, 'a: b', 'ü {', 10], labels: {~: {cooldown: 1}}}"
    )
    assert events.allow == ("no", "12:30", "a: b", "ü {", "10")
    assert events.labels["~"].cooldown == 1.0


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("events: 1", "15:13: ~ is a mapping, lines of 'key: value'; got text"),
        ("events: {alow: [a]}", "15:14: ~.alow is no key here; did you mean allow?"),
        ("events: {rate: 1}", "15:14: ~.rate is no key here; it is a camera's, or goes under"),
        ("on_score: 1", "15:5: cameras.door.on_score is no key here; it goes under 'events'"),
        ("events: {on_score: 2}", "15:24: ~.on_score is at least 0 and at most 1; got '2.0'"),
        ("events: {allow: wave}", "15:21: ~.allow is a list of labels, like [wave, 'punch*']"),
        ("events: {deny: [[a]]}", "15:21: ~.deny: each of its labels is one value; got a list"),
        ("events: {deny: ['']}", "15:21: ~.deny: a label is text on one line"),
        ('events: {deny: ["a\\n"]}', "15:21: ~.deny: each of its labels is text on one line"),
        ("events: {aliases: [a]}", "15:23: ~.aliases is a mapping"),
        ("events: {aliases: {a: b}}", "15:27: ~.aliases.a is a list of labels"),
        ('events: {aliases: {"\\a": [b]}}', "15:24: ~.aliases: a label is text on one line"),
        ("events: {labels: {a: 1}}", "15:26: ~.labels.a is a mapping"),
        ("events: {labels: {a: {exclusive: no}}}", "15:27: ~.labels.a.exclusive is no key here"),
        ("events: {labels: {a: {cooldwn: 1}}}", "did you mean cooldown?"),
        ("events: {labels: {a: {}, a: {}}}", "15:30: ~.labels.a is given twice"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(line, fault):
    (told,) = faults(SHARED, line)
    assert fault in told


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("events: {off_score: 0.7}", "15:25: ~.off_score: "),
        ("events: {on_score: 0.1}", "15:24: ~.on_score: "),
        ("events: {on_score: 0.1, off_score: 0.2}", "15:40: ~.off_score: "),
        ("events: {labels: {fall: {off_score: 0.55}}}", "15:41: ~.labels.fall.off_score: "),
        ("events: {labels: {wave: {on_score: 0.3}}}", "15:40: ~.labels.wave.on_score: "),
        ("events: {off_score: 0.55}", "15:25: ~.off_score: "),
    ],
)
def test_an_event_ends_at_no_higher_score_than_it_starts_at(line, place):
    (told,) = faults(SHARED, line)
    assert told.startswith(place) and "off_score is at most on_score" in told


def test_scores_of_the_defaults_that_do_not_go_together_are_told_there_only():
    (told,) = faults(SHARED.replace("0.5", "0.35"), "rate: 1")
    assert told.startswith("11:24: defaults.events.labels.fall.on_score: ")


def test_scores_that_cannot_be_read_are_one_fault_each():
    (told,) = faults(SHARED, "events: {on_score: high, off_score: 0.9}")
    assert "is a number" in told


@pytest.mark.parametrize("key", ["allow", "aliases", "labels"])
def test_lists_have_bounds(key):
    names = [f"a{number}" for number in range(MAX_ENTRIES + 1)]
    values = {
        "allow": f"[{','.join(names)}]",
        "aliases": f"{{{','.join(f'{name}: [b]' for name in names)}}}",
        "labels": f"{{{','.join(f'{name}: {{}}' for name in names)}}}",
    }
    (told,) = faults(SHARED, f"events: {{{key}: {values[key]}}}")
    assert "has at most 1000 entries; got 1001" in told
