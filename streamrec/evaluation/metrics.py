"""Answers -> figures: the field's metrics, by torchmetrics where it has them.

Clips that show no class at all are left out of every figure; ``open_set`` judges those.
"""

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from streamrec.errors import DatasetError, RuntimeMissingError
from streamrec.evaluation.answers import Answers
from streamrec.types import Array

BINS = 15
"""Of confidence, as in Guo et al., On Calibration of Modern Neural Networks, 2017."""

THRESHOLD = 0.5
"""Of independent probabilities: a class that reaches it is said to be there."""

_LEAST = 1e-7  # a probability of 0 costs 16 nats and not infinitely many


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFigures:
    """How well one class is told.

    Attributes:
        label: its name.
        precision: share of what is said to be this class and is.
        recall: share of the class that is said to be.
        f1: their harmonic mean; all three are 0 where nothing is right.
        support: clips that show it.
    """

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reliability:
    """How often a model is right, by how sure it is: the reliability diagram.

    Attributes:
        edges: of the bins of confidence, float32 [BINS + 1].
        counts: decisions in each bin, int [BINS].
        confidence, accuracy: their means, float32 [BINS]; 0 where there are none.
    """

    edges: Array
    counts: npt.NDArray[np.int64]
    confidence: Array
    accuracy: Array


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Figures:
    """How good answers are.

    Attributes:
        clips: how many were judged.
        multi_label: whether they may show several classes: then each pair of clip and class is a
            decision; otherwise each clip is one, for its best class.
        top1: share of clips whose best class is one that they show.
        top5: share with one of those among the best five; None: there are no more than five.
        mean_per_class: mean recall of the classes that occur.
        mean_average_precision: mean over the classes that occur, each against the rest; None where
            there is one class only.
        calibration_error: how far confidence and accuracy are apart (ECE, 15 bins).
        log_loss: mean of a decision, nats.
        confusion: clips by true class (rows) and best class (columns), int [classes, classes]; None
            for several labels a clip.
        classes: each class, in score order.
        reliability: accuracy by confidence.
    """

    clips: int
    multi_label: bool
    top1: float
    top5: float | None
    mean_per_class: float
    mean_average_precision: float | None
    calibration_error: float
    log_loss: float
    confusion: npt.NDArray[np.int64] | None = field(repr=False)
    classes: tuple[ClassFigures, ...] = field(repr=False)
    reliability: Reliability = field(repr=False)


def require_metrics() -> None:
    """Check, before the work is done, that figures can be computed.

    Raises:
        RuntimeMissingError: torchmetrics is not installed.
    """
    _torchmetrics()


def figures_of(answers: Answers) -> Figures:
    """Return the figures of answers.

    Raises:
        DatasetError: no clip shows a class.
        RuntimeMissingError: torchmetrics is not installed.
    """
    answers = answers.known()
    if not len(answers.clips):
        raise DatasetError("no clip shows a class of the model; there is nothing to judge")
    classes, confidence, right = _classes(answers), *_decisions(answers)
    return Figures(
        clips=len(answers.clips),
        multi_label=answers.multi_label,
        top1=top_k(answers, 1),
        top5=top_k(answers, 5) if len(answers.labels) > 5 else None,
        mean_per_class=float(np.mean([one.recall for one in classes if one.support])),
        mean_average_precision=mean_average_precision(answers) if len(answers.labels) > 1 else None,
        calibration_error=_calibration_error(confidence, right),
        log_loss=log_loss(answers),
        confusion=None if answers.multi_label else _confusion(answers),
        classes=classes,
        reliability=_reliability(confidence, right),
    )


def top_k(answers: Answers, k: int) -> float:
    """Return the share of clips with a class that they show among the best ``k``; NumPy only."""
    best = answers.scores.argmax(1)[:, None]
    if k > 1:
        best = np.argpartition(-answers.scores, k - 1, axis=1)[:, :k]
    return float(np.take_along_axis(answers.truth, best, axis=1).any(1).mean())


def mean_per_class(answers: Answers) -> float:
    """Return the mean recall of the classes that occur; NumPy only."""
    right = _said(answers) & answers.truth
    support = answers.truth.sum(0)
    return float((right.sum(0)[support > 0] / support[support > 0]).mean())


def mean_average_precision(answers: Answers) -> float:
    """Return the mean over the classes that occur, each against the rest.

    Raises:
        RuntimeMissingError: torchmetrics is not installed.
    """
    metrics = _torchmetrics()
    scores, truth = _tensors(answers)
    occurring = np.flatnonzero(answers.truth.any(0))
    each = [metrics.binary_average_precision(scores[:, i], truth[:, i]) for i in occurring]
    return float(np.mean(each))


def _classes(answers: Answers) -> tuple[ClassFigures, ...]:
    metrics, count = _torchmetrics(), len(answers.labels)
    _, truth = _tensors(answers)
    said = _tensor(_said(answers)).int()
    wanted = {"num_labels": count, "average": "none"}
    if count == 1:  # torchmetrics takes two labels or more
        said, truth, wanted = said[:, 0], truth[:, 0], {}
    kind = "multilabel" if wanted else "binary"
    precision, recall, f1 = (
        np.atleast_1d(getattr(metrics, f"{kind}_{name}")(said, truth, **wanted).numpy())
        for name in ("precision", "recall", "f1_score")
    )
    return tuple(
        ClassFigures(
            label=label,
            precision=float(precision[i]),
            recall=float(recall[i]),
            f1=float(f1[i]),
            support=int(answers.truth[:, i].sum()),
        )
        for i, label in enumerate(answers.labels)
    )


def _said(answers: Answers) -> npt.NDArray[np.bool_]:
    """Return the classes that the model says are there, bool [N, classes]."""
    if answers.multi_label:
        return answers.scores >= THRESHOLD
    said = np.zeros_like(answers.truth)
    np.put_along_axis(said, answers.scores.argmax(1)[:, None], True, axis=1)
    return said


def _confusion(answers: Answers) -> npt.NDArray[np.int64]:
    count = len(answers.labels)
    table = np.zeros((count, count), np.int64)
    np.add.at(table, (answers.truth.argmax(1), answers.scores.argmax(1)), 1)
    return table


def _decisions(answers: Answers) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return how sure the model was each time, float32 [D], and whether it was right, bool [D]."""
    if answers.multi_label:
        return answers.scores.ravel(), answers.truth.ravel()
    best = answers.scores.argmax(1)
    rows = np.arange(len(best))
    return answers.scores[rows, best], answers.truth[rows, best]


def _calibration_error(confidence: Array, right: npt.NDArray[np.bool_]) -> float:
    sure, true = _tensor(confidence).clamp(0, 1), _tensor(right).int()
    return float(_torchmetrics().binary_calibration_error(sure, true, n_bins=BINS, norm="l1"))


def _reliability(confidence: Array, right: npt.NDArray[np.bool_]) -> Reliability:
    edges = np.linspace(0, 1, BINS + 1, dtype=np.float32)
    bins = np.clip(np.searchsorted(edges, confidence, side="right") - 1, 0, BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    sums = [np.bincount(bins, values, BINS) for values in (confidence, right)]
    sure, true = ((total / np.maximum(counts, 1)).astype(np.float32) for total in sums)
    return Reliability(edges=edges, counts=counts, confidence=sure, accuracy=true)


def log_loss(answers: Answers) -> float:
    """Return the mean log loss of a decision, nats; NumPy only."""
    scores = answers.scores.astype(np.float64)
    right = np.log(np.clip(scores, _LEAST, 1.0))
    if not answers.multi_label:
        return float(-right[answers.truth].mean())
    wrong = np.log(np.clip(1.0 - scores, _LEAST, 1.0))
    return float(-np.where(answers.truth, right, wrong).mean())


def _tensors(answers: Answers) -> tuple[Any, Any]:
    """Return scores, which torchmetrics would take for logits above 1, and the truth, as int."""
    return _tensor(answers.scores).clamp(0, 1), _tensor(answers.truth).int()


def _tensor(array: npt.NDArray[Any]) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(array))


def _torchmetrics() -> ModuleType:
    try:
        from torchmetrics.functional import classification
    except ImportError:
        raise RuntimeMissingError(
            'metrics are computed by torchmetrics: in the checkout, pip install ".[train]"'
        ) from None
    return classification
