"""Reports: a page that needs nothing else, and its pictures as files beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from streamrec.evaluation.metrics import Figures
from streamrec.report import cautions, next_steps
from streamrec.report.calibration import draw_reliability
from streamrec.report.classes import MOST_CLASSES, draw_classes, worst_first
from streamrec.report.confusion import MOST_CLASSES as MOST_SHOWN
from streamrec.report.confusion import MOST_NUMBERED, draw_confusion, worst_pairs
from streamrec.report.curve_chart import draw_curve
from streamrec.report.curves import Point, read_curves
from streamrec.report.data_summary import summarize
from streamrec.report.headline import headline
from streamrec.report.mistakes import worst_mistakes
from streamrec.report.page import PAGE, Picture, inline, require_report, write_page
from streamrec.report.record import EvaluationRun, Judgement, TrainingRun


def write_report(run: TrainingRun, folder: Path) -> Path:
    """Write ``report.html`` and its pictures about a training run.

    Args:
        run: what it came to.
        folder: an existing one; files of an earlier report are replaced.

    Returns:
        The page.

    Raises:
        RuntimeMissingError, OutputError: as ``require_report``; or a file cannot be written.
        DatasetError: the curves cannot be read.
    """
    require_report(folder)
    points = read_curves(run.curves)
    values = {
        "run": run,
        "line": headline(run.judged, run.folds),
        "cautions": cautions.of_training(run, points),
        "data": summarize(run.dataset),
        "curves": _curves(points, folder),
        "steps": _next_steps(run),
        "before": run.before,
        "temperature": run.temperature,
        **_judgement(run.judged, run.before, folder),
    }
    write_page("training.html", values, folder / PAGE)
    return folder / PAGE


def write_evaluation(run: EvaluationRun, folder: Path) -> Path:
    """Write ``report.html`` and its pictures about an evaluation; see ``write_report``."""
    require_report(folder)
    judged = run.judged
    values = {
        "run": run,
        "line": judged and headline(judged),
        "cautions": cautions.of_evaluation(run),
        "steps": next_steps.after_evaluation(run.model, run.data, live=bool(run.tables)),
        "before": None,
        "temperature": None,
        **(_judgement(judged, None, folder) if judged else {}),
    }
    write_page("evaluation.html", values, folder / PAGE)
    return folder / PAGE


def _next_steps(run: TrainingRun) -> list[next_steps.NextStep]:
    data = str(run.options.get("data", run.dataset.name))
    if run.folds:
        return next_steps.after_folds(run.model, data)
    return next_steps.after_training(run.result, str(run.result.with_name("clips.csv")))


def _curves(points: Sequence[Point], folder: Path) -> list[Picture]:
    pictures = []
    for name in ("loss", "accuracy"):
        path = folder / f"{name}.png"
        if draw_curve(points, name, path):
            pictures.append(inline(path, f"{name.capitalize()} over the steps of the training"))
    return pictures


def _judgement(judged: Judgement, before: Figures | None, folder: Path) -> Mapping[str, Any]:
    """Draw what a judgement shows; return what the templates need of it."""
    figures, labels = judged.figures, judged.answers.labels
    return {
        "figures": figures,
        "classes": worst_first(figures.classes),
        "most_classes": MOST_CLASSES,
        "few_classes": MOST_NUMBERED,
        "mistakes": worst_mistakes(judged.answers, folder),
        "reliability": _reliability(figures, before, folder),
        "class_chart": _classes(figures, folder),
        "confusion": _confusion(figures, labels, folder),
        "pairs": [] if figures.confusion is None else worst_pairs(figures.confusion, labels),
    }


def _reliability(figures: Figures, before: Figures | None, folder: Path) -> Picture:
    path = folder / "reliability.png"
    draw_reliability(figures, before, path)
    alt = "How often the model is right, by how sure it is: off by "
    return inline(path, f"{alt}{figures.calibration_error:.1%} on average")


def _classes(figures: Figures, folder: Path) -> Picture:
    path = folder / "classes.png"
    draw_classes(figures.classes, path)
    return inline(path, "Precision, recall and F1 of the classes, the worst at the top")


def _confusion(figures: Figures, labels: tuple[str, ...], folder: Path) -> Picture | None:
    counts, path = figures.confusion, folder / "confusion.png"
    if counts is None:
        return None
    draw_confusion(counts, labels, path)
    shown = f"{min(len(labels), MOST_SHOWN)} of {len(labels)} classes"
    right = f"{counts.trace()} of {counts.sum()} clips are on the diagonal"
    return inline(path, f"Which classes are taken for which: {shown}; {right}")
