"""Scores over time: smoothing whose constants are seconds, whatever the rate of predictions.

A prediction stands for the time since the one before it. Smoothing is then an integral over time,
so that one input sampled at 5 or at 30 predictions per second gives the same scores at the same
times. A prediction without time of its own (repeated or backwards time) has no weight. The first
prediction is its own smoothed value. Averages of probabilities stay probabilities.

State is a value: ``step`` takes it, returns the next one, and changes neither it nor the scores.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np

from streamrec.errors import OptionError
from streamrec.types import Array

S = TypeVar("S")


class Smoother(Protocol[S]):
    """What every kind of smoothing offers; ``state_type`` is what its states are, if not None."""

    state_type: ClassVar[type[Any]]

    def initial(self) -> S:
        """Return the state of a stream without predictions."""

    def step(self, scores: Array, time_s: float, state: S) -> tuple[Array, S]:
        """Take one prediction.

        Args:
            scores: probabilities, float32 [classes].
            time_s: the prediction's time, seconds, any origin.
            state: what `initial` or the step before returned.

        Returns:
            Smoothed probabilities, float32 [classes], and the next state.
        """


class NoSmoothing:
    """Scores as they come."""

    state_type: ClassVar[type[Any]] = type(None)

    def initial(self) -> None:
        """Return None; there is nothing to remember."""

    def step(self, scores: Array, time_s: float, state: None) -> tuple[Array, None]:
        """Return the scores."""
        return scores, None


@dataclass(frozen=True, slots=True, eq=False)
class Smoothed:
    """State of `Exponential`: smoothed scores, float64 [classes], at ``time_s`` seconds."""

    scores: np.ndarray[Any, np.dtype[np.float64]]
    time_s: float


@dataclass(frozen=True, slots=True)
class Exponential:
    """Exponential forgetting: after ``time_constant_s`` seconds 63 % of a change is seen."""

    state_type: ClassVar[type[Any]] = Smoothed
    time_constant_s: float

    def __post_init__(self) -> None:
        _check_seconds(self.time_constant_s)

    def initial(self) -> Smoothed | None:
        """Return the state of a stream without predictions."""
        return None

    def step(self, scores: Array, time_s: float, state: Smoothed | None) -> tuple[Array, Smoothed]:
        """Take one prediction; see `Smoother.step`."""
        if state is None:
            smoothed = scores.astype(np.float64)
        else:
            span_s = max(time_s - state.time_s, 0.0)
            weight = -math.expm1(-span_s / self.time_constant_s)
            smoothed = state.scores + weight * (scores - state.scores)
        return smoothed.astype(np.float32), Smoothed(smoothed, time_s)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """State of `WindowedMean`.

    Attributes:
        time_s: when the last prediction came, seconds.
        first: the first scores, the answer until time has passed, float32 [classes].
        spans_s: seconds that each prediction stands for, oldest first.
        scores: their scores, float32 [classes] each.
    """

    time_s: float
    first: Array
    spans_s: tuple[float, ...] = ()
    scores: tuple[Array, ...] = ()


@dataclass(frozen=True, slots=True)
class WindowedMean:
    """The mean over the last ``window_s`` seconds, over what there is until they have passed."""

    state_type: ClassVar[type[Any]] = Window
    window_s: float

    def __post_init__(self) -> None:
        _check_seconds(self.window_s)

    def initial(self) -> Window | None:
        """Return the state of a stream without predictions."""
        return None

    def step(self, scores: Array, time_s: float, state: Window | None) -> tuple[Array, Window]:
        """Take one prediction; see `Smoother.step`."""
        if state is None:
            first = scores.copy()
            return scores.copy(), Window(time_s, first)
        span_s = time_s - state.time_s
        if span_s > 0:
            spans_s, kept = self._cut((*state.spans_s, span_s), (*state.scores, scores.copy()))
        else:
            spans_s, kept = state.spans_s, state.scores
        smoothed = _weighted_mean(kept, spans_s) if kept else state.first.copy()
        return smoothed, Window(time_s, state.first, spans_s, kept)

    def _cut(
        self, spans_s: tuple[float, ...], scores: tuple[Array, ...]
    ) -> tuple[tuple[float, ...], tuple[Array, ...]]:
        """Keep the newest spans that fill the window; the oldest of them may be cut short."""
        filled: list[float] = []
        room_s = self.window_s
        for span_s in reversed(spans_s):
            filled.append(min(span_s, room_s))
            room_s -= span_s
            if room_s <= 0:
                break
        return tuple(reversed(filled)), scores[-len(filled) :]


def _weighted_mean(scores: Sequence[Array], weights: Sequence[float]) -> Array:
    return np.average(np.stack(scores), axis=0, weights=weights).astype(np.float32)


def _check_seconds(seconds: float) -> None:
    if not (math.isfinite(seconds) and seconds > 0):
        raise OptionError(
            f"smoothing takes a positive number of seconds, got {seconds}; for none take 'none'"
        )


SMOOTHERS: dict[str, Callable[[float], Smoother[Any]]] = {
    "exponential": Exponential,
    "window": WindowedMean,
    "none": lambda _seconds: NoSmoothing(),
}


def make_smoother(kind: str, seconds: float) -> Smoother[Any]:
    """Return the smoother of that kind; ``none`` ignores the seconds.

    Raises:
        OptionError: an unknown kind, or seconds that are not positive.
    """
    if kind not in SMOOTHERS:
        raise OptionError(f"unknown smoothing {kind!r}; allowed: {', '.join(SMOOTHERS)}")
    return SMOOTHERS[kind](seconds)


def flicker_per_minute(top_ids: Sequence[int], times_s: Sequence[float]) -> float:
    """Return how often the best class changes, per minute; 0.0 where no time passes.

    Args:
        top_ids: the best class of each prediction.
        times_s: the predictions' times, seconds, not decreasing.

    Raises:
        OptionError: not one time for each prediction.
    """
    if len(top_ids) != len(times_s):
        raise OptionError(f"{len(top_ids)} classes, but {len(times_s)} times; need one for each")
    changes = sum(before != after for before, after in pairwise(top_ids))
    duration_s = times_s[-1] - times_s[0] if times_s else 0.0
    return 60.0 * changes / duration_s if duration_s > 0 else 0.0
