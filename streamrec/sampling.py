"""Which frames a model sees, by timestamp, on the model's own time grid.

A model trained at 5 frames/s must see 5 frames/s, whatever the camera gives. For a prediction at
every camera frame, several states take turns ("lanes"): each sees a true 5 frames/s stream, and
their grids are shifted against each other by one camera frame.

Knows nothing of pictures, models or the wall clock: times in, turns out.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum

MAX_GAP_S = 1.0
"""A gap up to this long is bridged by repeating the last frame; a longer one resets the state."""

MAX_LANES = 48
"""A lane for every frame up to 240 frames/s at 5; a burst of frames asks for no more states."""

_INTERVALS_KEPT = 30
_INTERVALS_NEEDED = 5
_PLAUSIBLE_FPS = (0.5, 500.0)
_RATE_TOLERANCE = 0.02  # 30 intervals with 25 % jitter tell the rate this well
_RATE_HYSTERESIS = 0.01
_GAP_INTERVALS = 1.75
_ENOUGH_LANES_INTERVALS = 1.5
_LATEST_S = 1e11  # beyond it float64 is too coarse for a grid, and no clock is that late


class Reset(StrEnum):
    """Why a stream begins anew.

    ``GAP``: too much video is missing; ``CUT``: the frame does not continue what came before, as
    after a new connection; ``CLOCK``: the clock of the frames was set back; ``MODEL``: the model
    failed.
    """

    GAP = "gap"
    CUT = "cut"
    CLOCK = "clock"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Turn:
    """One lane's turn to take a frame.

    Attributes:
        lane: which lane.
        time_s: the grid point, seconds on the frames' clock.
        repeat: True: take the frame before this one again, to bridge a gap.
    """

    lane: int
    time_s: float
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Turns:
    """What to do with a frame.

    Attributes:
        turns: the lanes that step, in the order of time; none: the frame is not needed.
        reset: why to forget everything first; None: the frame continues what came before.
        gap_s: seconds without a frame before this one, 0.0 if none is missing.
    """

    turns: tuple[Turn, ...] = ()
    reset: Reset | None = None
    gap_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class TimeGrid:
    """Gives each frame of one stream to the lanes whose grid points it is nearest to.

    A plain value: a copy goes on as the original would.

    Attributes:
        fps: the model's rate, frames per second.
        every_frame: as many lanes as frames fit between two samples, so that every frame gets a
            prediction; otherwise one lane.
        declared_fps: the source's own claim, used until its rate has been measured.
        max_gap_s: the longest gap that is bridged.
        lanes: ids of the lanes in use, in the order of their turns.
        lanes_wanted: lanes that the camera's rate calls for; more than ``lanes`` where this
            machine is too slow and drops frames.
        repeated: turns that took an earlier frame because of a gap.
        skipped: turns that got no frame at all, because this machine was late.
        out_of_order: frames not later than the one before, which are left out.
        last_s: time of the last frame; ``next_s``: of the next grid point; ``next_id``: the next
            new lane's.
        received_s, captured_s: latest intervals between frames, as they arrive here and as the
            camera makes them.
    """

    fps: float
    every_frame: bool = False
    declared_fps: float | None = None
    max_gap_s: float = MAX_GAP_S
    lanes: list[int] = field(default_factory=list)
    lanes_wanted: int = 1
    repeated: int = 0
    skipped: int = 0
    out_of_order: int = 0
    last_s: float | None = None
    next_s: float = 0.0
    next_id: int = 0
    received_s: list[float] = field(default_factory=list)
    captured_s: list[float] = field(default_factory=list)

    def push(self, time_s: float | None, dropped: int = 0, *, cut: bool = False) -> Turns:
        """Take a frame's time and return the turns it gets.

        Args:
            time_s: when the frame was taken, seconds; None, NaN or absurd: unknown, one interval
                after the last.
            dropped: frames that this machine discarded just before.
            cut: whether the frame does not continue what came before, however soon it comes.
        """
        time_s = self._known_s(time_s)
        if self.last_s is None:
            return self._begin(time_s)
        delta = time_s - self.last_s
        if (reset := self._reset(delta, cut)) is not None:
            gap_s = delta if delta > self.max_gap_s or self._is_gap(delta) else 0.0
            return Turns(self._begin(time_s).turns, reset=reset, gap_s=gap_s)
        if delta <= 0.0:
            self.out_of_order += 1
            return Turns()
        return self._continue(time_s, delta, dropped)

    def hold(self, time_s: float | None) -> float | None:
        """Let time pass without a turn: what comes next continues the frame that was taken last.

        Args:
            time_s: of a frame that nobody needs, as in ``push``.

        Returns:
            The seconds that passed; None, and nothing has changed, where the frame is the first,
            or comes after a long gap or a clock set back: ``push`` it.
        """
        time_s = self._known_s(time_s)
        if self.last_s is None or abs(time_s - self.last_s) > self.max_gap_s:
            return None
        passed_s = time_s - self.last_s
        if passed_s <= 0.0:
            self.out_of_order += 1
            return 0.0
        self.last_s = time_s
        self.next_s += passed_s
        return passed_s

    def _reset(self, delta: float, cut: bool) -> Reset | None:
        if cut:
            return Reset.CUT
        if abs(delta) <= self.max_gap_s:
            return None
        return Reset.GAP if delta > 0.0 else Reset.CLOCK

    def _known_s(self, time_s: float | None) -> float:
        """Return a frame's time; one interval after the last where it has none."""
        if time_s is not None and -_LATEST_S < time_s < _LATEST_S:
            return time_s
        return 0.0 if self.last_s is None else self.last_s + self._typical_s(self.received_s)

    def _begin(self, time_s: float) -> Turns:
        self.last_s = self.next_s = time_s
        self.lanes.clear()
        self._set_lanes(time_s)
        return Turns((self._take_turn(),))

    def _continue(self, time_s: float, delta: float, dropped: int) -> Turns:
        assert self.last_s is not None
        last_s, self.last_s = self.last_s, time_s
        missing = not dropped and self._is_gap(delta)
        _keep(self.received_s, delta)
        _keep(self.captured_s, delta / (dropped + 1))
        self._set_lanes(time_s)
        turns: list[Turn] = []
        while self.next_s <= time_s + self._reach_s(first=not turns):
            repeat = self.next_s - last_s < time_s - self.next_s
            turns.append(self._take_turn(repeat=repeat))
        if dropped:
            return self._shed(turns, delta)
        if missing:
            self.repeated += sum(turn.repeat for turn in turns)
        return Turns(tuple(turns), gap_s=delta if missing else 0.0)

    def _is_gap(self, delta: float) -> bool:
        """Tell whether frames are missing: by the camera's own rate, or by the model's."""
        return delta > _GAP_INTERVALS * min(self._typical_s(self.captured_s), 1.0 / self.fps)

    def _shed(self, turns: list[Turn], delta: float) -> Turns:
        """Keep one turn only: filling a gap costs the time that is short."""
        missed = max(len(turns) - 1, 0)
        self.skipped += missed
        kept = tuple(Turn(turn.lane, turn.time_s) for turn in turns[-1:])
        return Turns(kept, gap_s=delta if missed else 0.0)

    def _take_turn(self, *, repeat: bool = False) -> Turn:
        lane = self.lanes.pop(0)
        self.lanes.append(lane)
        turn = Turn(lane, self.next_s, repeat)
        self.next_s += self._spacing_s()
        return turn

    def _spacing_s(self) -> float:
        return 1.0 / (self.fps * len(self.lanes))

    def _reach_s(self, *, first: bool) -> float:
        """How far ahead of its grid point a frame may be taken.

        Half a frame's interval makes the nearest frame win. With a lane for every frame, jitter
        must not leave a frame without a turn, so the first may be a whole interval early.
        """
        interval_s, spacing_s = self._typical_s(self.received_s), self._spacing_s()
        if not self.every_frame:
            return interval_s / 2.0
        enough_lanes = spacing_s < _ENOUGH_LANES_INTERVALS * interval_s
        return min(spacing_s, interval_s) * (1.0 if first and enough_lanes else 0.5) - 1e-9

    def _typical_s(self, intervals: list[float]) -> float:
        """Mean interval, one gap left out; the source's claim until enough are measured."""
        claim_s = self._claimed_s()
        count, total = len(intervals), sum(intervals)
        if count >= _INTERVALS_NEEDED:
            longest = max(intervals)
            rest_s = (total - longest) / (count - 1)
            return rest_s if longest > _GAP_INTERVALS * rest_s else total / count
        if intervals and claim_s is None:
            return total / count
        return claim_s or 1.0 / self.fps

    def _claimed_s(self) -> float | None:
        low, high = _PLAUSIBLE_FPS
        claim = self.declared_fps
        return 1.0 / claim if claim is not None and low <= claim <= high else None

    def _set_lanes(self, time_s: float) -> None:
        """Follow the rate at which frames arrive here; remember what the camera's would need."""
        if not self.every_frame:
            self.lanes_wanted = 1
            self.lanes = self.lanes or [self._new_lane()]
            return
        self.lanes_wanted = self._lanes_for(self.captured_s)
        count = self._lanes_for(self.received_s)
        if len(self.lanes) < count:
            self._add_lanes(count, time_s)
        elif len(self.lanes) > count:
            self.lanes = _evenly(self.lanes, count)

    def _add_lanes(self, count: int, time_s: float) -> None:
        """Let new lanes begin now, but not before the last turn that was given."""
        last_turn_s = self.next_s - self._spacing_s() if self.lanes else -math.inf
        self.lanes = [self._new_lane() for _ in range(count - len(self.lanes))] + self.lanes
        self.next_s = min(self.next_s, max(time_s, last_turn_s + self._spacing_s()))

    def _lanes_for(self, intervals: list[float]) -> int:
        """Lanes for frames this far apart; a present number that nearly fits is kept."""
        present = max(1, len(self.lanes))
        if self._claimed_s() is None and len(intervals) < _INTERVALS_NEEDED:
            return present
        shortest_s = 1.0 / (MAX_LANES * self.fps)
        exact = 1.0 / (max(self._typical_s(intervals), shortest_s) * self.fps)
        needed, margin = exact * (1.0 - _RATE_TOLERANCE), exact * _RATE_HYSTERESIS
        held = present - 1 - margin <= needed <= present + margin
        return present if self.lanes and held else max(1, math.ceil(needed))

    def _new_lane(self) -> int:
        self.next_id += 1
        return self.next_id - 1


def _keep(intervals: list[float], interval: float) -> None:
    intervals.append(interval)
    del intervals[:-_INTERVALS_KEPT]


def _evenly(lanes: list[int], count: int) -> list[int]:
    """Keep ``count`` of the lanes, evenly spread over their turns."""
    return [lanes[i * len(lanes) // count] for i in range(count)]
