"""From smoothed scores to events that people can act on: when an action begins, goes on and ends.

Two thresholds keep a score that trembles from making many events (Schmitt, A thermionic trigger,
1938); times in a row, least times and gaps do the rest. All times are those of the frames.

State is a value: ``step`` takes it and returns the next one, so that the same predictions give the
same events, ids included, wherever a run is split.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from streamrec.config import EventSettings
from streamrec.event_rules import event_rules
from streamrec.event_state import EventState, Moment, Open, Tally
from streamrec.types import (
    NO_ACTION,
    ActionEvent,
    Array,
    CameraState,
    EventEnd,
    EventPhase,
    Prediction,
)

SILENCE_S = 5.0
"""Nothing is known to go on for longer than this without a prediction."""

AWAY: Mapping[CameraState, EventEnd] = {
    CameraState.CONNECTING: EventEnd.LOST,
    CameraState.LOST: EventEnd.LOST,
    CameraState.BACKING_OFF: EventEnd.LOST,
    CameraState.DISABLED: EventEnd.SHUTDOWN,  # a source says so at its end
}
"""States of a source in which nothing can be seen to go on, and why events end then."""

Events = tuple[ActionEvent, ...]


class EventDetector:
    """Makes events of the predictions of one stream.

    Args:
        labels: class names in score order.
        settings: the rules.
        period_s: seconds between predictions, where they are rare.

    Raises:
        OptionError: the settings name what is neither label nor alias.
    """

    def __init__(
        self, labels: Sequence[str], settings: EventSettings, period_s: float = 0.0
    ) -> None:
        self._rules = event_rules(labels, settings)
        self._options = settings.options
        self._silence_s = max(SILENCE_S, 3.0 * period_s)

    def initial(self) -> EventState:
        """Return the state of a stream without predictions."""
        return EventState()

    def step(self, prediction: Prediction, state: EventState) -> tuple[Events, EventState]:
        """Take one prediction.

        What a reset, a clock that was set back or a long silence has ended ends first.

        Returns:
            What happened, in the order in which it did, and the next state.
        """
        cut, state = self._cut(prediction, state)
        scores = self._rules.scores(prediction.scores)
        now = Moment(prediction.time_s, prediction.captured_s)
        rests = {row: until_s for row, until_s in state.rests.items() if until_s > now.time_s}
        state = replace(state, last=now, resets=prediction.resets, rests=rests)
        state = replace(state, candidates=self._candidates(prediction, scores, state))
        continued, state = self._go_on(now, scores, state)
        started, state = self._start(prediction, scores, state)
        return (*cut, *continued, *started), state

    def idle(self, time_s: float, state: EventState) -> tuple[Events, EventState]:
        """Let time pass in which nothing moves and the model is not asked.

        Args:
            time_s: of a frame that nobody looked at, on the clock of the frames, seconds.
            state: what ``initial`` or the call before returned.
        """
        if state.last is None or time_s - state.last.time_s <= self._silence_s:
            return (), state
        return self.end(EventEnd.STILL, state)

    def end(self, reason: EventEnd, state: EventState) -> tuple[Events, EventState]:
        """End all that is open at its last prediction; what was about to begin is dropped."""
        whole = {row: replace(one, held=None) for row, one in state.open.items()}
        return self._end(whole, reason, replace(state, candidates={}, open=whole))

    def action(self, state: EventState) -> str:
        """Return the label of the likeliest event that is open, ``NO_ACTION`` where none is."""
        if not state.open:
            return NO_ACTION
        return max(state.open.values(), key=lambda one: one.score).start.label

    def _cut(self, prediction: Prediction, state: EventState) -> tuple[Events, EventState]:
        """End what the prediction does not continue."""
        if state.last is None:
            return (), state
        silent_s = prediction.time_s - state.last.time_s
        if silent_s < 0.0:  # what rests goes on to do so, on a clock that was set back
            ended, state = self.end(EventEnd.RESET, state)
            rests = {row: until_s + silent_s for row, until_s in state.rests.items()}
            return ended, replace(state, rests=rests)
        if prediction.resets != state.resets:
            return self.end(EventEnd.RESET, state)
        if silent_s <= self._silence_s:
            return (), state
        still = silent_s - prediction.still_s <= self._silence_s
        return self.end(EventEnd.STILL if still else EventEnd.RESET, state)

    def _candidates(
        self, prediction: Prediction, scores: Array, state: EventState
    ) -> dict[int, Tally]:
        """Return what may become events: reaches its score now, is none yet, and does not rest."""
        now, candidates = Moment(prediction.time_s, prediction.captured_s), {}
        for row in self._reaching(scores):
            if row in state.open or row in state.rests:
                continue
            before, score = state.candidates.get(row), float(scores[row])
            candidates[row] = (
                before.plus(now, score) if before else Tally.begin(now, prediction.pts_s, score)
            )
        return candidates

    def _reaching(self, scores: Array) -> list[int]:
        """Return who reaches the score at which events start; if exclusive, only who leads."""
        on_scores = self._rules.on_scores
        if not self._options.exclusive:
            return (scores >= on_scores).nonzero()[0].tolist()
        leader = int(scores.argmax()) if scores.size else None
        return [] if leader is None or scores[leader] < on_scores[leader] else [leader]

    def _go_on(self, now: Moment, scores: Array, state: EventState) -> tuple[Events, EventState]:
        """Let what is open go on, or end below its score."""
        if not state.open:
            return (), state
        seen = {row: self._seen(row, one, now, scores, state) for row, one in state.open.items()}
        faded = [row for row, one in seen.items() if self._faded(row, one, now, scores)]
        ended, state = self._end(faded, EventEnd.SCORE, replace(state, open=seen))
        due_s = now.time_s - self._options.update_every
        due = {
            row: replace(one, told_s=now.time_s)
            for row, one in state.open.items()
            if one.told_s <= due_s
        }
        updates = (one.value(EventPhase.UPDATE, now.captured_s) for one in due.values())
        return (*ended, *updates), replace(state, open={**state.open, **due})

    def _seen(self, row: int, one: Open, now: Moment, scores: Array, state: EventState) -> Open:
        score, held = float(scores[row]), None
        if self._options.exclusive and state.candidates:
            begins = any(tally.predictions == 1 for tally in state.candidates.values())
            held = one.tally if begins else one.held
        supported = scores[row] >= self._rules.off_scores[row]
        tally = one.tally.plus(now, score) if supported else one.tally
        return replace(one, tally=tally, held=held, score=score)

    def _faded(self, row: int, one: Open, now: Moment, scores: Array) -> bool:
        below_s = now.time_s - one.tally.last.time_s
        below = scores[row] < self._rules.off_scores[row]
        return bool(below) and below_s >= self._rules.rules[row].min_gap

    def _start(
        self, prediction: Prediction, scores: Array, state: EventState
    ) -> tuple[Events, EventState]:
        """Start what has been a candidate for long enough; if exclusive, in place of another."""
        rows = [row for row, tally in state.candidates.items() if self._confirmed(row, tally)]
        if not rows:
            return (), state
        ended: Events = ()
        if self._options.exclusive:
            ended, state = self._end(state.open, EventEnd.LABEL, state)
        begun = {
            row: self._begun(self._rules.names[row], prediction, state.candidates[row], scores[row])
            for row in rows
        }
        waiting = {row: tally for row, tally in state.candidates.items() if row not in begun}
        started = (one.start for one in begun.values())
        opened = {**state.open, **begun}
        return (*ended, *started), replace(state, candidates=waiting, open=opened)

    def _confirmed(self, row: int, tally: Tally) -> bool:
        rule, lasted_s = self._rules.rules[row], tally.last.time_s - tally.first.time_s
        return tally.predictions >= rule.consecutive and lasted_s >= rule.min_duration

    def _begun(self, label: str, prediction: Prediction, tally: Tally, score: float) -> Open:
        start = ActionEvent(
            id=_id(prediction.source, label, tally.first.captured_s),
            source=prediction.source,
            label=label,
            phase=EventPhase.START,
            model=prediction.model,
            started_s=tally.first.captured_s,
            pts_s=tally.pts_s,
            captured_s=prediction.captured_s,
            duration_s=tally.duration_s,
            score=float(score),
            peak=tally.peak,
            peak_s=tally.peak_s,
            mean=tally.mean,
            predictions=tally.predictions,
        )
        return Open(start, tally, float(score), prediction.time_s)

    def _end(
        self, rows: Iterable[int], reason: EventEnd, state: EventState
    ) -> tuple[Events, EventState]:
        """End some of what is open, after which it rests."""
        over = {row: state.open[row] for row in rows}
        if not over or state.last is None:
            return (), state
        ends = [one.value(EventPhase.END, state.last.captured_s, reason) for one in over.values()]
        rests = {row: self._rested_s(row, one) for row, one in over.items()}
        going = {row: one for row, one in state.open.items() if row not in over}
        return tuple(ends), replace(state, open=going, rests={**state.rests, **rests})

    def _rested_s(self, row: int, one: Open) -> float:
        rule = self._rules.rules[row]
        return (one.held or one.tally).last.time_s + max(rule.cooldown, rule.min_gap)


class EventTracker:
    """Remembers how far a detector has come, and whether its source is there."""

    def __init__(self, detector: EventDetector) -> None:
        self._detector, self._state = detector, detector.initial()
        self._away: EventEnd | None = None

    @property
    def action(self) -> str:
        """Label of the likeliest event that is open, ``NO_ACTION`` where none is."""
        return self._detector.action(self._state)

    def take(self, prediction: Prediction) -> Events:
        """Take one prediction; see `EventDetector.step`.

        Of a frame that still waited when its source went away nothing lasts.
        """
        events, self._state = self._detector.step(prediction, self._state)
        return events if self._away is None else (*events, *self.end(self._away))

    def told(self, state: CameraState) -> Events:
        """Take how it stands with the source; end all that is open where that is away."""
        self._away = AWAY.get(state)
        return () if self._away is None else self.end(self._away)

    def idle(self, time_s: float) -> Events:
        """Let time pass in which nothing moves; see `EventDetector.idle`."""
        events, self._state = self._detector.idle(time_s, self._state)
        return events

    def end(self, reason: EventEnd) -> Events:
        """End all that is open."""
        events, self._state = self._detector.end(reason, self._state)
        return events


def _id(source: str, label: str, started_s: float) -> str:
    """Return an id that the same start has again, and no other has."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{source}/{label}/{started_s!r}"))
