"""What numbers of messages say of what is missing."""

from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streamrec import wire
from streamrec.client.continuity import MAX_REMEMBERED, Continuity, Gap

GOLDEN = {
    kind: wire.decode((Path(__file__).parent.parent / f"wire/{kind}-v1.json").read_bytes())
    for kind in wire.KINDS
}


def event(sequence, number, name="x", source="a", phase="update", session="s", previous=None):
    fields = {"id": name, "number": number, "phase": phase, "previous": previous}
    return message("event", sequence, source, session, **fields)


def beat(number, session="s", sequence=0):
    return message("heartbeat", sequence, wire.SYSTEM, session, number=number)


def message(kind, sequence, source="a", session="s", **fields):
    fields |= {"sequence": sequence, "source": source, "session": session}
    return msgspec.convert(msgspec.to_builtins(GOLDEN[kind]) | fields, wire.Message)


BEATS = beat(10), beat(10, sequence=1)


def told(messages, kinds=("event",), all_sources=True):
    continuity = Continuity(kinds, all_sources=all_sources)
    heard = [continuity.hear(each) for each in messages]
    return [each.new for each in heard], [gap for each in heard for gap in each.gaps], continuity


def test_numbers_of_each_source_and_kind_are_their_own():
    kinds = ("prediction", "status")
    messages = [message("prediction", 5), message("status", 1), message("prediction", 6, "b")]
    new, gaps, _ = told([*messages, message("prediction", 8)], kinds)
    assert (new, gaps) == ([True] * 4, [Gap("a", "prediction", 2, None)])


def test_a_gap_between_live_events_says_where_to_ask_on():
    _, gaps, continuity = told([*BEATS, event(4, 11), event(7, 30)])
    assert (gaps, continuity.lost) == ([Gap("a", "event", 2, 11)], 2)


def test_a_gap_says_where_to_ask_on_also_where_a_heartbeat_has_told_of_newer_events():
    messages = [*BEATS, event(4, 11), beat(20, sequence=2), event(6, 30)]
    _, gaps, _ = told(messages, all_sources=False)
    assert gaps == [Gap("a", "event", 1, 11)]


def test_an_event_that_names_one_that_did_not_come_shows_that_some_are_missing_of_whomever():
    messages = [*BEATS, event(4, 11, previous=10), event(5, 13, previous=12), beat(13, sequence=2)]
    _, gaps, continuity = told(messages)
    assert (gaps, continuity.lost) == ([Gap(wire.SYSTEM, "event", None, 11)], 0)
    assert told(messages, all_sources=False)[1] == []


def test_the_first_message_of_a_source_is_never_a_gap():
    _, gaps, _ = told([*BEATS, event(4, 11), event(9, 12, source="b")])
    assert gaps == []


def test_an_event_that_was_missed_and_is_sent_again_is_new():
    new, _, _ = told([beat(10), event(0, 11, "x"), event(2, 30, "y"), event(1, 20, "z")])
    assert new == [False, True, True, True]


def test_a_new_session_begins_to_count_anew():
    new, gaps, continuity = told([beat(10), event(5, 11), event(0, 12, session="t")])
    assert (new, gaps, continuity.restarts) == ([False, True, True], [], 1)


def test_events_that_are_open_after_a_restart_are_no_gap():
    messages = [
        beat(10),
        event(5, 11),
        event(3, 20, "x", session="t"),
        event(7, 24, "y", session="t"),
    ]
    new, gaps, continuity = told([*messages, beat(30, "t"), event(9, 31, "z", session="t")])
    assert (new[1:4], gaps) == ([True] * 3, [Gap(wire.SYSTEM, "event", None, 24)])
    assert continuity.lost == 0


def test_what_was_missed_over_a_restart_is_told_by_the_heartbeat():
    _, gaps, _ = told([beat(10), event(5, 11), beat(None, "t"), beat(13, "t")])
    assert gaps == [Gap(wire.SYSTEM, "event", None, 11)]


def test_events_of_other_sources_are_not_missed():
    assert told([beat(10), beat(20)], all_sources=False)[1] == []
    assert told([beat(10), beat(20)], kinds=("prediction",))[1] == []


def test_what_is_remembered_is_bounded():
    continuity = Continuity(("event",), all_sources=True)
    for number in range(MAX_REMEMBERED + 10):
        continuity.hear(event(number, number, str(number), phase="start"))
    assert len(continuity._delivered) == MAX_REMEMBERED


@st.composite
def histories(draw):
    """What one publisher sends, from where we joined: live messages, and open events again."""
    open_events, number, previous, sent, said = {}, 0, None, [], beat(None)
    joined = draw(st.integers(0, 10))
    for sequence in range(draw(st.integers(joined, 30))):
        if sequence == joined:
            sent = [said, *draw(st.permutations(list(open_events.values())))]
        number, previous = number + draw(st.integers(1, 5)), number or None
        name = draw(st.sampled_from("xyz"))
        phase = draw(st.sampled_from(["update", "end"])) if name in open_events else "start"
        live = event(sequence, number, name, phase=phase, previous=previous)
        open_events[name] = live
        if phase == "end":
            del open_events[name]
        sent.append(live)
        if draw(st.booleans()):
            said = beat(number, sequence=said.sequence + 1)
            sent.append(said)
        if draw(st.booleans()):
            sent += [said, *open_events.values()]  # somebody else has joined
    return sent


@given(histories())
def test_where_nothing_is_lost_nothing_is_missing_or_comes_twice(sent):
    new, gaps, _ = told(sent)
    delivered = [each.sequence for each, is_new in zip(sent, new, strict=True) if is_new]
    events = [each.sequence for each in sent if isinstance(each, wire.EventMessage)]
    assert gaps == []
    assert sorted(delivered) == sorted(set(events))
