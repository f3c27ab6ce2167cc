"""Events and their figures as tables."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from streamrec.cli.moments import show_moment, show_span
from streamrec.cli.words import in_line, make_table, print_facts, print_table
from streamrec.types import ActionEvent
from streamrec.wire import EventMessage

if TYPE_CHECKING:
    from streamrec.store.statistics import Figures, Statistics

_ID_LETTERS = 8


def print_events(events: Iterable[ActionEvent]) -> None:
    """Print a line an event."""
    table = make_table("began", "camera", "label", "for>", "peak>", "mean>", "ended", "id")
    for event in events:
        table.add_row(
            show_moment(event.started_s),
            event.source,
            in_line(event.label),
            show_span(event.duration_s),
            f"{event.peak:.0%}",
            f"{event.mean:.0%}",
            _end(event),
            event.id[:_ID_LETTERS],
        )
    print_table(table)


def print_event(
    event: ActionEvent,
    footage: Mapping[str, Path],
    media: Path,
    messages: Sequence[EventMessage],
) -> None:
    """Print what is known of an event.

    Args:
        event: it.
        footage: its files by what they are.
        media: where they were looked for.
        messages: those to list.
    """
    none = f"none in {media}"
    ended = "not yet" if event.ended_s is None else show_moment(event.ended_s)
    print_facts(
        {
            "id": event.id,
            "camera": event.source,
            "label": event.label,
            "model": event.model,
            "began": show_moment(event.started_s),
            **({} if event.pts_s is None else {"media time": f"{event.pts_s:.3f} s"}),
            "ended": ended if event.reason is None else f"{ended}, {event.reason}",
            "for": show_span(event.duration_s),
            "peak": f"{event.peak:.1%} at {show_moment(event.peak_s)}",
            "mean": f"{event.mean:.1%} of {event.predictions} predictions",
            "thumbnail": str(footage.get("thumbnail", none)),
            "clip": str(footage.get("clip", none)),
        }
    )
    table = make_table("message>", "phase", "seen", "for>", "score>", "peak>", "mean>")
    for message in messages:
        table.add_row(
            str(message.number),
            message.phase,
            show_moment(message.captured_s),
            show_span(message.duration_s),
            f"{message.score:.0%}",
            f"{message.peak:.0%}",
            f"{message.mean:.0%}",
        )
    print()
    print_table(table)


def print_statistics(statistics: "Statistics") -> None:
    """Print a table for each way to group events; cameras and labels by their number of events."""
    whole = {"": statistics.whole}
    groups: tuple[tuple[str, Mapping[str, Figures]], ...] = (
        ("all", whole),
        ("camera", _by_count(statistics.sources)),
        ("label", _by_count(statistics.labels)),
        ("hour", {f"{hour:02}:00": figures for hour, figures in statistics.hours.items()}),
        ("day", statistics.days),
    )
    for number, (name, group) in enumerate(groups):
        if number:
            print()
        _print_group(name, group)


def _by_count(group: "Mapping[str, Figures]") -> "Mapping[str, Figures]":
    return dict(sorted(group.items(), key=lambda item: -item[1].count))


def _print_group(name: str, group: "Mapping[str, Figures]") -> None:
    table = make_table(name, "events>", "open>", "together>", "median>", "mean peak>")
    for key, figures in group.items():
        table.add_row(
            in_line(key),
            str(figures.count),
            str(figures.ongoing),
            show_span(figures.total_s),
            show_span(figures.median_s),
            f"{figures.mean_peak:.0%}",
        )
    print_table(table)


def _end(event: ActionEvent) -> str:
    return "open" if event.reason is None else str(event.reason)
