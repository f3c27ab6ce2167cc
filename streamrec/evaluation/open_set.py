"""Clips seen as live video: which events they raise, and what unknown things raise.

A model that knows ten actions names one of the ten whatever it sees. What keeps unknown things from
being events are the rules of events, so those are what is measured here.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from streamrec.classify import FileWatch
from streamrec.config import EventSettings, RuleOptions, StreamOptions
from streamrec.dataset.clips import LabelledClip
from streamrec.errors import OptionError, SourceError, SourceReadError
from streamrec.evaluation.clips import ClipSource, Fault, require_some
from streamrec.event_rules import EventRules, event_rules
from streamrec.events import EventDetector, EventTracker
from streamrec.recognizer import Recognizer
from streamrec.smoothing import make_smoother
from streamrec.types import Array, EventPhase, Prediction


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Watched:
    """What came of a clip that was seen as live video.

    Attributes:
        clip: which.
        duration_s: how long it was watched, seconds.
        events: labels of the events that it raised, in order.
        peaks: the highest ``on_score`` at which each class would have raised an event, float32
            [classes]; 0: at none.
    """

    clip: LabelledClip
    duration_s: float
    events: tuple[str, ...]
    peaks: Array = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSet:
    """What clips of no class raise.

    Attributes:
        clips: how many there are; ``raised``: how many of them raise an event or more.
        hours: how long they last together.
        events: how many they raise, by label, the most frequent first.
        auroc: how well the highest score of a clip tells the known from the unknown: the chance
            that it is higher for a clip of a class; None: there are none.
    """

    clips: int
    raised: int
    hours: float
    events: Mapping[str, int]
    auroc: float | None

    @property
    def share_raised(self) -> float:
        """Share of the clips that raise an event."""
        return self.raised / self.clips

    @property
    def events_per_hour(self) -> float:
        """Events in an hour of such video; 0 where no time passes."""
        return sum(self.events.values()) / self.hours if self.hours else 0.0


def watch_clips(
    recognizer: Recognizer,
    clips: Sequence[LabelledClip],
    stream: StreamOptions,
    settings: EventSettings,
    progress: Callable[[], None] = lambda: None,
) -> tuple[list[Watched], list[Fault]]:
    """Stream each clip by itself, with the smoothing and the events of live video.

    Args:
        recognizer: the model.
        clips: those that cannot be read are left out, and told.
        stream: how frames become predictions.
        settings: the rules; without aliases.
        progress: called after each clip.

    Raises:
        OptionError: the rules name no label of the model, or allow none.
        DatasetError: no clip can be read.
    """
    watched: list[Watched] = []
    faults: list[Fault] = []
    rules = event_rules(recognizer.labels, settings)
    if not rules.names:
        raise OptionError("no label of the model may be an event; allow some")
    for clip in clips:
        try:
            watched.append(_watch(recognizer, clip, stream, settings, rules))
        except SourceError as error:
            faults.append(Fault(clip, str(error)))
        progress()
    require_some(watched, faults)
    return watched, faults


def open_set(unknown: Sequence[Watched], known: Sequence[Watched]) -> OpenSet:
    """Return what clips of no class raise, and how well they are told from those of a class.

    Args:
        unknown: one clip or more.
        known: any number.
    """
    events = Counter(label for one in unknown for label in one.events)
    return OpenSet(
        clips=len(unknown),
        raised=sum(bool(one.events) for one in unknown),
        hours=sum(one.duration_s for one in unknown) / 3600,
        events=dict(events.most_common()),
        auroc=_auroc(unknown, known) if known else None,
    )


def _auroc(unknown: Sequence[Watched], known: Sequence[Watched]) -> float:
    """Return the chance that a known clip scores higher; equal ones count half (Mann-Whitney)."""
    low, high = (np.array([one.peaks.max() for one in group]) for group in (unknown, known))
    above, equal = high[:, None] > low, high[:, None] == low
    return float((above + 0.5 * equal).mean())


def _watch(
    recognizer: Recognizer,
    clip: LabelledClip,
    stream: StreamOptions,
    settings: EventSettings,
    rules: EventRules,
) -> Watched:
    predictions, duration_s = _predictions(recognizer, clip, stream)
    tracker = EventTracker(EventDetector(recognizer.labels, settings))
    events = [event for prediction in predictions for event in tracker.take(prediction)]
    return Watched(
        clip=clip,
        duration_s=duration_s,
        events=tuple(event.label for event in events if event.phase is EventPhase.START),
        peaks=_peaks(predictions, rules, settings),
    )


def _predictions(
    recognizer: Recognizer, clip: LabelledClip, options: StreamOptions
) -> tuple[list[Prediction], float]:
    """Return what live video would show, and how long it lasts, seconds."""
    found: list[Prediction | None] = []
    with ClipSource(clip) as source:
        watch = FileWatch(None)
        stream = recognizer.stream(
            predict=options.predict,
            smoother=make_smoother(options.smooth, options.smooth_seconds),
            declared_fps=source.fps,
        )
        for frame in source:
            watch.take(frame)
            found.append(stream.push(frame))
        found.append(stream.finish())
    predictions = [prediction for prediction in found if prediction is not None]
    if not predictions:
        raise SourceReadError(f"{clip.name} is too short, or has no pictures in it")
    return predictions, watch.duration_s


def _peaks(predictions: Sequence[Prediction], rules: EventRules, settings: EventSettings) -> Array:
    """Return the highest ``on_score`` of each class at which the rules start an event."""
    scores = np.stack([rules.scores(prediction.scores) for prediction in predictions])
    if settings.options.exclusive:  # only the leader may begin
        leads = scores.argmax(1)[:, None] == np.arange(scores.shape[1])
        scores = np.where(leads, scores, np.float32(0.0))
    times_s = np.array([prediction.time_s for prediction in predictions])
    peaks = np.zeros(len(predictions[0].labels), np.float32)
    peaks[rules.members] = _held(scores, times_s, settings.rule)
    return peaks


def _held(scores: Array, times_s: npt.NDArray[np.float64], rule: RuleOptions) -> Array:
    """Return what scores, [predictions, names], hold for as long as a rule wants, at the most."""
    best = np.zeros(scores.shape[1], np.float32)
    for last, time_s in enumerate(times_s):
        lasting = int((time_s - times_s[: last + 1] >= rule.min_duration).sum())
        first = min(last + 1 - rule.consecutive, lasting - 1)
        if first >= 0:
            best = np.maximum(best, scores[first : last + 1].min(0))
    return best
