"""What ``streamrec evaluate`` prints: tables, or JSON."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from streamrec.cli.words import in_line, make_table, print_table

if TYPE_CHECKING:
    from rich.table import Table

    from streamrec.cli.evaluation_result import Evaluation
    from streamrec.evaluation.open_set import OpenSet
    from streamrec.report.record import Judgement

VIEWS = {"multi": "whole clips", "single": "one piece each"}
_FIGURES = {
    "top1": "top-1",
    "top5": "top-5",
    "mean_per_class": "mean per class",
    "mean_average_precision": "mean average precision",
    "calibration_error": "calibration error",
    "log_loss": "log loss",
}
_MOST_CLASSES = 20
_MOST_PAIRS = 10
_NOTHING = "-"


def print_evaluation(evaluation: "Evaluation") -> None:
    """Print figures with their intervals, classes, confusions, events and live figures."""
    best = evaluation.best_judged
    answers, figures = best.answers, best.figures
    clips = f"{figures.clips} clip{'s'[: figures.clips != 1]}"
    print(f"{answers.model} ({evaluation.engine}) on {clips}: {evaluation.which}\n")
    print_table(_figures(evaluation.judged))
    print(_interval_note(best))
    print()
    print_table(_classes(best))
    if (table := _confusions(best)) is not None:
        print("\nmistaken most often:")
        print_table(table)
    if evaluation.open_set is not None:
        print(f"\n{_open_set(evaluation.open_set)}")
    if evaluation.thresholds is not None:
        print("\nscores at which events should start and end:")
        print_table(_thresholds(evaluation))
        for note in threshold_notes(evaluation):
            print(note)
    if evaluation.live is not None:
        from streamrec.cli.live_tables import print_live

        print(flush=True)
        print_live(evaluation.live, json=False)


def print_lines(evaluation: "Evaluation") -> None:
    """Print one JSON object for each part."""
    for views, judged in evaluation.judged.items():
        _print_line("clips", model=judged.answers.model, views=views, **_judgement(judged))
    if (opened := evaluation.open_set) is not None:
        shares = {
            "share_raised": opened.share_raised,
            "events_per_hour": opened.events_per_hour,
        }
        _print_line("open set", **asdict(opened), **shares)
    if evaluation.thresholds is not None:
        _print_line("thresholds", labels=[asdict(one) for one in evaluation.thresholds])
    if evaluation.live is not None:
        from streamrec.cli.live_tables import print_live

        print_live(evaluation.live, json=True)


def _print_line(part: str, **values: Any) -> None:
    print(json.dumps({"part": part, **values}, ensure_ascii=False), flush=True)


def _judgement(judged: "Judgement") -> dict[str, Any]:
    figures = judged.figures
    return {
        "judged": figures.clips,
        "multi_label": figures.multi_label,
        **{name: getattr(figures, name) for name in _FIGURES},
        "intervals": {name: asdict(one) for name, one in judged.intervals.items() if one},
        "classes": [asdict(one) for one in figures.classes if one.support],
        "confusions": [asdict(pair) for pair in _worst(judged)],
    }


def _figures(judged: "Mapping[Any, Judgement]") -> "Table":
    table = make_table("", *(f"{VIEWS[views]}>" for views in judged))
    for name, title in _FIGURES.items():
        cells = [_figure(one, name) for one in judged.values()]
        if any(cell != _NOTHING for cell in cells):
            table.add_row(title, *cells)
    return table


def _figure(judged: "Judgement", name: str) -> str:
    value, interval = getattr(judged.figures, name), judged.intervals.get(name)
    if value is None:
        return _NOTHING
    within = "" if interval is None else f" ({interval.low:.3f} to {interval.high:.3f})"
    return f"{value:.3f}{within}"


def _interval_note(judged: "Judgement") -> str:
    found = next(filter(None, judged.intervals.values()), None)
    if found is None:
        return "no intervals: all clips are of one group"
    return f"in brackets: {found.level:.0%} intervals, by bootstrap over {found.groups} groups"


def _classes(judged: "Judgement") -> "Table":
    """Make a table of the classes that occur; of many, the worst."""
    shown = [one for one in judged.figures.classes if one.support]
    if len(shown) > _MOST_CLASSES:
        shown = sorted(shown, key=lambda one: one.f1)[:_MOST_CLASSES]
    table = make_table("class", "clips>", "precision>", "recall>", "F1>")
    for one in shown:
        shares = (f"{share:.2f}" for share in (one.precision, one.recall, one.f1))
        table.add_row(in_line(one.label), str(one.support), *shares)
    return table


def _confusions(judged: "Judgement") -> "Table | None":
    pairs = list(_worst(judged))[:_MOST_PAIRS]
    if not pairs:
        return None
    table = make_table("shown", "said", "clips>")
    for pair in pairs:
        table.add_row(in_line(pair.true), in_line(pair.said), f"{pair.clips} of {pair.of}")
    return table


def _worst(judged: "Judgement") -> Iterator[Any]:
    from streamrec.report.confusion import worst_pairs

    if judged.figures.confusion is not None:
        yield from worst_pairs(judged.figures.confusion, judged.answers.labels)


def _open_set(opened: "OpenSet") -> str:
    events = ", ".join(f"{count} {in_line(label)}" for label, count in opened.events.items())
    lines = [
        f"of {opened.clips} clip{'s'[: opened.clips != 1]} of no class {opened.raised} raise an "
        f"event ({opened.share_raised:.0%}), {opened.events_per_hour:.1f} events an hour"
        + (f": {events}" if events else "")
    ]
    if opened.auroc is not None:
        lines.append(f"known told from unknown by the highest score: AUROC {opened.auroc:.3f}")
    return "\n".join(lines)


def _thresholds(evaluation: "Evaluation") -> "Table":
    table = make_table("label", "on score>", "off score>", "precision>", "recall>", "clips>", "")
    for one in evaluation.thresholds or ():
        scores = (f"{score:.3f}" for score in (one.on_score, one.off_score))
        shares = (f"{share:.2f}" for share in (one.precision, one.recall))
        reached = "" if one.reached else "best F1, as the precision is out of reach"
        few = "few clips" if one.few else ""
        remark = ", ".join(filter(None, (reached, few)))
        table.add_row(in_line(one.label), *scores, *shares, str(one.clips), remark)
    return table


def threshold_notes(evaluation: "Evaluation") -> list[str]:
    """Return what one must know of the suggested scores."""
    if evaluation.open_set is not None:
        return []
    return [
        "no clip shows something of no class, so these scores tell the classes from each other "
        "only; name such videos with --unknown"
    ]
