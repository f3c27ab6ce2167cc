"""How often two models name the same class."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from streamrec.comparison.entry import Run
from streamrec.comparison.figures import class_key
from streamrec.comparison.observe import Observation

STEP_S = 0.1
"""Of the time grid on which models of different rates are compared."""


def agreements(runs: Sequence[Run]) -> dict[tuple[str, str], float]:
    """Return the share of moments at which two models name the same class, by their names.

    Only moments count at which both have said something, and each names a class that the other
    knows too. Pairs without such moments are left out, and so are models without training.
    """
    trained = [run for run in runs if not run.entry.untrained]
    shares = {
        (a.entry.model, b.entry.model): _share(a.observations, b.observations)
        for a, b in combinations(trained, 2)
    }
    return {pair: share for pair, share in shares.items() if share is not None}


def _share(first: Sequence[Observation], second: Sequence[Observation]) -> float | None:
    same = [
        one == other
        for a, b in zip(first, second, strict=True)
        for one, other in _named_by_both(a, b)
    ]
    return float(np.mean(same)) if same else None


def _named_by_both(a: Observation, b: Observation) -> list[tuple[str, str]]:
    end_s = max(a.answer.times_s[-1], b.answer.times_s[-1])
    begin_s = max(a.answer.times_s[0], b.answer.times_s[0])
    moments_s = np.arange(begin_s, end_s + STEP_S / 2, STEP_S)
    known = _classes(a) & _classes(b)
    pairs = zip(_named_at(a, moments_s), _named_at(b, moments_s), strict=True)
    return [pair for pair in pairs if known.issuperset(pair)]


def _classes(observation: Observation) -> set[str]:
    return set(map(class_key, observation.answer.labels))


def _named_at(
    observation: Observation, moments_s: "np.ndarray[tuple[int], np.dtype[np.float64]]"
) -> list[str]:
    """Return the class that the last prediction before each moment names."""
    times_s = np.asarray(observation.answer.times_s)
    indices = np.searchsorted(times_s, moments_s + STEP_S * 1e-3, side="right") - 1
    best = observation.best
    return [class_key(observation.answer.labels[best[i]]) for i in indices]
