"""Episodes -> figures."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from streamrec.evaluation.live_episode import Episode
from streamrec.evaluation.live_stream import Answer, Span
from streamrec.smoothing import flicker_per_minute


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """How long something takes, over clips.

    Attributes:
        median_s, p90_s: median and 90th percentile, seconds; those that wait in vain count as
            endless; None: so is the percentile.
        never: share of the clips that wait in vain.
        clips: how many there are.
    """

    median_s: float | None
    p90_s: float | None
    never: float
    clips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFigures:
    """How good events are.

    Attributes:
        overlap: intersection over union in time that makes an event and an action a pair.
        precision: share of the events that have an action; None: there are no events.
        recall: share of the actions that have an event.
    """

    overlap: float
    precision: float | None
    recall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFigures:
    """How good a model is on an endless stream.

    Attributes:
        clips: how many were played.
        action_accuracy: of the answers while an action is on, the share whose best class it is;
            None: there are none.
        background_accuracy: of the answers before and after, the share with which nothing is said
            to happen; None: there are none.
        first_right: from the onset of an action to the first answer whose best class it is; in
            vain: there is none before the action ends.
        let_go: from the end of an action that is the best class then, to the first answer whose
            best class it is not, or that finds its event ended.
        flicker_per_minute: changes of the best class while an action is on, mean over clips; None:
            no clip has two answers.
        events: for each overlap.
    """

    clips: int
    action_accuracy: float | None
    background_accuracy: float | None
    first_right: Delay
    let_go: Delay
    flicker_per_minute: float | None
    events: tuple[EventFigures, ...]


def live_figures(
    episodes: Sequence[Episode], background: Collection[int], overlaps: Sequence[float]
) -> LiveFigures:
    """Sum episodes up.

    Args:
        episodes: one at least.
        background: classes that mean that nothing happens; where there are none, an answer says so
            by no event being open.
        overlaps: intersections over union at which events are judged.
    """
    during = [answer.best in e.classes for e in episodes for answer in e.during]
    around = [_is_quiet(answer, background) for e in episodes for answer in e.around]
    flicker = [_flicker(e.during) for e in episodes if len(e.during) > 1]
    let_go = [let_go_s(episode) for episode in episodes]
    return LiveFigures(
        clips=len(episodes),
        action_accuracy=_mean(during),
        background_accuracy=_mean(around),
        first_right=_delay([first_right_s(episode) for episode in episodes]),
        let_go=_delay([seconds for seconds in let_go if seconds is not None]),
        flicker_per_minute=_mean(flicker),
        events=tuple(_event_figures(episodes, overlap) for overlap in overlaps),
    )


def first_right_s(episode: Episode) -> float:
    """Return the seconds from the onset to the first right answer; infinite: there is none."""
    right = (a.time_s - episode.onset_s for a in episode.during if a.best in episode.classes)
    return next(right, math.inf)


def let_go_s(episode: Episode) -> float | None:
    """Return the seconds from the action's end until it is said no more; infinite: it always is.

    None: it was not said at its end, or nothing was said afterwards.
    """
    during, following = episode.during, episode.following
    if not (during and following and during[-1].best in episode.classes):
        return None
    open_then = during[-1].open & set(episode.labels)
    for answer in following:
        ended = open_then and not answer.open & open_then
        if answer.best not in episode.classes or ended:
            return answer.time_s - episode.end_s
    return math.inf


def pairs(actions: Sequence[Span], events: Sequence[Span], overlap: float) -> int:
    """Count pairs of an action and an event of its label that overlap; each is in one at most.

    Those that overlap most find each other first.
    """
    found = [
        (_overlap(action, event), i, j)
        for i, action in enumerate(actions)
        for j, event in enumerate(events)
        if action.label == event.label
    ]
    taken_actions, taken_events = set(), set()
    for share, i, j in sorted(found, reverse=True):
        if share >= overlap and i not in taken_actions and j not in taken_events:
            taken_actions.add(i)
            taken_events.add(j)
    return len(taken_actions)


def _overlap(one: Span, other: Span) -> float:
    """Return the intersection over union of two spans in time."""
    common_s = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    union_s = max(one.end_s, other.end_s) - min(one.start_s, other.start_s)
    return max(common_s, 0.0) / union_s if union_s > 0 else 0.0


def _is_quiet(answer: Answer, background: Collection[int]) -> bool:
    return answer.best in background if background else not answer.open


def _flicker(answers: Sequence[Answer]) -> float:
    return flicker_per_minute([a.best for a in answers], [a.time_s for a in answers])


def _event_figures(episodes: Sequence[Episode], overlap: float) -> EventFigures:
    found = sum(pairs(e.actions, e.events, overlap) for e in episodes)
    events = sum(len(e.events) for e in episodes)
    actions = sum(len(e.actions) for e in episodes)
    precision = found / events if events else None
    return EventFigures(overlap=overlap, precision=precision, recall=found / actions)


def _delay(seconds: Sequence[float]) -> Delay:
    return Delay(
        median_s=_quantile(seconds, 0.5),
        p90_s=_quantile(seconds, 0.9),
        never=float(np.mean(np.isinf(seconds))) if seconds else 0.0,
        clips=len(seconds),
    )


def _quantile(seconds: Sequence[float], share: float) -> float | None:
    """Return one of the values, never one between two."""
    if not seconds:
        return None
    value = float(np.quantile(seconds, share, method="inverted_cdf"))
    return None if math.isinf(value) else value


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
