"""What ``streamrec evaluate`` prints of live video: a table, or JSON."""

import json as json_module
from collections.abc import Sequence
from typing import TYPE_CHECKING

from streamrec.cli.words import page_console

if TYPE_CHECKING:
    from rich.table import Table

    from streamrec.evaluation.live_figures import Delay, EventFigures
    from streamrec.evaluation.live_result import LiveResult, LiveRow

_HEADINGS = (
    *("\nhorizon", "after\nminutes", "right in\nactions", "right in\nbackground"),
    *("first\nright", "never\nright", "let go\nafter", "flicker\n/min", "alarms\n/hour"),
)
_NOTHING = "-"


def print_live(result: "LiveResult", json: bool) -> None:
    """Print a table, or one JSON object.

    Args:
        result: what was found.
        json: whether to print JSON.
    """
    if json:
        print(json_module.dumps(result.to_dict(), ensure_ascii=False), flush=True)
        return
    console = page_console()
    clips = result.rows[0].figures.clips
    console.print(
        f"{result.model} on live video: {clips} clip{'s'[: clips != 1]} of {result.data}, "
        f"{result.fps:g} frames/s, background: {result.background}"
    )
    console.print(_table(result))
    for note in _notes(result):
        console.print(note)


def _table(result: "LiveResult") -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    overlaps = [events.overlap for events in result.rows[0].figures.events]
    for heading in (*_HEADINGS, *(f"events\nat {overlap:g}" for overlap in overlaps)):
        table.add_column(heading, justify="left" if heading == _HEADINGS[0] else "right")
    for row in result.rows:
        table.add_row(*_cells(row, result.windowed))
    return table


def _cells(row: "LiveRow", windowed: bool) -> Sequence[str]:
    figures = row.figures
    return (
        _horizon(row, windowed),
        f"{row.age_min:g}",
        _share(figures.action_accuracy),
        _share(figures.background_accuracy),
        _delay(figures.first_right),
        _share(figures.first_right.never),
        _delay(figures.let_go),
        _number(figures.flicker_per_minute),
        _number(row.alarms_per_hour),
        *map(_events, figures.events),
    )


def _horizon(row: "LiveRow", windowed: bool) -> str:
    if windowed:
        return _NOTHING
    if row.horizon is None:
        return "everlasting"
    said = "" if row.setting.isdecimal() else f" ({row.setting})"
    return f"{row.horizon}{said}"


def _delay(delay: "Delay") -> str:
    if delay.median_s is not None:
        return f"{delay.median_s:.1f} s"
    return "never" if delay.clips else _NOTHING


def _events(events: "EventFigures") -> str:
    return f"{_share(events.precision)} / {_share(events.recall)}"


def _share(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.2f}"


def _number(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.1f}"


def _notes(result: "LiveResult") -> list[str]:
    quiet = " or ".join(result.quiet)
    said = f"the best class is {quiet}" if quiet else "no event is open"
    notes = [
        "right: shares of the answers while an action is on, and of those around it, where right "
        f"means that {said}; first right and let go: medians, from an action's beginning and from "
        "its end; never right: share of the actions; alarms: events in the minutes of background; "
        "events: precision / recall, where event and action overlap so much in time"
    ]
    skipped = result.skipped
    if skipped:
        notes.append(f"{len(skipped)} left out, as they cannot be read: {skipped[0]}")
    return notes
