"""When a camera is watched: times of the week, as a wall clock shows them.

On the days when clocks change nothing special is done: from 18:00 to 06:00 is an hour less or more,
what begins within the hour that is left out begins after it, and an hour that comes twice counts
twice.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self, TypeAlias

from streamrec.errors import OptionError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""What the days of the week are called."""

Span: TypeAlias = tuple[int, int]
"""From and until, minutes since the week began on Monday."""

_DAY = 24 * 60
_WEEK = 7 * _DAY
_EXAMPLE = "write for example 'mon-fri 18:00-06:00, sat-sun'"
_TIMES = re.compile(r"(\d{2}):([0-5]\d)-(\d{2}):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times of the week; none: always.

    Attributes:
        spans: in order, apart from each other, within the week.
    """

    spans: tuple[Span, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read days, times or both, with commas between: ``mon-fri 18:00-06:00, sat-sun``.

        Days without times are whole; times without days are those of every day. Times that end
        before they begin end on the next day. Empty text is always.

        Raises:
            OptionError: anything else.
        """
        if not text.strip():
            return cls()
        return cls(_joined(span for part in text.split(",") for span in _spans(part)))

    def active(self, local: datetime) -> bool:
        """Tell whether the camera is watched at this local time."""
        minute = local.weekday() * _DAY + local.hour * 60 + local.minute
        return not self.spans or any(begin <= minute < end for begin, end in self.spans)

    def next_change(self, local: datetime) -> datetime | None:
        """Return the next local time at which that becomes different, None if it never does."""
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        monday = midnight - timedelta(days=local.weekday())
        edges = self._edges()
        if not edges:
            return None
        minute = local.weekday() * _DAY + local.hour * 60 + local.minute
        weeks, index = divmod(bisect_right(edges, minute), len(edges))
        return monday + timedelta(weeks=weeks, minutes=edges[index])

    def _edges(self) -> list[int]:
        """Minutes of the week at which something changes; Sunday's end is Monday's beginning."""
        edges = sorted(minute % _WEEK for span in self.spans for minute in span)
        return [minute for minute in edges if edges.count(minute) == 1]


def _spans(part: str) -> Iterator[Span]:
    """Return the spans of one part, days and times; they may go beyond the week."""
    words = part.split()
    if not 1 <= len(words) <= 2:
        raise OptionError(f"a schedule's parts are days, times or both, got {part!r}; {_EXAMPLE}")
    timed = ":" in words[-1]
    if not timed and len(words) == 2:
        raise OptionError(f"times are HH:MM-HH:MM, got {words[1]!r}; {_EXAMPLE}")
    begin, end = _times(words[-1]) if timed else (0, _DAY)
    days = _days(words[0]) if len(words) == 2 or not timed else range(len(DAYS))
    return ((day * _DAY + begin, day * _DAY + end) for day in days)


def _days(word: str) -> list[int]:
    names = word.lower().split("-")
    if len(names) > 2 or not set(names) <= set(DAYS):
        raise OptionError(
            f"days are {', '.join(DAYS)}, or from-to as in fri-mon, got {word!r}; {_EXAMPLE}"
        )
    first, last = DAYS.index(names[0]), DAYS.index(names[-1])
    return [day % 7 for day in range(first, first + (last - first) % 7 + 1)]


def _times(word: str) -> Span:
    found = _TIMES.fullmatch(word)
    hours, minutes, end_hours, end_minutes = map(int, found.groups()) if found else (99,) * 4
    begin, end = 60 * hours + minutes, 60 * end_hours + end_minutes
    if begin >= _DAY or end > _DAY or begin == end:
        raise OptionError(
            f"times are HH:MM-HH:MM from 00:00 to 24:00 and differ, got {word!r}; {_EXAMPLE}"
        )
    return begin, end if begin < end else end + _DAY


def _joined(spans: Iterator[Span]) -> tuple[Span, ...]:
    """Cut spans at the week's end, and make one of those that touch or overlap."""
    joined: list[Span] = []
    for begin, end in sorted(part for span in spans for part in _within_week(span)):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return tuple(joined)


def _within_week(span: Span) -> list[Span]:
    begin, end = span
    return [span] if end <= _WEEK else [(begin, _WEEK), (0, end - _WEEK)]
