import pytest

from streamrec.dataset.clips import LabelledClip
from streamrec.report.headline import headline
from streamrec.report.record import Fold


def test_accuracy_stands_against_the_most_frequent_class(made_run):
    run = made_run(shown=("run", "run", "walk"), clips=30)
    line = headline(run.judged)
    assert (line.measure, line.value, line.clips) == ("accuracy", pytest.approx(0.9), 30)
    assert (line.always, line.chance) == ("run", pytest.approx(2 / 3))
    assert line.better and line.spread is None


def test_folds_tell_the_spread(made_run):
    folds = [Fold(clips=5, score=score) for score in (0.7, 0.8, 0.9)]
    assert headline(made_run().judged, folds).spread == pytest.approx(0.1)
    assert headline(made_run().judged, folds[:1]).spread is None


def test_several_labels_stand_against_how_often_they_occur(made_answers, made_judgement, video):
    labels = ("walk", "talk", "never")
    clips = [LabelledClip(path=video, labels=labels[: 1 + i % 2]) for i in range(10)]
    line = headline(made_judgement(made_answers(labels, clips)))
    assert (line.measure, line.always) == ("mean average precision", "")
    assert line.chance == pytest.approx((1 + 0.5) / 2) and line.interval is None
