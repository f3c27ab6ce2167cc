"""Events on their way from workers to the store and to subscribers."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_events import make_event

from streamrec.service.event_desk import PATIENCE_S, STARTING_S, EventDesk
from streamrec.store.messages import Interrupted, Kept, StoreHealth
from streamrec.types import ActionEvent, CameraState, CameraStatus, EventEnd, EventPhase
from streamrec.wire import EventMessage


class Shelf:
    """A store in memory that acknowledges when it is told to."""

    def __init__(self):
        self.records, self.said = [], []

    def keep(self, record):
        self.records.append(record)

    def hear(self):
        said, self.said = self.said, []
        return said

    def acknowledge(self):
        self.said.append(Kept(self.records[-1].number))


class Clock:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def published():
    return []


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def desk(shelf, published, clock):
    """A desk whose store has said that it is there."""
    desk = EventDesk(published.append, shelf, clock=clock)
    shelf.said.append(StoreHealth(lag_s=0.0, spooled=0, lost=0, written=0))
    desk.turn()
    return desk


def event(number=0, phase=EventPhase.START, source="door", captured_s=100.0):
    return make_event(
        phase, id=f"{source}-{number}", source=source, started_s=99.0, captured_s=captured_s
    )


def status(state, source="door", reason=""):
    return CameraStatus(source=source, state=state, since_s=1.0, reason=reason)


def told(published):
    return [(message.id, str(message.phase), message.reason) for message in published]


def test_an_event_is_published_once_it_is_kept(desk, shelf, published):
    desk.take(event())
    desk.turn()
    assert published == []
    shelf.acknowledge()
    desk.turn()
    assert told(published) == [("door-0", "start", None)]
    assert desk.published == shelf.records[0].number == published[0].number
    assert desk.hurried == 0


def test_an_event_waits_for_the_store_no_longer_than_a_second(desk, clock, published):
    desk.take(event())
    clock.now_s = PATIENCE_S
    desk.turn()
    assert told(published) == [("door-0", "start", None)]
    assert desk.hurried == 1


def test_a_store_may_take_longer_at_its_start(shelf, clock, published):
    desk = EventDesk(published.append, shelf, clock=clock)
    desk.take(event())
    clock.now_s = STARTING_S - 0.1
    desk.turn()
    assert published == []
    clock.now_s = STARTING_S
    desk.turn()
    assert told(published) == [("door-0", "start", None)]


def test_without_a_store_nothing_waits(published):
    desk = EventDesk(published.append)
    desk.take(event())
    assert told(published) == [("door-0", "start", None)]
    assert desk.hurried == 0


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (CameraState.LOST, EventEnd.LOST),
        (CameraState.BACKING_OFF, EventEnd.LOST),
        (CameraState.DISABLED, EventEnd.DISABLED),
        (CameraState.CONNECTING, EventEnd.RESET),
    ],
)
def test_a_camera_that_is_away_has_no_open_events(published, state, reason):
    desk = EventDesk(published.append)
    desk.take(event())
    desk.take(event(source="yard"))
    desk.told(status(state))
    assert told(published[2:]) == [("door-0", "end", reason)]
    assert published[2].ended_s == 100.0
    desk.end_all(EventEnd.SHUTDOWN)
    assert told(published[3:]) == [("yard-0", "end", "shutdown")]


@pytest.mark.parametrize("state", [CameraState.LIVE, CameraState.STALLED])
def test_a_camera_that_may_still_be_there_keeps_its_events(published, state):
    desk = EventDesk(published.append)
    desk.take(event())
    desk.told(status(state))
    assert told(published) == [("door-0", "start", None)]
    desk.take(event(phase=EventPhase.END))
    assert told(published)[1:] == [("door-0", "end", "score")]


def test_late_words_about_an_event_that_has_ended_are_dropped(published):
    desk = EventDesk(published.append)
    desk.take(event())
    desk.end("door", EventEnd.FAILED)
    desk.take(event(phase=EventPhase.UPDATE))
    desk.take(event(phase=EventPhase.END))
    assert told(published) == [("door-0", "start", None), ("door-0", "end", "failed")]


def test_only_changes_of_a_camera_are_kept(desk, shelf):
    for one in (CameraState.LIVE, CameraState.LIVE, CameraState.STALLED, CameraState.LIVE):
        desk.told(replace(status(one), lag_ms=float(len(shelf.records))))
    assert [str(record.message.state) for record in shelf.records] == ["live", "stalled", "live"]


def test_events_of_a_run_that_was_killed_are_ended_once(desk, shelf, published):
    desk.take(event(1))
    own = shelf.records[0].message
    lost = msgspec.structs.replace(own, id="earlier", number=5, captured_s=50.0)
    shelf.said.append(Interrupted(7, (lost, own)))
    desk.turn()
    shelf.acknowledge()
    desk.turn()
    assert told(published)[1:] == [("earlier", "end", "interrupted")]
    assert published[1].ended_s == 50.0
    assert published[1].number == shelf.records[-1].number > own.number


def test_events_of_a_run_that_was_killed_are_ended_also_where_the_clock_was_set_back(
    desk, shelf, published
):
    desk.take(event(1))
    own = shelf.records[0].message
    lost = msgspec.structs.replace(own, id="earlier", number=own.number + 10**12)
    shelf.said.append(Interrupted(lost.number, (lost, own)))
    desk.turn()
    shelf.acknowledge()
    desk.turn()
    assert told(published)[1:] == [("earlier", "end", "interrupted")]
    assert published[1].number > lost.number


def test_numbers_go_on_above_those_of_the_store(desk, shelf):
    far = 2**52
    shelf.said.append(Interrupted(far, ()))
    desk.turn()
    desk.take(event())
    assert shelf.records[-1].number == far + 1


def test_what_the_store_says_of_itself_is_known(desk, shelf):
    shelf.said.append(StoreHealth(lag_s=1.0, spooled=2, lost=0, written=3))
    desk.turn()
    assert desk.health.spooled == 2


def test_at_the_end_every_event_ends_and_nothing_waits(desk, published):
    desk.take(event(1))
    desk.take(event(2, source="yard"))
    desk.end_all(EventEnd.SHUTDOWN)
    desk.publish_all()
    assert [reason for _, _, reason in told(published)] == [None, None, "shutdown", "shutdown"]


SOURCES = ("door", "yard")
steps = st.one_of(
    st.builds(
        event,
        st.integers(0, 3),
        st.sampled_from(EventPhase),
        st.sampled_from(SOURCES),
    ),
    st.builds(status, st.sampled_from(CameraState), st.sampled_from(SOURCES)),
    st.sampled_from(["acknowledge", "turn", "wait"]),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(steps, max_size=40))
def test_whatever_happens_each_start_has_one_end_and_the_order_is_that_of_the_numbers(happened):
    shelf, clock, published = Shelf(), Clock(), []
    desk = EventDesk(published.append, shelf, clock=clock)
    for step in happened:
        match step:
            case ActionEvent():
                desk.take(step)
            case CameraStatus():
                desk.told(step)
            case "acknowledge" if shelf.records:
                shelf.acknowledge()
            case "wait":
                clock.now_s += PATIENCE_S
        desk.turn()
    desk.end_all(EventEnd.SHUTDOWN)
    desk.publish_all()
    numbers = [message.number for message in published]
    assert numbers == sorted(set(numbers))
    kept = [r.message for r in shelf.records if isinstance(r.message, EventMessage)]
    assert kept == published
    opened = set()
    for message in published:
        if message.phase is EventPhase.START:
            assert message.id not in opened
            opened.add(message.id)
        else:
            assert message.id in opened
        if message.phase is EventPhase.END:
            opened.remove(message.id)
    assert not opened
