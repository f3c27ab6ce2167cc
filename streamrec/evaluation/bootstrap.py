"""How far a figure could be off by chance: the bootstrap, over groups of clips.

Clips that were cut from one video are alike, so whole groups are drawn, not clips (the cluster
bootstrap: Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 3.8).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from streamrec.dataset.clips import LabelledClip
from streamrec.dataset.splits import group_of
from streamrec.errors import OptionError
from streamrec.evaluation.answers import Answers, Indices
from streamrec.evaluation.metrics import mean_average_precision, mean_per_class, top_k

_FEWER = 200
"""Resamples of what takes long."""


LEAST_GROUPS = 5
"""Of fewer, draws repeat each other, and an interval would look surer than it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where a figure would lie with other clips of the same kind.

    Attributes:
        low, high: its percentiles.
        level: how likely it lies between them.
        groups: how many there were to draw from; few of them tell little.
    """

    low: float
    high: float
    level: float
    groups: int


def interval(
    answers: Answers,
    figure: Callable[[Answers], float],
    *,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Interval | None:
    """Return the percentile interval of a figure; None where there are fewer than ``LEAST_GROUPS``.

    Clips that show no class are left out, as in all figures.

    Args:
        answers: what it is a figure of.
        figure: computes it, from answers in which clips may be repeated.
        resamples: how often groups are drawn, with replacement, as many as there are.
        seed: the same one gives the same interval.
        level: between 0 and 1.

    Raises:
        OptionError: ``resamples`` is below 1, or ``level`` is not between 0 and 1.
    """
    if resamples < 1 or not 0.0 < level < 1.0:
        raise OptionError(
            f"resamples are at least 1 and level between 0 and 1; got {resamples} and {level}"
        )
    answers = answers.known()
    groups = _groups(answers.clips)
    if len(groups) < LEAST_GROUPS:
        return None
    random = np.random.default_rng(seed)
    values = [figure(answers.pick(_draw(groups, random))) for _ in range(resamples)]
    low, high = np.quantile(values, ((1 - level) / 2, (1 + level) / 2))
    return Interval(low=float(low), high=float(high), level=level, groups=len(groups))


def intervals_of(answers: Answers) -> Mapping[str, Interval]:
    """Return the intervals of the main figures, by their names in ``metrics.Figures``.

    Raises:
        RuntimeMissingError: torchmetrics, which clips of several labels need, is not installed.
    """
    figures: dict[str, Callable[[Answers], float]] = {
        "top1": partial(top_k, k=1),
        "mean_per_class": mean_per_class,
    }
    if len(answers.labels) > 5:
        figures["top5"] = partial(top_k, k=5)
    found = {name: interval(answers, figure) for name, figure in figures.items()}
    if answers.multi_label:
        found["mean_average_precision"] = interval(
            answers, mean_average_precision, resamples=_FEWER
        )
    return {name: one for name, one in found.items() if one is not None}


def _groups(clips: Sequence[LabelledClip]) -> list[Indices]:
    """Return the clips of each group; see `streamrec.dataset.splits.group_of`."""
    rows: dict[tuple[str, str], list[int]] = {}
    for row, clip in enumerate(clips):
        rows.setdefault(group_of(clip), []).append(row)
    return [np.array(its, np.intp) for its in rows.values()]


def _draw(groups: Sequence[Indices], random: np.random.Generator) -> Indices:
    return np.concatenate([groups[i] for i in random.integers(len(groups), size=len(groups))])
