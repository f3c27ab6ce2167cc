"""How far figures could be off."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from streamrec.dataset.clips import LabelledClip
from streamrec.errors import OptionError
from streamrec.evaluation.answers import Answers
from streamrec.evaluation.bootstrap import interval, intervals_of
from streamrec.evaluation.metrics import top_k


def answers(right, groups=None) -> Answers:
    """Answers of two classes that are right or wrong."""
    groups = [None] * len(right) if groups is None else groups
    scores = np.where(np.array(right)[:, None], [0.9, 0.1], [0.1, 0.9]).astype(np.float32)
    truth = np.tile([True, False], (len(right), 1))
    clips = [
        LabelledClip(path=Path(f"{i}.mp4"), labels=("a",), group=group)
        for i, group in enumerate(groups)
    ]
    return Answers(model="m", labels=("a", "b"), clips=clips, truth=truth, scores=scores)


def accuracy(given: Answers) -> float:
    return top_k(given, 1)


def test_of_single_clips_it_is_the_binomial_interval():
    found = interval(answers([True] * 75 + [False] * 25), accuracy)
    assert found.groups == 100
    assert found.low == pytest.approx(0.75 - 1.96 * 0.0433, abs=0.02)
    assert found.high == pytest.approx(0.75 + 1.96 * 0.0433, abs=0.02)


def test_clips_of_one_video_count_as_one():
    right = [True] * 75 + [False] * 25
    alone = interval(answers(right), accuracy)
    grouped = interval(answers(right, [str(i // 5) for i in range(100)]), accuracy)
    assert grouped.groups == 20
    assert grouped.high - grouped.low > 1.8 * (alone.high - alone.low)  # the root of five


def test_a_group_is_drawn_whole():
    sizes = set()
    given = answers([True] * 20, [group for group in "vwxyz" for _ in range(4)])
    interval(given, lambda drawn: sizes.add(len(drawn.clips)) or 0.0, resamples=200)
    assert sizes == {20}
    uneven = answers([True] * 8, [*"vwxy", *"zzzz"])
    interval(uneven, lambda drawn: sizes.add(len(drawn.clips)) or 0.0, resamples=500)
    assert sizes == {20, 5, 8, 11, 14, 17}


def test_a_few_groups_say_nothing_of_others():
    assert interval(answers([True, False] * 4, [*"xxyyzzww"]), accuracy) is None


def test_the_same_seed_gives_the_same_interval():
    given = answers([True] * 9 + [False] * 5)
    first, again, other = (interval(given, accuracy, seed=seed) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_a_higher_level_is_wider():
    given = answers([True] * 30 + [False] * 20)
    narrow, wide = interval(given, accuracy, level=0.5), interval(given, accuracy, level=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize("bad", [{"resamples": 0}, {"level": 0.0}, {"level": 1.0}])
def test_what_is_not_allowed_is_refused(bad):
    with pytest.raises(OptionError, match="at least 1"):
        interval(answers([True, False]), accuracy, **bad)


def test_the_main_figures_have_intervals():
    assert intervals_of(answers([True] * 9 + [False])).keys() == {"top1", "mean_per_class"}
    assert intervals_of(answers([True, False], ["x", "x"])) == {}


def test_of_several_labels_average_precision_has_one():
    given = answers([True] * 9 + [False])
    given.truth[0] = True
    found = intervals_of(given)["mean_average_precision"]
    assert 0 < found.low < found.high <= 1


def test_pieces_of_one_file_are_a_group():
    given = answers([True, False])
    clips = [LabelledClip(path=Path("a"), labels=("a",), start_s=i) for i in (0.0, 5.0)]
    assert interval(replace(given, clips=clips), accuracy) is None
