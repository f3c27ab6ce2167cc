"""Interleaved states of one model: lanes that take turns at the frames of one stream."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from streamrec.runtimes.base import RunningStream, Runtime
from streamrec.sampling import Turn
from streamrec.types import Array, State, StreamSpec


@dataclass(frozen=True, slots=True)
class LaneState:
    """What one lane remembers: the frames that it has seen, and the model's state."""

    age: int
    state: State


@dataclass(frozen=True, slots=True)
class LanesState:
    """What all lanes of a model remember, by lane id, and the input that came last."""

    lanes: dict[int, LaneState] = field(default_factory=dict)
    latest: int | None = None
    last_input: Array | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One lane's step: probabilities, float32 [classes], at a grid point; the lane's age after."""

    time_s: float
    probabilities: Array
    age: int


@dataclass(slots=True)
class _Lane:
    running: RunningStream
    age: int = 0


class Lanes:
    """Runs the turns of one stream on one runtime.

    A new lane begins empty while the stream is young. Later it begins as a copy of the lane that
    stepped last, so that no prediction comes from an empty state again.

    Attributes:
        last_input: what a repeat takes: the input before the next one, float32 [1, 3, H, W].
        infer_ms: what the last steps took, milliseconds.
    """

    def __init__(self, runtime: Runtime, state: LanesState | None = None) -> None:
        self._runtime = runtime
        state = state or LanesState()
        self._lanes = {
            lane: _Lane(runtime.start(saved.state), saved.age)
            for lane, saved in state.lanes.items()
        }
        self._latest = state.latest
        self.last_input = state.last_input
        self.infer_ms = 0.0

    def step(self, x: Array, turns: Sequence[Turn], *, ask: bool = True) -> list[Step]:
        """Give ``x``, float32 [1, 3, H, W], or the input before it, to each lane whose turn it is.

        ``ask``: whether anybody reads what they say. What it took is in ``infer_ms``, milliseconds.
        """
        started_s = time.perf_counter()
        last = self.last_input
        inputs = [x if last is None or not turn.repeat else last for turn in turns]
        steps = [self._turn(turn, y, ask) for turn, y in zip(turns, inputs, strict=True)]
        self.last_input = x
        self.infer_ms = (time.perf_counter() - started_s) * 1e3
        return [step for step in steps if step is not None]

    def finish(self, time_s: float) -> list[Step]:
        """Return what lanes have not said yet of the frames that they have seen, as of ``time_s``.

        What it took is in ``infer_ms``, milliseconds.
        """
        started_s = time.perf_counter()
        lanes = self._lanes.values()
        steps = [self._step(time_s, lane.running.finish(), lane.age) for lane in lanes]
        self.infer_ms = (time.perf_counter() - started_s) * 1e3
        return [step for step in steps if step is not None]

    def keep(self, lanes: Sequence[int]) -> None:
        """Forget all lanes but these."""
        for lane in self._lanes.keys() - set(lanes) - {self._latest}:
            del self._lanes[lane]

    def reset(self) -> None:
        """Forget everything."""
        self._lanes.clear()
        self._latest = self.last_input = None

    def state(self) -> LanesState:
        """Return a copy of what the lanes remember."""
        return LanesState(
            {key: LaneState(lane.age, lane.running.state()) for key, lane in self._lanes.items()},
            self._latest,
            self.last_input,
        )

    def _turn(self, turn: Turn, x: Array, ask: bool) -> Step | None:
        lane = self._lanes.get(turn.lane) or self._begin(turn.lane)
        logits: Array | None = None
        if ask:
            logits = lane.running.step(x)
        else:
            lane.running.advance(x)
        lane.age += 1
        self._latest = turn.lane
        return self._step(turn.time_s, logits, lane.age)

    def _step(self, time_s: float, logits: Array | None, age: int) -> Step | None:
        if logits is None:
            return None
        return Step(time_s, probabilities(self._runtime.spec, logits), age)

    def _begin(self, key: int) -> _Lane:
        donor = self._lanes.get(self._latest) if self._latest is not None else None
        if donor is None or donor.age < 2:
            lane = _Lane(self._runtime.start())
        else:
            lane = _Lane(self._runtime.start(donor.running.state()), donor.age)
        self._lanes[key] = lane
        return lane


def probabilities(spec: StreamSpec, logits: Array) -> Array:
    """Logits [classes] of a model -> what they mean, float32 [classes]."""
    return sigmoid(logits) if spec.multi_label else softmax(logits)


def softmax(logits: Array) -> Array:
    """Logits [classes] -> probabilities that sum to 1, float32 [classes]."""
    powers = np.exp(logits.astype(np.float64) - logits.max())
    shares: Array = (powers / powers.sum()).astype(np.float32)
    return shares


def sigmoid(logits: Array) -> Array:
    """Logits [classes] -> a probability for each class by itself, float32 [classes]."""
    each: Array = (np.tanh(logits.astype(np.float64) / 2) / 2 + 0.5).astype(np.float32)
    return each
