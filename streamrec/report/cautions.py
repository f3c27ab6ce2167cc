"""What a reader must know before believing a report, in plain words."""

from collections import Counter
from collections.abc import Iterator, Sequence

from streamrec.dataset.clips import Dataset
from streamrec.report.curves import Point
from streamrec.report.headline import headline
from streamrec.report.record import EvaluationRun, Judgement, TrainingRun

_FEW_CLIPS = 100
_FEW_GROUPS = 10
_FEW_TO_LEARN = 10
_BY_HEART = 0.15
"""Accuracy on clips that were learnt from, above that on others."""

_RISEN = 1.1
"""Loss on validation clips at the end, in parts of the lowest one."""

_OFF = 0.1
"""Calibration error from which scores are not to be taken at their word."""

_NAMED = 5
"""Classes that are told by name."""


def of_training(run: TrainingRun, points: Sequence[Point]) -> list[str]:
    """Return warnings about a training run."""
    return [
        *run.warnings,
        *_of_judgement(run.judged),
        *_of_dataset(run.dataset),
        *_of_curves(points, run),
        *_of_speed(run),
    ]


def of_evaluation(run: EvaluationRun) -> list[str]:
    """Return warnings about an evaluation."""
    return [*run.warnings, *(_of_judgement(run.judged) if run.judged else ())]


def _of_judgement(judged: Judgement) -> Iterator[str]:
    figures, line = judged.figures, headline(judged)
    if not line.better:
        what = f"saying \N{LEFT DOUBLE QUOTATION MARK}{line.always}\N{RIGHT DOUBLE QUOTATION MARK}"
        yield (
            f"The model is not surely better than {what if line.always else 'chance'} every time "
            f"({line.chance:.1%})."
        )
    if figures.clips < _FEW_CLIPS:
        yield (
            f"Only {figures.clips} clips judge the model: one clip more or less is "
            f"{1 / figures.clips:.1%} of accuracy."
        )
    if line.interval is not None and line.interval.groups < _FEW_GROUPS:
        yield (
            f"These clips come from {line.interval.groups} groups only; clips of one group are "
            "alike, so the figures may be far off."
        )
    if unseen := [each.label for each in figures.classes if not each.support]:
        yield f"No clip that judges the model shows {_names(unseen)}: nothing is known of that."
    if figures.calibration_error > _OFF:
        yield (
            "Scores are not to be taken at their word: they are off by "
            f"{figures.calibration_error:.0%} on average."
        )


def _of_dataset(dataset: Dataset) -> Iterator[str]:
    learnt = Counter(label for clip in dataset.of("train") for label in clip.labels)
    few = [label for label in dataset.labels if learnt[label] < _FEW_TO_LEARN]
    if few and learnt:
        yield f"Fewer than {_FEW_TO_LEARN} clips to learn from: {_names(few)}."
    if all(clip.group is None for clip in dataset.clips):
        yield (
            "No clip says which group it belongs to. If some were cut from one video, or show one "
            "person, they may be both among those that the model learns from and those that judge "
            "it, and then the figures are too good."
        )


def _of_curves(points: Sequence[Point], run: TrainingRun) -> Iterator[str]:
    learnt, figures = _curve(points, "train", "accuracy"), run.judged.figures
    if learnt and not figures.multi_label and learnt[-1].value - figures.top1 > _BY_HEART:
        yield (
            f"The model is right on {learnt[-1].value:.0%} of the clips that it learns from, and "
            f"on {figures.top1:.0%} of the others: it knows its clips by heart (overfitting). More "
            "clips help most; then more variation of them, or training fewer parts of the model."
        )
    losses = _curve(points, "val", "loss")
    lowest = min(losses, key=lambda point: point.value, default=None)
    if lowest and losses[-1].value > _RISEN * lowest.value and not run.options.get("patience"):
        yield (
            f"The loss on validation clips was lowest ({lowest.value:.3g}) at step {lowest.step}, "
            f"and {losses[-1].value:.3g} at the end: the model came to know its clips by heart "
            "(overfitting). Train fewer epochs, or take the best ones by --patience."
        )


def _curve(points: Sequence[Point], split: str, name: str) -> list[Point]:
    return [each for each in points if (each.split, each.name) == (split, name)]


def _of_speed(run: TrainingRun) -> Iterator[str]:
    allowed_ms = 1000 / run.fps
    if run.latency and (fastest := min(each.step_ms for each in run.latency)) > allowed_ms:
        yield (
            f"This machine is too slow for the model: a step takes {fastest:.0f} ms, and there is "
            f"a frame to look at every {allowed_ms:.0f} ms."
        )


def _names(labels: Sequence[str]) -> str:
    named = ", ".join(labels[:_NAMED])
    more = len(labels) - _NAMED
    return f"{named} and {more} more" if more > 0 else named
