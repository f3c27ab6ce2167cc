"""What ``streamrec compare`` prints: tables, or JSON."""

import difflib
import json
import math
from collections.abc import Sequence
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from streamrec.cli.words import page_console

if TYPE_CHECKING:
    from rich.table import Table

    from streamrec.comparison.figures import Figures, FileFigures, Result
    from streamrec.comparison.observe import Observation

_HEADINGS = (
    *("\ntop-1", "\ntop-5", "first\nright", "flicker\n/min"),
    *("ms per\nframe", "ms per\nprediction", "peak\nmemory"),
    *("\nparams", "MACs per\nprediction", "MACs per\ns of video"),
)
_LEAST_WIDTH = 110
"""Of a terminal that shows all columns."""

_ALL, _SAID, _COST = range(10), range(4), range(4, 10)
"""Columns: what a model says, and what it costs, which a narrow terminal shows apart."""

_UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_NOTHING = "-"


def print_tables(results: "Sequence[Result]", top: int) -> None:
    """Print what each model says, the table of all models, and how far they agree."""
    console = page_console()
    for file in range(len(results[0].of_files)):
        for line in _answers(results, file, top):
            console.print(line, no_wrap=True, overflow="ellipsis")
        console.print()
    wide = console.width >= _LEAST_WIDTH
    for columns in (_ALL,) if wide else (_SAID, _COST):
        console.print(_table(results, columns))
    for note in _notes(results):
        console.print(note)
    if (table := _agreement_table(results)) is not None:
        console.print("\nhow often two models name the same class:")
        console.print(table)


def print_lines(results: "Sequence[Result]", top: int) -> None:
    """Print one JSON object for each model, and one for their agreement."""
    for result in results:
        print(json.dumps(_model(result, top), ensure_ascii=False))
    pairs = [{"models": pair, "share": _round(share)} for pair, share in _agreements(results)]
    print(json.dumps({"agreement": pairs}, ensure_ascii=False), flush=True)


def _answers(results: "Sequence[Result]", file: int, top: int) -> list[str]:
    answer, label = results[0].run.observations[file].answer, results[0].of_files[file].label
    shown = "" if label is None else f": {label}"
    head = f"{answer.file}  ({answer.frames} frames, {answer.duration_s:.1f} s){shown}"
    trained = [result.run for result in results if not result.run.entry.untrained]
    width = max((len(run.entry.model) for run in trained), default=0)
    lines = [
        f"  {run.entry.model:<{width}}  {_classes(run.observations[file], top)}" for run in trained
    ]
    return [head, *lines]


def _classes(observation: "Observation", top: int) -> str:
    return ", ".join(f"{score.score:.1%} {score.label}" for score in observation.answer.top(top))


def _table(results: "Sequence[Result]", columns: Sequence[int]) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("\nmodel", overflow="fold")
    for column in columns:
        table.add_column(_HEADINGS[column], justify="right", no_wrap=True)
    for result in results:
        model, *cells = _cells(result)
        table.add_row(model, *(cells[column] for column in columns))
    return table


def _cells(result: "Result") -> list[str]:
    run, overall = result.run, result.overall
    untrained = run.entry.untrained
    memory = run.peak_memory_bytes
    return [
        run.entry.model + (" (untrained)" if untrained else ""),
        *([_NOTHING] * 4 if untrained else _quality(overall, len(result.of_files))),
        _digits(overall.ms_per_frame),
        _digits(overall.ms_per_prediction),
        _NOTHING if memory is None else f"{memory / 1e6:.0f} MB",
        _si(run.entry.cost.parameters),
        _si(run.entry.cost.macs),
        _si(overall.macs_per_s),
    ]


def _quality(overall: "Figures", files: int) -> list[str]:
    first_right_s = overall.first_right_s
    if first_right_s is None:
        judged = [_NOTHING] * 3
    else:
        right = [_right(count, overall.judged, files) for count in (overall.top1, overall.top5)]
        judged = [*right, "never" if math.isinf(first_right_s) else f"{first_right_s:.1f} s"]
    return [*judged, _digits(overall.flicker_per_minute)]


def _right(count: int, judged: int, files: int) -> str:
    if files == 1:
        return "yes" if count else "no"
    return f"{count}/{judged}"


def _digits(value: float) -> str:
    """Say a figure with about three digits."""
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}"


def _si(value: float | None) -> str:
    if value is None:
        return _NOTHING
    size, unit = next((pair for pair in _UNITS if value >= pair[0]), (1.0, ""))
    return f"{_digits(value / size)} {unit}".rstrip()


def _notes(results: "Sequence[Result]") -> list[str]:
    notes = [
        "first right: from the action's start to the first right best class; flicker: changes of "
        "the best class; ms: preprocessing and inference, medians; MACs: multiply-adds"
    ]
    if any(result.run.entry.untrained for result in results):
        notes.append("untrained: random weights; what they say means nothing, what they cost does")
    for result in results:
        unknown = [] if result.run.entry.untrained else _unknown_labels(result)
        if unknown:
            names = ", ".join(unknown)
            notes.append(f"{result.run.entry.model} has no class {names}: not judged there")
    if any(result.run.peak_memory_bytes is None for result in results):
        notes.append("peak memory is not known here; psutil tells it: pip install psutil")
    return notes


def _unknown_labels(result: "Result") -> list[str]:
    classes = result.run.observations[0].answer.labels
    unknown = [each.label for each in result.of_files if each.label and not each.knows_label]
    return [f"{name!r}{_nearest(name, classes)}" for name in dict.fromkeys(unknown)]


def _nearest(name: str, classes: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, classes, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _agreements(results: "Sequence[Result]") -> list[tuple[tuple[str, str], float]]:
    from streamrec.comparison.agreement import agreements

    return list(agreements([result.run for result in results]).items())


def _agreement_table(results: "Sequence[Result]") -> "Table | None":
    from rich.table import Table

    shares = dict(_agreements(results))
    if not shares:
        return None
    models = [r.run.entry.model for r in results if any(r.run.entry.model in p for p in shares)]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=True)
    table.add_column("")
    for number in range(1, len(models)):
        table.add_column(str(number), justify="right")
    for number, model in enumerate(models, 1):
        row = [shares.get((other, model)) for other in models[: number - 1]]
        cells = [_NOTHING if share is None else f"{share:.0%}" for share in row]
        table.add_row(f"{number} {shorten(model, 40)}", *cells)
    return table


def _model(result: "Result", top: int) -> dict[str, Any]:
    run, overall = result.run, result.overall
    untrained = run.entry.untrained
    return {
        "model": run.entry.model,
        "untrained": untrained,
        "engine": run.engine,
        "judged": overall.judged,
        "top1": overall.top1,
        "top5": overall.top5,
        "first_right_s": _round(overall.first_right_s),
        "flicker_per_minute": None if untrained else _round(overall.flicker_per_minute),
        "ms_per_frame": _round(overall.ms_per_frame),
        "ms_per_prediction": _round(overall.ms_per_prediction),
        "peak_memory_bytes": run.peak_memory_bytes,
        "parameters": run.entry.cost.parameters,
        "macs_per_prediction": run.entry.cost.macs,
        "macs_per_s": _round(overall.macs_per_s),
        "files": [
            _file(observation, figures, top, untrained=untrained)
            for observation, figures in zip(run.observations, result.of_files, strict=True)
        ],
    }


def _file(
    observation: "Observation", figures: "FileFigures", top: int, *, untrained: bool
) -> dict[str, Any]:
    answer = observation.answer
    return {
        "file": answer.file,
        "label": figures.label,
        "knows_label": figures.knows_label,
        "frames": answer.frames,
        "duration_s": _round(answer.duration_s),
        "predictions": len(answer.times_s),
        "top": [
            {"id": score.id, "label": score.label, "score": round(score.score, 6)}
            for score in answer.top(top)
        ],
        "top1": figures.top1,
        "top5": figures.top5,
        "first_right_s": _round(figures.first_right_s),
        "flicker_per_minute": None if untrained else _round(figures.flicker_per_minute),
    }


def _round(value: float | None) -> float | None:
    """Prepare a figure for JSON, which has no infinity."""
    return None if value is None or math.isinf(value) else round(value, 4)
