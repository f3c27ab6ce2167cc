"""Episodes whose figures are known by construction."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.evaluation.live_episode import Episode
from streamrec.evaluation.live_figures import first_right_s, let_go_s, live_figures, pairs
from streamrec.evaluation.live_stream import Answer, Span

STILL, WAVE, PUSH = 0, 1, 2
NAMES = ("still", "wave", "push")


def episode(said: str, events: tuple[Span, ...] = (), open_: str = "") -> Episode:
    """A wave from 4 to 8 s; an answer a second, by the first letters of their classes."""
    classes = ["swp".index(letter) for letter in said.replace(" ", "")]
    opened = [frozenset({"wave"} if mark == "o" else ()) for mark in open_.ljust(len(classes))]
    answers = [Answer(float(i), best, opened[i]) for i, best in enumerate(classes)]
    return Episode(
        classes=frozenset({WAVE}),
        labels=("wave",),
        onset_s=4.0,
        end_s=8.0,
        answers=answers,
        events=events,
    )


def figures(*episodes: Episode, background=(STILL,), overlaps=(0.5,)):
    return live_figures(episodes, background, overlaps)


def test_answers_are_right_in_the_action_and_around_it():
    found = figures(episode("ssws swww wsss"))
    assert found.action_accuracy == 3 / 4
    assert found.background_accuracy == 6 / 8


def test_without_a_class_for_it_nothing_happens_where_no_event_is_open():
    found = figures(episode("pwps wwww wppp", open_="....oooooo.."), background=())
    assert found.background_accuracy == 6 / 8


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("ssss wsss ssss", 0.0), ("ssww sspw ssss", 3.0), ("wwww ssss wwww", math.inf)],
)
def test_the_first_right_answer_is_counted_from_the_onset(said, seconds):
    assert first_right_s(episode(said)) == seconds


@pytest.mark.parametrize(
    ("said", "open_", "seconds"),
    [
        ("ssss wwww ssss", "", 0.0),
        ("ssss wwww wwss", "", 2.0),
        ("ssss wwww wwss", ".....oooo...", 1.0),
        ("ssss wwww wwww", "", math.inf),
        ("ssss wwww wwww", ".....ooooooo", math.inf),
        ("ssss wwws wwww", "", None),
        ("ssss wwww", "", None),
    ],
)
def test_an_action_is_let_go_by_the_best_class_or_by_its_event(said, open_, seconds):
    assert let_go_s(episode(said, open_=open_)) == seconds


def test_delays_are_of_those_who_wait_in_vain_too():
    late, never = episode("ssss sssw ssss"), episode("ssss ssss ssss")
    found = figures(late, late, never).first_right
    assert (found.median_s, found.p90_s, found.never, found.clips) == (3.0, None, 1 / 3, 3)
    assert figures(late, never, never).first_right.median_s is None


def test_flicker_counts_changes_while_the_action_is_on():
    assert figures(episode("swsw wsww swsw")).flicker_per_minute == pytest.approx(2 * 60 / 3)


def test_nothing_is_known_of_what_nobody_says():
    found = figures(episode(""))
    assert found.action_accuracy is found.background_accuracy is found.flicker_per_minute is None
    assert found.events[0].precision is None
    assert found.events[0].recall == 0.0
    assert found.let_go.clips == 0


def test_events_are_judged_at_each_overlap():
    events = (Span("wave", 4.0, 6.0), Span("push", 4.0, 8.0), Span("wave", 0.0, 1.0))
    half, more = figures(episode("", events), overlaps=(0.5, 0.6)).events
    assert (half.precision, half.recall) == (1 / 3, 1.0)
    assert (more.precision, more.recall) == (0.0, 0.0)


def test_a_second_event_of_one_action_is_wrong():
    events = (Span("wave", 4.0, 7.0), Span("wave", 4.0, 8.0))
    found = figures(episode("", events), overlaps=(0.1,)).events[0]
    assert (found.precision, found.recall) == (0.5, 1.0)


def test_those_that_overlap_most_are_a_pair():
    actions = [Span("wave", 0.0, 4.0), Span("wave", 4.0, 8.0)]
    events = [Span("wave", 2.0, 8.0), Span("wave", 0.0, 3.0)]
    assert pairs(actions, events, 0.5) == 2


SPANS = st.lists(
    st.builds(
        lambda label, start, length: Span(label, float(start), float(start + length)),
        st.sampled_from(NAMES),
        st.integers(0, 20),
        st.integers(0, 8),
    ),
    max_size=8,
)


@given(SPANS, SPANS, st.sampled_from([0.1, 0.5, 1.0]))
def test_each_action_and_each_event_is_in_one_pair_at_most(actions, events, overlap):
    most = sum(
        min(sum(a.label == name for a in actions), sum(e.label == name for e in events))
        for name in NAMES
    )
    assert pairs(actions, events, overlap) <= pairs(actions, events, overlap / 2) <= most


@given(SPANS)
def test_what_lasts_is_a_pair_with_itself(spans):
    assert pairs(spans, spans, 1.0) == sum(span.end_s > span.start_s for span in spans)
