"""What ``streamrec data check`` prints: tables, or JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from streamrec.cli.words import make_table, page_console

if TYPE_CHECKING:
    from rich.table import Table

    from streamrec.dataset.clips import LabelledClip
    from streamrec.dataset.duplicates import Duplicate
    from streamrec.dataset.scan import ClipFacts
    from streamrec.dataset.summary import Spread, Summary

_SIZES = 5
_NOTHING = "-"


def print_tables(summary: "Summary", notes: Sequence[str], shown: int) -> None:
    """Print the classes, the clips, and what is wrong, up to a number of each kind."""
    console = page_console()
    console.print(_head(summary))
    console.print(_classes(summary))
    console.print(_clips(summary))
    for line in _sections(summary, shown):
        console.print(line, soft_wrap=True)
    for note in notes:
        console.print(f"! {note}", soft_wrap=True)


def print_json(summary: "Summary", notes: Sequence[str], shown: int) -> None:
    """Print one JSON object; lists are whole, whatever is ``shown``."""
    print(json.dumps(_record(summary, notes), ensure_ascii=False))


def _head(summary: "Summary") -> str:
    dataset = summary.dataset
    parts = [
        f"{dataset.name}: {len(dataset.clips)} of {summary.clips} clips can be used",
        f"classes: {len(dataset.labels)}",
        f"groups: {summary.groups}",
        f"broken: {len(summary.faults)}",
        f"damaged: {len(summary.damaged)}",
        f"copies: {len(summary.duplicates)}",
        f"other files: {summary.ignored}",
    ]
    return ", ".join(parts)


def _classes(summary: "Summary") -> "Table":
    from rich.box import SIMPLE_HEAD

    splits = [name for name in ("train", "val", "test") if summary.dataset.of(name)]
    counts = ("clips>", "share>", "groups>", *(f"{name}>" for name in splits))
    table = make_table("class", *counts, "seconds: min>", "median>", "max>", box=SIMPLE_HEAD)
    for one in summary.classes:
        in_splits = [str(one.splits[name]) for name in splits]  # type: ignore[index]
        share = f"{one.clips / len(summary.dataset.clips):.1%}"
        label = "(no class)" if one.label is None else one.label
        spread = _numbers(one.duration_s, ".1f")
        table.add_row(label, str(one.clips), share, str(one.groups), *in_splits, *spread)
    return table


def _clips(summary: "Summary") -> "Table":
    from rich.box import SIMPLE_HEAD

    table = make_table("clips", "min>", "median>", "max>", box=SIMPLE_HEAD)
    table.add_row("seconds", *_numbers(summary.duration_s, ".1f"))
    table.add_row(f"frames at {summary.fps:g}/s", *_numbers(summary.frames, ".0f"))
    table.add_row("frames/s of the files", *_numbers(summary.fps_of_files, ".3g"))
    return table


def _numbers(spread: "Spread | None", form: str) -> list[str]:
    if spread is None:
        return [_NOTHING] * 3
    return [f"{value:{form}}" for value in (spread.least, spread.median, spread.most)]


def _sections(summary: "Summary", shown: int) -> Iterator[str]:
    sizes = [f"{width}x{height} ({count})" for width, height, count in summary.sizes]
    yield "sizes: " + ", ".join(_first(sizes, _SIZES))
    yield from _section("cannot be used", [_fault(one) for one in summary.faults], shown)
    yield from _section("damaged", [_damage(one) for one in summary.damaged], shown)
    pairs = summary.duplicates
    across = [_pair(pair) for pair in pairs if pair.across_splits]
    yield from _section("copies across splits", across, shown)
    within = [_pair(pair) for pair in pairs if not pair.across_splits]
    yield from _section("copies in one split, of different groups", within, shown)


def _section(title: str, lines: Sequence[str], shown: int) -> Iterator[str]:
    if lines:
        yield f"{title}: {len(lines)}"
        yield from (f"  {line}" for line in _first(lines, shown))


def _first(lines: Sequence[str], shown: int) -> list[str]:
    more = len(lines) - shown
    return [*lines[:shown], *([f"... and {more} more"] if more > 0 else [])]


def _fault(facts: "ClipFacts") -> str:
    return f"{facts.clip.name}: {facts.fault}"


def _damage(facts: "ClipFacts") -> str:
    return f"{facts.clip.name}: {facts.damage}"


def _pair(pair: "Duplicate") -> str:
    first, second = (f"{clip.name} ({clip.split})" for clip in (pair.first, pair.second))
    labels = ", labels differ" if pair.contradicts else ""
    return f"{first} = {second} ({pair.likeness:.2f}{labels})"


def _record(summary: "Summary", notes: Sequence[str]) -> dict[str, Any]:
    spreads = {name: getattr(summary, name) for name in ("duration_s", "frames", "fps_of_files")}
    return {
        "name": summary.dataset.name,
        "clips": summary.clips,
        "usable": len(summary.dataset.clips),
        "groups": summary.groups,
        "fps": summary.fps,
        "classes": [asdict(one) for one in summary.classes],
        **{name: spread and asdict(spread) for name, spread in spreads.items()},
        "sizes": [list(size) for size in summary.sizes],
        "faults": [{**_place(one.clip), "fault": one.fault} for one in summary.faults],
        "damaged": [{**_place(one.clip), "damage": one.damage} for one in summary.damaged],
        "duplicates": [
            {
                "first": _place(pair.first),
                "second": _place(pair.second),
                "likeness": round(pair.likeness, 3),
                "across_splits": pair.across_splits,
            }
            for pair in summary.duplicates
        ],
        "ignored_files": summary.ignored,
        "hints": list(notes),
    }


def _place(clip: "LabelledClip") -> dict[str, Any]:
    return {
        "path": str(clip.path),
        "start_s": clip.start_s,
        "end_s": clip.end_s,
        "labels": list(clip.labels),
        "split": clip.split,
    }
