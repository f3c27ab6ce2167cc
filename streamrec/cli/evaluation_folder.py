"""What ``streamrec evaluate --to FOLDER`` writes: the answers as tables, and a page."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from streamrec.cli.evaluation_tables import VIEWS, threshold_notes

if TYPE_CHECKING:
    from streamrec.cli.evaluation_result import Evaluation
    from streamrec.evaluation.live_result import LiveResult
    from streamrec.report.record import Table

_LIVE_HEAD = (
    *("horizon", "after minutes", "right in actions", "right in background"),
    *("first right", "let go after", "flicker a minute", "alarms an hour"),
)


def require_folder(folder: Path) -> None:
    """Make the folder, before the work is done, and check that all can be written.

    Raises:
        OutputError: it cannot be made.
        RuntimeMissingError: a package that draws or writes the page is not installed.
    """
    from streamrec.errors import OutputError
    from streamrec.report.page import require_report

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror or error}") from None
    require_report(folder)


def write_folder(evaluation: "Evaluation", data: Path, folder: Path) -> Path:
    """Write ``answers.csv``, ``answers-single.csv`` and the page; return the page.

    Raises:
        OutputError: a file cannot be written.
    """
    from streamrec.evaluation.answer_file import save_answers
    from streamrec.model_source import display_name
    from streamrec.report.record import EvaluationRun
    from streamrec.report.write import write_evaluation

    for views, judged in evaluation.judged.items():
        name = "answers.csv" if views == "multi" else f"answers-{views}.csv"
        save_answers(folder / name, judged.answers)
    run = EvaluationRun(
        title=f"{display_name(evaluation.model)} on {evaluation.which}",
        model=evaluation.model,
        data=str(data),
        judged=evaluation.best_judged,
        skipped={fault.clip.path: fault.reason for fault in evaluation.faults},
        facts={"engine": evaluation.engine, "seen": " and ".join(_views(evaluation))},
        tables=list(_tables(evaluation)),
        warnings=threshold_notes(evaluation) if evaluation.thresholds is not None else (),
    )
    return write_evaluation(run, folder)


def _views(evaluation: "Evaluation") -> Iterator[str]:
    for views, judged in evaluation.judged.items():
        yield f"{VIEWS[views]}: {judged.figures.top1:.1%} right"


def _tables(evaluation: "Evaluation") -> "Iterator[Table]":
    if evaluation.open_set is not None:
        yield _open_set(evaluation)
    if evaluation.thresholds is not None:
        yield _thresholds(evaluation)
    if evaluation.live is not None:
        yield _live(evaluation.live)


def _open_set(evaluation: "Evaluation") -> "Table":
    from streamrec.report.record import Table

    opened = evaluation.open_set
    assert opened is not None
    return Table(
        title="Events of clips of no class",
        head=("clips", "that raise an event", "events an hour", "AUROC", "events"),
        rows=[
            (
                opened.clips,
                opened.raised,
                opened.events_per_hour,
                opened.auroc,
                ", ".join(f"{count} {label}" for label, count in opened.events.items()),
            )
        ],
        note="AUROC: the chance that the highest score of a clip of some class is above that of "
        "a clip of none; 0.5 is no better than a coin.",
    )


def _thresholds(evaluation: "Evaluation") -> "Table":
    from streamrec.report.record import Table

    return Table(
        title="Scores at which events should start and end",
        head=("label", "on score", "off score", "precision", "recall", "clips"),
        rows=[
            (one.label, one.on_score, one.off_score, one.precision, one.recall, one.clips)
            for one in evaluation.thresholds or ()
        ],
        note="Precision and recall are shares of clips, each seen as live video.",
    )


def _live(result: "LiveResult") -> "Table":
    from streamrec.report.record import Table

    overlaps = [events.overlap for events in result.rows[0].figures.events]
    of_events = [f"events, {name} at {at:g}" for at in overlaps for name in ("precision", "recall")]
    return Table(
        title="Endless video",
        head=(*_LIVE_HEAD, *of_events),
        rows=[
            (
                "-" if result.windowed else (row.horizon or "everlasting"),
                row.age_min,
                row.figures.action_accuracy,
                row.figures.background_accuracy,
                row.figures.first_right.median_s,
                row.figures.let_go.median_s,
                row.figures.flicker_per_minute,
                row.alarms_per_hour,
                *(share for one in row.figures.events for share in (one.precision, one.recall)),
            )
            for row in result.rows
        ],
        note=f"Each clip after minutes of background ({result.background}), in a stream that began "
        "with them. Right: shares of the answers. First right and let go: medians, seconds.",
    )
