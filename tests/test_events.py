"""Scores become events: each rule by an example, and what holds whatever the scores are."""

from copy import deepcopy
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_predictions import make_prediction

from streamrec.config import EventOptions, EventSettings, RuleOptions
from streamrec.errors import OptionError
from streamrec.events import SILENCE_S, EventDetector, EventTracker
from streamrec.types import NO_ACTION, EventEnd, EventPhase

LABELS = ("wave", "fall", "run", "stand")
UNIX_S = 1.7e9
START, UPDATE, END = EventPhase.START, EventPhase.UPDATE, EventPhase.END


def prediction(time_s, scores, *, captured_s=None, resets=0, still_s=0.0, source="cam"):
    values = np.array([*scores, *[0.0] * (len(LABELS) - len(scores))], np.float32)
    return make_prediction(
        source=source,
        captured_s=UNIX_S + time_s if captured_s is None else captured_s,
        time_s=time_s,
        pts_s=time_s,
        model="tiny",
        labels=LABELS,
        scores=values,
        raw=values,
        still_s=still_s,
        resets=resets,
    )


def tracker(*, exclusive=True, update_every=100.0, period_s=0.0, labels=None, **rule):
    plain = {"on_score": 0.5, "off_score": 0.25, "consecutive": 1, "min_gap": 1.0}
    all_settings = EventSettings(
        options=EventOptions(exclusive=exclusive, update_every=update_every),
        rule=RuleOptions(**plain | rule),
        labels={name: RuleOptions(**plain | own) for name, own in (labels or {}).items()},
    )
    return EventTracker(EventDetector(LABELS, all_settings, period_s))


def see(one, *rows, every_s=0.5, since_s=0.0):
    """Take predictions, each of the scores of the first labels."""
    rows = [row if isinstance(row, tuple) else (row,) for row in rows]
    predictions = (prediction(since_s + i * every_s, row) for i, row in enumerate(rows))
    return [event for each in predictions for event in one.take(each)]


def spans(events):
    """Label, and first and last second of each event that has ended."""
    return [
        (event.label, event.started_s - UNIX_S, event.ended_s - UNIX_S)
        for event in events
        if event.phase is END
    ]


def test_an_event_begins_at_the_first_of_the_predictions_in_a_row_that_reach_its_score():
    (event,) = see(tracker(consecutive=3), 0.4, 0.5, 0.6, 0.7)
    assert (event.phase, event.label, event.predictions) == (START, "wave", 3)
    assert event.started_s == UNIX_S + 0.5
    assert event.captured_s == UNIX_S + 1.5
    assert event.pts_s == 0.5
    assert event.duration_s == 1.0
    assert (event.ended_s, event.reason) == (None, None)


def test_predictions_that_are_not_in_a_row_begin_nothing():
    assert see(tracker(consecutive=3), 0.6, 0.6, 0.4, 0.6, 0.6, 0.4) == []


def test_an_event_begins_when_it_has_lasted_for_its_least_duration():
    one = tracker(min_duration=1.5)
    assert see(one, 0.6, 0.6, 0.6) == []
    (event,) = see(one, 0.6, since_s=1.5)
    assert (event.started_s, event.duration_s) == (UNIX_S, 1.5)


def test_a_score_as_it_is_written_is_reached_by_the_same_score_of_a_model():
    assert see(tracker(on_score=0.7), 0.7)


def test_between_the_two_scores_an_event_goes_on_and_none_begins():
    one = tracker()
    assert see(one, 0.4, 0.4) == []
    assert len(see(one, 0.5, *[0.25] * 10, since_s=1.0)) == 1
    assert one.action == "wave"


def test_a_gap_that_is_shorter_than_the_least_is_bridged():
    one = tracker(min_gap=1.0)
    events = see(one, 0.6, 0.6, 0.0, 0.6, 0.6)
    assert [event.phase for event in events] == [START]


def test_an_event_ends_at_its_last_prediction_that_reached_the_lower_score():
    events = see(tracker(min_gap=1.0), 0.6, 0.6, 0.3, 0.2, 0.0, 0.0)
    assert spans(events) == [("wave", 0.0, 1.0)]
    end = events[-1]
    assert (end.reason, end.duration_s, end.predictions) == (EventEnd.SCORE, 1.0, 3)
    assert end.captured_s == UNIX_S + 2.0
    assert end.score == 0.0


def test_peak_and_mean_are_those_of_the_predictions_that_support_it():
    end = see(tracker(min_gap=1.0), 0.5, 0.75, 0.75, 0.25, 0.0, 0.0)[-1]
    assert end.peak == 0.75
    assert end.peak_s == UNIX_S + 0.5
    assert end.mean == pytest.approx(0.5625)


def test_after_its_end_a_label_rests_and_begins_anew_at_the_first_prediction_afterwards():
    events = see(tracker(min_gap=0.5, cooldown=2.0), 0.6, 0.0, *[0.6] * 6)
    assert [event.started_s - UNIX_S for event in events if event.phase is START] == [0.0, 2.0]


def test_other_labels_do_not_rest():
    rows = (0.6, 0.0), (0.0, 0.0), (0.0, 0.6)
    assert len(see(tracker(min_gap=0.5, cooldown=60.0), *rows)) == 3


def test_a_label_that_takes_over_ends_the_other_which_ends_first_and_does_not_overlap():
    one = tracker(consecutive=2)
    events = see(one, (0.6, 0.0), (0.6, 0.0), (0.4, 0.6), (0.4, 0.6))
    assert [(event.label, event.phase) for event in events] == [
        ("wave", START),
        ("wave", END),
        ("fall", START),
    ]
    assert events[1].reason is EventEnd.LABEL
    assert events[1].ended_s == UNIX_S + 0.5
    assert events[2].started_s == UNIX_S + 1.0
    assert one.action == "fall"


def test_what_leads_for_too_short_to_take_over_changes_nothing():
    one = tracker(consecutive=3)
    events = see(one, *[(0.6, 0.0)] * 3, *[(0.3, 0.6)] * 2, *[(0.6, 0.0)] * 2)
    assert len(events) == 1
    (end,) = one.end(EventEnd.SHUTDOWN)
    assert (end.label, end.predictions, end.ended_s) == ("wave", 7, UNIX_S + 3.0)


def test_an_event_that_fades_while_another_is_about_to_begin_ends_before_that():
    one = tracker(consecutive=6, min_gap=1.0)
    lead, faded = (0.6, 0.0), (0.0, 0.6)
    events = see(one, *[lead] * 6, (0.3, 0.6), *[faded] * 5)
    assert spans(events) == [("wave", 0.0, 2.5)]
    assert events[1].reason is EventEnd.SCORE
    assert events[2].started_s == UNIX_S + 3.0


def test_a_reset_ends_an_event_where_it_was_seen_last_though_another_led():
    one = tracker(consecutive=3)
    see(one, *[(0.6, 0.0)] * 3, (0.3, 0.6))
    (end,) = one.take(prediction(2.0, [0.0], resets=1))
    assert (end.predictions, end.ended_s) == (4, UNIX_S + 1.5)


def test_what_was_taken_over_rests_from_its_end_not_from_when_it_was_seen_last():
    one = tracker(consecutive=2, min_gap=1.0)
    lead, other = (0.6, 0.0), (0.4, 0.6)
    events = see(one, lead, lead, other, other, lead, lead)
    assert events[-1].label == "wave"
    assert events[-1].started_s == UNIX_S + 2.0


def test_only_who_leads_begins_an_event():
    assert see(tracker(labels={"wave": {"on_score": 0.25}}), *[(0.3, 0.4)] * 4) == []


def test_if_not_exclusive_labels_know_nothing_of_each_other():
    one = tracker(exclusive=False)
    events = see(one, (0.6, 0.0), (0.6, 0.6), (0.6, 0.7), (0.6, 0.0), (0.6, 0.0), (0.6, 0.0))
    assert [(event.label, event.phase) for event in events] == [
        ("wave", START),
        ("fall", START),
        ("fall", END),
    ]


def test_a_label_has_its_own_rule():
    one = tracker(exclusive=False, labels={"fall": {"on_score": 0.2, "off_score": 0.1}})
    assert [event.label for event in see(one, (0.3, 0.3))] == ["fall"]


def test_updates_come_at_the_rate_that_is_asked_for_also_while_a_gap_is_bridged():
    events = see(tracker(update_every=1.0, min_gap=60.0), *[0.6] * 4, *[0.0] * 4)
    assert [event.phase for event in events] == [START, UPDATE, UPDATE, UPDATE]
    assert [event.captured_s - UNIX_S for event in events] == [0.0, 1.0, 2.0, 3.0]
    assert [event.predictions for event in events] == [1, 3, 4, 4]


def test_the_action_is_the_likeliest_event_that_is_open_or_none():
    one = tracker(exclusive=False)
    assert one.action == NO_ACTION
    see(one, (0.6, 0.7, 0.9))
    assert one.action == "run"
    see(one, (0.8, 0.7, 0.3), since_s=0.5)
    assert one.action == "wave"


def test_a_reset_ends_what_is_open_before_its_prediction_is_looked_at():
    one = tracker(min_gap=0.0)
    see(one, 0.6, 0.6)
    end, start = one.take(prediction(1.0, [0.6], resets=1))
    assert (end.reason, end.ended_s, end.captured_s) == (EventEnd.RESET, UNIX_S + 0.5, UNIX_S + 0.5)
    assert (start.phase, start.started_s) == (START, UNIX_S + 1.0)
    assert start.id != end.id


def test_a_reset_drops_what_was_about_to_begin():
    one = tracker(consecutive=2)
    assert one.take(prediction(0.0, [0.6])) == ()
    assert one.take(prediction(0.2, [0.6], resets=1)) == ()
    assert len(one.take(prediction(0.4, [0.6], resets=1))) == 1


def test_a_clock_that_was_set_back_ends_what_is_open_and_keeps_what_rests_resting():
    one = tracker(min_gap=2.0)
    see(one, 0.6, since_s=100.0)
    (end,) = one.take(prediction(10.0, [0.6], captured_s=UNIX_S + 100.5))
    assert (end.reason, end.ended_s) == (EventEnd.RESET, UNIX_S + 100.0)
    assert one.take(prediction(11.5, [0.6], captured_s=UNIX_S + 102.0)) == ()
    (start,) = one.take(prediction(12.5, [0.6], captured_s=UNIX_S + 103.0))
    assert start.phase is START


@pytest.mark.parametrize(("still_s", "reason"), [(0.0, EventEnd.RESET), (5.5, EventEnd.STILL)])
def test_a_long_silence_ends_what_is_open(still_s, reason):
    one = tracker()
    see(one, 0.6)
    end, start = one.take(prediction(SILENCE_S + 0.6, [0.6], still_s=still_s))
    assert (end.reason, start.phase) == (reason, START)


def test_where_predictions_are_rare_silence_is_longer():
    one = tracker(period_s=10.0, consecutive=2)
    assert len(see(one, *[0.6] * 4, every_s=10.0)) == 1


def test_what_stands_still_for_long_has_ended():
    one = tracker()
    see(one, 0.6, 0.6)
    assert one.idle(0.5 + SILENCE_S) == ()
    (end,) = one.idle(0.6 + SILENCE_S)
    assert (end.reason, end.ended_s) == (EventEnd.STILL, UNIX_S + 0.5)
    assert one.idle(60.0) == ()
    assert one.action == NO_ACTION


def test_what_has_been_ended_from_outside_has_ended_once():
    one = tracker(exclusive=False)
    see(one, (0.6, 0.6), (0.6, 0.1))
    ends = one.end(EventEnd.LOST)
    assert spans(ends) == [("wave", 0.0, 0.5), ("fall", 0.0, 0.0)]
    assert {end.reason for end in ends} == {EventEnd.LOST}
    assert one.end(EventEnd.LOST) == ()


def test_ids_are_of_the_source_the_label_and_the_start():
    def first(source, time_s):
        (event,) = tracker().take(prediction(time_s, [0.6], source=source))
        return event.id

    assert first("cam", 1.0) == first("cam", 1.0)
    assert len({first("cam", 1.0), first("cam", 2.0), first("other", 1.0)}) == 3


def test_a_model_of_which_nothing_is_allowed_has_no_events():
    for exclusive in (True, False):
        options = EventOptions(exclusive=exclusive)
        one = EventTracker(EventDetector(LABELS, EventSettings(options=options, deny=("*",))))
        assert see(one, *[0.9] * 5) == []


def test_scores_that_are_no_numbers_end_an_event_as_low_ones_do():
    end = see(tracker(min_gap=0.5), 0.6, np.nan, np.nan)[-1]
    assert (end.phase, end.reason, end.score) == (END, EventEnd.SCORE, 0.0)


def test_labels_that_the_model_does_not_have_are_refused():
    with pytest.raises(OptionError, match="'wave'"):
        EventDetector(LABELS, EventSettings(allow=("waves",)))


RULES = st.builds(
    lambda on, share, **rest: RuleOptions(on_score=on, off_score=on * share, **rest),
    on=st.sampled_from([0.25, 0.5, 0.75]),
    share=st.sampled_from([0.0, 0.5, 1.0]),
    consecutive=st.integers(1, 4),
    min_duration=st.sampled_from([0.0, 0.3, 1.0]),
    min_gap=st.sampled_from([0.0, 0.5, 2.0]),
    cooldown=st.sampled_from([0.0, 0.7, 4.0]),
)
ALL_SETTINGS = st.builds(
    EventSettings,
    options=st.builds(
        EventOptions, exclusive=st.booleans(), update_every=st.sampled_from([0.1, 1.0])
    ),
    rule=RULES,
    labels=st.dictionaries(st.sampled_from(LABELS), RULES, max_size=2),
    aliases=st.sampled_from([{}, {"hurry": ("run", "fall")}]),
    deny=st.sampled_from([(), ("stand",)]),
)
STEPS_S = st.sampled_from([0.1] * 6 + [0.2, 0.4, 1.0, 0.0, 3.0, 6.0, -2.0])
SCORES = st.lists(st.sampled_from([0.0, 0.2, 0.3, 0.5, 0.6, 0.8]), min_size=4, max_size=4)
ROWS = st.tuples(STEPS_S, SCORES, st.sampled_from([0] * 9 + [1]), st.sampled_from([0.0, 5.5]))


@st.composite
def stories(draw):
    """Predictions with gaps, repeated and backward times and resets; None: nothing moved."""
    time_s, captured_s, resets, story = 100.0, UNIX_S, 0, []
    for step_s, scores, reset, still_s in draw(st.lists(ROWS, min_size=1, max_size=60)):
        time_s, resets = time_s + step_s, resets + reset
        captured_s += step_s if step_s > 0.0 else 0.001
        if draw(st.integers(0, 19)) == 0:
            story.append((time_s, None))
        facts = {"captured_s": captured_s, "resets": resets, "still_s": still_s}
        story.append((time_s, prediction(time_s, scores, **facts)))
    return story


def told(detector, story, state):
    """The events of a story, and the state after it."""
    events = []
    for time_s, said in story:
        if said is None:
            more, state = detector.idle(time_s, state)
        else:
            more, state = detector.step(said, state)
        events += more
    return events, state


def whole(all_settings, story):
    detector = EventDetector(LABELS, all_settings)
    events, state = told(detector, story, detector.initial())
    ends, _ = detector.end(EventEnd.SHUTDOWN, state)
    return [*events, *ends]


def lives(events):
    """All values of each event, in order."""
    ordered = sorted(events, key=lambda event: event.id)
    return [list(values) for _, values in groupby(ordered, key=lambda event: event.id)]


def rule_of(all_settings, label):
    return all_settings.labels.get(label, all_settings.rule)


@settings(max_examples=300, deadline=None)
@given(all_settings=ALL_SETTINGS, story=stories())
def test_each_event_starts_once_goes_on_and_ends_once(all_settings, story):
    for start, *updates, end in lives(whole(all_settings, story)):
        phases = [start.phase, *(event.phase for event in updates), end.phase]
        assert phases == [START, *[UPDATE] * len(updates), END]
        counts = [event.predictions for event in (start, *updates, end)]
        assert all(one <= other for one, other in pairwise(counts))
        assert len({(event.label, event.started_s) for event in (start, *updates, end)}) == 1
        assert all(event.reason is None for event in (start, *updates))
        assert end.reason is not None


@settings(max_examples=300, deadline=None)
@given(all_settings=ALL_SETTINGS, story=stories())
def test_events_are_as_long_as_strong_and_as_far_apart_as_their_rules_say(all_settings, story):
    ends = [event for event in whole(all_settings, story) if event.phase is END]
    for end in ends:
        rule = rule_of(all_settings, end.label)
        assert end.duration_s >= rule.min_duration - 1e-6
        assert end.predictions >= rule.consecutive
        assert np.float32(end.peak) >= np.float32(rule.on_score)
        assert np.float32(end.mean + 1e-6) >= np.float32(rule.off_score)
        assert end.started_s <= end.peak_s <= end.ended_s <= end.captured_s
    for label in {end.label for end in ends}:
        rule = rule_of(all_settings, label)
        for one, other in pairwise(end for end in ends if end.label == label):
            rest_s = other.started_s - one.ended_s
            assert rest_s >= max(rule.min_gap, rule.cooldown) - 1e-6


@settings(max_examples=300, deadline=None)
@given(all_settings=ALL_SETTINGS, story=stories())
def test_events_that_exclude_each_other_never_overlap_nor_are_two_open(all_settings, story):
    exclusive = replace(all_settings, options=EventOptions(exclusive=True))
    events = whole(exclusive, story)
    ends = [event for event in events if event.phase is END]
    assert all(one.ended_s <= other.started_s for one, other in pairwise(ends))
    open_ids = set()
    for event in events:
        open_ids = open_ids - {event.id} if event.phase is END else open_ids | {event.id}
        assert len(open_ids) <= 1


@settings(max_examples=200, deadline=None)
@given(all_settings=ALL_SETTINGS, story=stories(), data=st.data())
def test_a_run_that_is_split_anywhere_is_the_same_and_changes_no_state(all_settings, story, data):
    at = data.draw(st.integers(0, len(story)))
    detector, other = EventDetector(LABELS, all_settings), EventDetector(LABELS, all_settings)
    first, state = told(detector, story[:at], detector.initial())
    before = deepcopy(state)
    told(other, story, state)
    assert state == before
    second, state = told(other, story[at:], before)
    ends, _ = other.end(EventEnd.SHUTDOWN, state)
    assert [*first, *second, *ends] == whole(all_settings, story)
