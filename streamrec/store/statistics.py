"""Events in figures: of each camera, label, hour of the day and day."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import fmean, median
from typing import TypeVar

from streamrec.types import ActionEvent

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Figures:
    """Some events.

    Attributes:
        count: how many; ``ongoing``: how many of them have not ended.
        total_s, median_s: how long they lasted, or have lasted so far, together and in the middle.
        mean_peak: mean of their highest scores, in [0, 1].
    """

    count: int = 0
    ongoing: int = 0
    total_s: float = 0.0
    median_s: float = 0.0
    mean_peak: float = 0.0


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures of all events, and of those of each camera, label, hour and day, in their order.

    Days are as ISO 8601 has them, hours 0 to 23; both are of local time and of an event's start.
    """

    whole: Figures = field(default_factory=Figures)
    sources: Mapping[str, Figures] = field(default_factory=dict)
    labels: Mapping[str, Figures] = field(default_factory=dict)
    hours: Mapping[int, Figures] = field(default_factory=dict)
    days: Mapping[str, Figures] = field(default_factory=dict)


def statistics_of(events: Iterable[ActionEvent]) -> Statistics:
    """Count events; what is needed of each is kept, about 100 bytes."""
    found = [_Mark.of(event) for event in events]
    return Statistics(
        whole=_figures(found),
        sources=_by(found, lambda mark: mark.source),
        labels=_by(found, lambda mark: mark.label),
        hours=_by(found, lambda mark: mark.began.hour),
        days=_by(found, lambda mark: mark.began.date().isoformat()),
    )


@dataclass(frozen=True, slots=True)
class _Mark:
    """What is counted of an event."""

    source: str
    label: str
    began: datetime
    duration_s: float
    peak: float
    is_open: bool

    @classmethod
    def of(cls, event: ActionEvent) -> "_Mark":
        began = datetime.fromtimestamp(event.started_s)
        is_open = event.ended_s is None
        return cls(event.source, event.label, began, event.duration_s, event.peak, is_open)


def _by(marks: Iterable[_Mark], key: Callable[[_Mark], K]) -> dict[K, Figures]:
    groups: defaultdict[K, list[_Mark]] = defaultdict(list)
    for mark in marks:
        groups[key(mark)].append(mark)
    return {name: _figures(groups[name]) for name in sorted(groups)}  # type: ignore[type-var]


def _figures(marks: list[_Mark]) -> Figures:
    if not marks:
        return Figures()
    durations_s = [mark.duration_s for mark in marks]
    return Figures(
        count=len(marks),
        ongoing=sum(mark.is_open for mark in marks),
        total_s=sum(durations_s),
        median_s=median(durations_s),
        mean_peak=fmean(mark.peak for mark in marks),
    )
