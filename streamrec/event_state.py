"""What is remembered of a stream from one prediction to the next to make events of them: values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

from streamrec.types import ActionEvent, EventEnd, EventPhase


class Moment(NamedTuple):
    """When a frame was taken: on the clock of the frames, and Unix time, seconds."""

    time_s: float
    captured_s: float


@dataclass(frozen=True, slots=True)
class Tally:
    """What the predictions that support an event come to.

    Attributes:
        first, last: the first and the last of them.
        pts_s: media time of the first.
        peak: the highest score; ``peak_s``: Unix time of its frame, seconds.
        total: sum of the scores.
        predictions: how many there are.
    """

    first: Moment
    last: Moment
    pts_s: float | None
    peak: float
    peak_s: float
    total: float
    predictions: int = 1

    @property
    def duration_s(self) -> float:
        """From the first to the last, on the clock of the frames, seconds."""
        return self.last.time_s - self.first.time_s

    @property
    def mean(self) -> float:
        """The mean score."""
        return self.total / self.predictions

    @classmethod
    def begin(cls, now: Moment, pts_s: float | None, score: float) -> Self:
        """Return that of one prediction."""
        return cls(now, now, pts_s, score, now.captured_s, score)

    def plus(self, now: Moment, score: float) -> "Tally":
        """Return it with one prediction more."""
        peak, peak_s = self.peak, self.peak_s
        if score > peak:
            peak, peak_s = score, now.captured_s
        return Tally(
            self.first,
            now,
            self.pts_s,
            peak,
            peak_s,
            self.total + score,
            self.predictions + 1,
        )


@dataclass(frozen=True, slots=True)
class Open:
    """An event that goes on.

    Attributes:
        start: as it was published first.
        tally: what supports it; ``held``: what did before another label led that may take over,
            None where none does.
        score: the newest.
        told_s: when it was last published, on the clock of the frames, seconds.
    """

    start: ActionEvent
    tally: Tally
    score: float
    told_s: float
    held: Tally | None = None

    def value(
        self, phase: EventPhase, captured_s: float, reason: EventEnd | None = None
    ) -> ActionEvent:
        """Return the event as it stands."""
        tally = self.held or self.tally
        return replace(
            self.start,
            phase=phase,
            captured_s=captured_s,
            ended_s=None if reason is None else tally.last.captured_s,
            duration_s=tally.duration_s,
            score=self.score,
            peak=tally.peak,
            peak_s=tally.peak_s,
            mean=tally.mean,
            predictions=tally.predictions,
            reason=reason,
        )


@dataclass(frozen=True, slots=True)
class EventState:
    """What is remembered from one prediction to the next, by the number of a label or an alias.

    Attributes:
        last: when the last prediction was; None before the first.
        resets: of the stream, up to then.
        candidates: what may become events.
        open: what is one.
        rests: time until which a label starts no event, on the clock of the frames, seconds.
    """

    last: Moment | None = None
    resets: int = 0
    candidates: Mapping[int, Tally] = field(default_factory=dict)
    open: Mapping[int, Open] = field(default_factory=dict)
    rests: Mapping[int, float] = field(default_factory=dict)
