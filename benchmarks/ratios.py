"""Ratios with their spread: what holds from machine to machine, unlike milliseconds."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


def ratio(ours: Values, theirs: Values) -> Values:
    """Return the ratio of the medians within each round, [rounds], of times [rounds, steps]."""
    result: Values = np.median(ours, axis=1) / np.median(theirs, axis=1)
    return result


def spread(values: Values) -> dict[str, float]:
    """Return the median and the quartiles of some values."""
    q1, median, q3 = np.percentile(values, (25, 50, 75))
    return {"median": float(median), "q1": float(q1), "q3": float(q3)}


def show_spread(values: Mapping[str, float]) -> str:
    """Write a spread as ``median [first quartile - third quartile]``."""
    return f"{values['median']:.2f} [{values['q1']:.2f} - {values['q3']:.2f}]"
