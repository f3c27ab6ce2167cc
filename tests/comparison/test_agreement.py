import numpy as np
import pytest
from made_runs import LABELS, made_run, observed

from streamrec.comparison.agreement import agreements

WALK, RUN = 0, 1
PAIR = ("a", "b")


def share(first, second) -> float | None:
    return agreements([made_run(first, model="a"), made_run(second, model="b")]).get(PAIR)


def test_models_that_say_the_same_agree():
    assert share(observed([WALK, RUN, RUN]), observed([WALK, RUN, RUN])) == 1.0
    assert share(observed([WALK, WALK]), observed([RUN, RUN])) == 0.0


def test_a_prediction_counts_until_the_next_one_whatever_the_rates():
    slow = observed([WALK, RUN], times_s=[0.0, 1.0])
    fast = observed([WALK] * 20, times_s=np.arange(20) / 10)
    assert share(slow, fast) == pytest.approx(10 / 20)


def test_moments_before_both_have_spoken_do_not_count():
    late = observed([RUN], times_s=[1.0])
    early = observed([WALK] * 10 + [RUN] * 5, times_s=np.arange(15) / 10)
    assert share(late, early) == 1.0


def test_classes_are_compared_by_their_names():
    other = tuple(label.upper() for label in reversed(LABELS))
    assert share(observed([WALK]), observed([len(LABELS) - 1], labels=other)) == 1.0


def test_moments_count_only_where_both_know_both_classes():
    fewer = ("run", "walk", "hop")
    assert share(observed([WALK, 3]), observed([1, 1], labels=fewer)) == 1.0
    assert share(observed([WALK]), observed([0], labels=("hop", "skip"))) is None


def test_all_files_count():
    runs = [
        made_run(observed([WALK]), observed([WALK] * 3), model="a"),
        made_run(observed([RUN]), observed([WALK] * 3), model="b"),
    ]
    assert agreements(runs)[PAIR] == pytest.approx(5 / 6)


def test_untrained_models_agree_with_nobody():
    runs = [
        made_run(observed([WALK]), model="a"),
        made_run(observed([WALK]), model="b", untrained=True),
    ]
    assert agreements(runs) == {}
