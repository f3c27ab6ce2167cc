"""The figures of answers."""

import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from streamrec.dataset.clips import LabelledClip
from streamrec.errors import DatasetError, RuntimeMissingError
from streamrec.evaluation.answers import Answers
from streamrec.evaluation.metrics import (
    figures_of,
    mean_average_precision,
    mean_per_class,
    top_k,
)


def answers(scores, truth) -> Answers:
    """Answers to clips; ``truth``: the class of each, or rows of which classes it shows."""
    scores, truth = np.array(scores, np.float32), np.array(truth)
    labels = tuple("abcdefgh"[: scores.shape[1]])
    if truth.ndim == 1:
        truth = truth[:, None] == np.arange(len(labels))
    clips = [
        LabelledClip(path=Path(f"{i}.mp4"), labels=tuple(np.array(labels)[row == 1]))
        for i, row in enumerate(truth)
    ]
    return Answers(model="m", labels=labels, clips=clips, truth=truth == 1, scores=scores)


def random_answers(clips: int = 60, classes: int = 7, *, several: bool = False) -> Answers:
    random = np.random.default_rng(0)
    logits = random.normal(size=(clips, classes)) * 2
    if several:
        truth = random.random((clips, classes)) < 0.3
        truth[0, :2] = truth[1:, 0] = True
        return answers(1 / (1 + np.exp(-logits - truth)), truth)
    classes_of = random.integers(0, classes - 1, clips)  # the last one never occurs
    logits[np.arange(clips), classes_of] += 2
    scores = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return answers(scores, classes_of)


def test_figures_of_single_labels_agree_with_scikit_learn():
    given = random_answers()
    true, said, occurring = given.truth.argmax(1), given.scores.argmax(1), range(6)
    figures = figures_of(given)
    assert figures.top1 == pytest.approx(sklearn_metrics.accuracy_score(true, said))
    assert figures.mean_per_class == pytest.approx(
        sklearn_metrics.recall_score(true, said, labels=occurring, average="macro")
    )
    assert figures.log_loss == pytest.approx(
        sklearn_metrics.log_loss(true, _sum_to_one(given.scores), labels=range(7)), rel=1e-5
    )
    precision, recall, f1, support = sklearn_metrics.precision_recall_fscore_support(
        true, said, labels=range(7), zero_division=0
    )
    for i, one in enumerate(figures.classes):
        assert (one.precision, one.recall, one.f1, one.support) == pytest.approx(
            (precision[i], recall[i], f1[i], support[i])
        )
    assert np.array_equal(
        figures.confusion, sklearn_metrics.confusion_matrix(true, said, labels=range(7))
    )
    average = [
        sklearn_metrics.average_precision_score(given.truth[:, i], given.scores[:, i])
        for i in occurring
    ]
    assert figures.mean_average_precision == pytest.approx(np.mean(average), abs=1e-5)


def test_figures_of_several_labels_agree_with_scikit_learn():
    given = random_answers(several=True)
    figures = figures_of(given)
    assert figures.multi_label
    assert figures.confusion is None
    assert figures.mean_average_precision == pytest.approx(
        sklearn_metrics.average_precision_score(given.truth, given.scores), abs=1e-5
    )
    assert [one.f1 for one in figures.classes] == pytest.approx(
        sklearn_metrics.f1_score(given.truth, given.scores >= 0.5, average=None, zero_division=0)
    )
    assert figures.log_loss == pytest.approx(
        np.mean(
            [
                sklearn_metrics.log_loss(true, score.astype(float), labels=[False, True])
                for true, score in zip(given.truth.T, given.scores.T, strict=True)
            ]
        ),
        rel=1e-5,
    )


def test_the_quick_functions_agree_with_the_figures():
    given = random_answers()
    figures = figures_of(given)
    assert top_k(given, 1) == figures.top1
    assert top_k(given, 5) == figures.top5
    assert mean_per_class(given) == pytest.approx(figures.mean_per_class)
    assert mean_average_precision(given) == figures.mean_average_precision


def test_five_of_five_classes_are_no_figure():
    assert figures_of(random_answers(classes=5)).top5 is None


@pytest.mark.parametrize("several", [False, True])
def test_the_bins_of_the_diagram_add_up_to_the_calibration_error(several: bool):
    figures = figures_of(random_answers(several=several))
    bins = figures.reliability
    gaps = np.abs(bins.accuracy - bins.confidence) * bins.counts / bins.counts.sum()
    assert bins.counts.sum() == 60 * (7 if several else 1)
    assert gaps.sum() == pytest.approx(figures.calibration_error, abs=1e-5)


def test_a_model_that_is_sure_and_right_has_no_error():
    figures = figures_of(answers(np.eye(3), [0, 1, 2]))
    assert (figures.top1, figures.calibration_error, figures.log_loss) == (1, 0, 0)
    assert figures.reliability.counts[-1] == 3


def test_certainty_of_what_is_wrong_costs_much_but_not_infinitely_much():
    assert 10 < figures_of(answers(np.eye(2), [1, 0])).log_loss < 20


def test_probabilities_a_rounding_error_above_1_are_no_logits():
    exact = figures_of(answers([[1.0, 0.0], [0.4, 0.6]], [0, 1]))
    above = figures_of(answers([[1.0000002, 0.0], [0.4, 0.6]], [0, 1]))
    assert above.calibration_error == pytest.approx(exact.calibration_error, abs=1e-5)


def test_clips_of_no_class_are_not_judged():
    figures = figures_of(answers([[0.9, 0.1], [0.9, 0.1]], [[1, 0], [0, 0]]))
    assert (figures.clips, figures.top1) == (1, 1)


def test_one_class_has_no_average_precision():
    figures = figures_of(answers([[0.9], [0.8]], [0, 0]))
    assert (figures.top1, figures.mean_average_precision) == (1, None)


def test_without_any_class_there_is_nothing_to_judge():
    with pytest.raises(DatasetError, match="nothing to judge"):
        figures_of(answers([[0.9, 0.1]], [[0, 0]]))


def test_without_torchmetrics_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchmetrics.functional", None)
    with pytest.raises(RuntimeMissingError, match=r"\.\[train\]"):
        figures_of(random_answers())


def _sum_to_one(scores):
    return scores.astype(float) / scores.sum(1, keepdims=True, dtype=float)
