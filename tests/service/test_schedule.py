"""When a camera is watched."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.errors import OptionError
from streamrec.service.schedule import DAYS, Schedule

MONDAY = datetime(2026, 11, 16)
NIGHTS = Schedule.parse("mon-fri 18:00-06:00, sat-sun")


def at(day: str, hour: int, minute: int = 0) -> datetime:
    return MONDAY + timedelta(days=DAYS.index(day), hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("local", "active"),
    [
        (at("mon", 0), False),  # Sunday ends
        (at("mon", 17, 59), False),
        (at("mon", 18), True),
        (at("tue", 5, 59), True),
        (at("tue", 6), False),
        (at("sat", 12), True),
        (at("sun", 23, 59), True),
    ],
)
def test_nights_and_weekends(local, active):
    assert NIGHTS.active(local) is active


@pytest.mark.parametrize(
    ("local", "change"),
    [
        (at("mon", 0), at("mon", 18)),
        (at("mon", 18), at("tue", 6)),
        (at("fri", 18) + timedelta(seconds=59.5), at("mon", 0) + timedelta(weeks=1)),
        (at("thu", 6), at("thu", 18)),
    ],
)
def test_the_next_change_is_told(local, change):
    assert NIGHTS.next_change(local) == change


@pytest.mark.parametrize(
    "text", ["", "  ", "mon-sun", "fri-thu", "00:00-24:00", "12:00-06:00, 06:00-12:00"]
)
def test_always_is_always(text):
    schedule = Schedule.parse(text)
    assert all(schedule.active(MONDAY + timedelta(hours=hour)) for hour in range(168))
    assert schedule.next_change(MONDAY) is None


def test_times_without_days_are_every_days():
    schedule = Schedule.parse("22:30-01:15")
    assert all(schedule.active(at(day, 0, 30)) and schedule.active(at(day, 23)) for day in DAYS)
    assert not any(schedule.active(at(day, 12)) for day in DAYS)


def test_days_may_run_over_the_weeks_end():
    schedule = Schedule.parse("SAT-Mon 08:00-09:00")
    assert [day for day in DAYS if schedule.active(at(day, 8, 30))] == ["mon", "sat", "sun"]


def test_a_night_that_begins_on_sunday_ends_on_monday():
    schedule = Schedule.parse("sun 22:00-06:00")
    assert schedule.active(at("mon", 5, 59))
    assert schedule.next_change(at("sun", 23)) == at("mon", 6) + timedelta(weeks=1)


def test_parts_in_any_order_are_one_schedule():
    assert Schedule.parse("sat-sun, mon-fri 18:00-06:00") == NIGHTS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("monday", "days are mon, tue"),
        ("mon-tue-wed", "days are mon, tue"),
        ("mon-", "days are mon, tue"),
        ("18:00", "HH:MM-HH:MM from 00:00 to 24:00"),
        ("mon 8:00-9:00", "got '8:00-9:00'"),
        ("mon 08:00-24:01", "got '08:00-24:01'"),
        ("mon 24:00-08:00", "from 00:00 to 24:00"),
        ("mon 08:60-09:00", "HH:MM-HH:MM"),
        ("mon 08:00-08:00", "and differ"),
        ("mon 18-06", "times are HH:MM-HH:MM, got '18-06'"),
        ("mon tue", "got 'tue'"),
        ("mon 08:00-09:00 10:00-11:00", "days, times or both"),
        ("mon,,tue", "days, times or both"),
        ("mon 08:00 - 09:00", "days, times or both"),
    ],
)
def test_what_is_no_schedule_is_refused(text, said):
    with pytest.raises(OptionError, match=said) as raised:
        Schedule.parse(text)
    assert "mon-fri 18:00-06:00, sat-sun" in str(raised.value)


@given(st.text(alphabet="montuesa 0128:,-६", max_size=24))
def test_any_text_is_a_schedule_or_an_option_error(text):
    try:
        assert Schedule.parse(text).next_change(MONDAY) != MONDAY
    except OptionError:
        return


clock_times = st.integers(0, 24 * 60 - 1)
parts = st.tuples(st.integers(0, 6), st.integers(0, 6), clock_times, clock_times).filter(
    lambda part: part[2] != part[3]
)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1))


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def written(part) -> str:
    first, last, begin, end = part
    return f"{DAYS[first]}-{DAYS[last]} {clock(begin)}-{clock(end)}"


def is_within(part, moment: datetime) -> bool:
    """The plain meaning of a part: it began on one of its days, and has not ended."""
    first, last, begin, end = part
    for ago in (0, 1):
        day = moment.date() - timedelta(days=ago)
        start = datetime(day.year, day.month, day.day) + timedelta(minutes=begin)
        length = timedelta(minutes=(end - begin) % (24 * 60))
        if (day.weekday() - first) % 7 <= (last - first) % 7 and start <= moment < start + length:
            return True
    return False


@given(st.lists(parts, min_size=1, max_size=4), moments)
def test_it_means_what_is_written(several, moment):
    schedule = Schedule.parse(", ".join(map(written, several)))
    assert schedule.active(moment) == any(is_within(part, moment) for part in several)


@given(st.lists(parts, min_size=1, max_size=4), moments, st.floats(0.0, 1.0, exclude_max=True))
def test_between_changes_nothing_changes(several, moment, share):
    schedule = Schedule.parse(", ".join(map(written, several)))
    change = schedule.next_change(moment)
    if change is None:
        assert schedule.active(moment + share * timedelta(weeks=1)) == schedule.active(moment)
        return
    assert moment < change <= moment + timedelta(weeks=1)
    before = timedelta(microseconds=int(share * ((change - moment) // timedelta(microseconds=1))))
    assert schedule.active(moment + min(before, change - moment - timedelta.resolution)) == (
        schedule.active(moment)
    )
    assert schedule.active(change) != schedule.active(moment)


@given(st.lists(parts, min_size=1, max_size=4))
def test_spans_written_out_are_the_same_schedule(several):
    schedule = Schedule.parse(", ".join(map(written, several)))
    days = [
        f"{DAYS[minute // 1440]} {clock(max(begin - minute, 0))}-{clock(min(end - minute, 1440))}"
        for begin, end in schedule.spans
        for minute in range(0, 7 * 1440, 1440)
        if begin < minute + 1440 and end > minute
    ]
    assert Schedule.parse(", ".join(days)) == schedule


def test_on_days_when_clocks_change_the_wall_clock_counts():
    try:
        berlin = ZoneInfo("Europe/Berlin")
    except ZoneInfoNotFoundError:
        pytest.skip("this machine knows no time zones")
    schedule = Schedule.parse("sun 02:30-06:00")
    spring = datetime(2026, 3, 29, 1, 59, tzinfo=berlin)
    hours = [spring.timestamp() + 60 * minute for minute in range(300)]
    seen = [moment for moment in hours if schedule.active(datetime.fromtimestamp(moment, berlin))]
    assert len(seen) == 3 * 60  # 03:00 follows 01:59
    change = schedule.next_change(spring)
    assert change is not None
    assert seen[0] <= change.timestamp() <= seen[0] + 1800
    assert schedule.next_change(change).timestamp() == seen[-1] + 60
