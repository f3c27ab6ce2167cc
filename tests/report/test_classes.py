from streamrec.evaluation.metrics import ClassFigures
from streamrec.report.classes import worst_first


def figures(label, f1, support):
    return ClassFigures(label=label, precision=f1, recall=f1, f1=f1, support=support)


def test_the_worst_comes_first_and_what_nothing_shows_last():
    classes = [
        figures("never", 0.0, 0),
        figures("good", 0.9, 3),
        figures("bad", 0.1, 3),
        figures("bad, and often", 0.1, 9),
    ]
    order = [each.label for each in worst_first(classes)]
    assert order == ["bad, and often", "bad", "good", "never"]
