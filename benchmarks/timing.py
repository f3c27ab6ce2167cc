"""Interleaved timing: all variants take turns, so that what else the machine does meets all."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ratios import ratio, spread

Times = npt.NDArray[np.float64]
Row = dict[str, Any]
Clock = Callable[[], float]

WARM_UP_STEPS = 5
"""Steps at the start of each turn that are not counted: caches belong to the one before."""


def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One thing to time.

    Attributes:
        facts: what it is, as the columns of a table.
        group: variants of the same group are compared with each other.
        step: what is timed.
        baseline: the name under which the others of its group are divided by it; "": they are not.
        prepare: called before each turn, outside the time.
        steps: timed steps in its turn, where that is not the number that all others take.
        warm_up: the same of the steps before them.
    """

    facts: Mapping[str, Any]
    group: object
    step: Callable[[], object]
    baseline: str = ""
    prepare: Callable[[], object] = _nothing
    steps: int | None = None
    warm_up: int | None = None

    def turn_ms(self, steps: int, warm_up: int, clock_s: Clock) -> list[float]:
        """Run, and return how long each counted step took, milliseconds."""
        self.prepare()
        for _ in range(warm_up if self.warm_up is None else self.warm_up):
            self.step()
        return [_timed_ms(self.step, clock_s) for _ in range(self.steps or steps)]


def _timed_ms(step: Callable[[], object], clock_s: Clock) -> float:
    started_s = clock_s()
    step()
    return (clock_s() - started_s) * 1e3


def interleave(
    variants: Sequence[Variant],
    *,
    rounds: int,
    steps: int,
    warm_up: int = WARM_UP_STEPS,
    clock_s: Clock = time.perf_counter,
) -> list[Row]:
    """Time all variants by turns; return one row each, in order."""
    turns = [
        [variant.turn_ms(steps, warm_up, clock_s) for variant in variants] for _ in range(rounds)
    ]
    times = [np.array(rounds_ms) for rounds_ms in zip(*turns, strict=True)]
    return summarise(variants, times)


def summarise(variants: Sequence[Variant], times: Sequence[Times]) -> list[Row]:
    """Return medians, and ratios to the baselines of each variant's group.

    Args:
        variants: what was timed.
        times: milliseconds of each variant, [rounds, steps].
    """
    rows = []
    for variant, mine in zip(variants, times, strict=True):
        ratios = {
            other.baseline: spread(ratio(mine, theirs))
            for other, theirs in zip(variants, times, strict=True)
            if other.baseline and other is not variant and other.group == variant.group
        }
        rows.append(
            {
                **variant.facts,
                "median_ms": float(np.median(mine)),
                "p95_ms": float(np.percentile(mine, 95)),
                "ratios": ratios,
            }
        )
    return rows
