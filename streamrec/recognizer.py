"""A loaded model, and the streams that it watches.

Knows protocols only: which runtime computes, and where frames come from, is decided elsewhere.
"""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from streamrec.errors import LabelsError, OptionError, StateError
from streamrec.image import as_image
from streamrec.lanes import Lanes, Step
from streamrec.preprocess import Preprocessor
from streamrec.runtimes.base import Runtime
from streamrec.sampling import Reset, TimeGrid, Turns
from streamrec.smoothing import Smoother, make_smoother
from streamrec.stream_state import MemberState, Moment, StreamState, stream_from_bytes
from streamrec.types import Array, Frame, Image, Latency, Prediction, StreamSpec, now_s

Predict = Literal["frame", "grid"]
Color = Literal["bgr", "rgb"]

DEFAULT_SMOOTHING_S = 0.5
"""Time constant of the exponential smoothing, seconds."""


class Recognizer:
    """A model, ready to watch any number of streams.

    Args:
        name: the model's name.
        runtimes: the model; several: their mean is the prediction.

    Raises:
        LabelsError: the models do not name the same classes.
    """

    def __init__(self, name: str, runtimes: Sequence[Runtime]) -> None:
        self.name = name
        self._runtimes = tuple(runtimes)
        if len({runtime.spec.labels for runtime in self._runtimes}) != 1:
            raise LabelsError(f"{name}: all models of an ensemble need the same labels")

    @property
    def spec(self) -> StreamSpec:
        """What the (first) model says of itself."""
        return self._runtimes[0].spec

    @property
    def specs(self) -> tuple[StreamSpec, ...]:
        """What each model of an ensemble says of itself; of a single one, its own."""
        return tuple(runtime.spec for runtime in self._runtimes)

    @property
    def engine(self) -> str:
        """What computes the (first) model, in a few words."""
        return self._runtimes[0].engine

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names in score order."""
        return self.spec.labels

    def stream(
        self,
        source: str = "stream",
        *,
        predict: Predict = "frame",
        smoother: Smoother[Any] | None = None,
        declared_fps: float | None = None,
        color: Color = "bgr",
    ) -> "Stream":
        """Begin to watch.

        Args:
            source: name for pictures that are pushed as bare arrays.
            predict: ``frame``: a prediction for every frame; ``grid``: at the model's rate only.
                Models that see windows say something at each hop of their window.
            smoother: default: exponential, half a second.
            declared_fps: the source's rate, where known.
            color: channel order of pictures that are pushed as bare arrays.

        Raises:
            OptionError: an unknown ``predict`` or ``color``.
        """
        _check_choice("predict", predict, get_args(Predict))
        _check_choice("color", color, get_args(Color))
        members = [
            _Member(runtime, _grid(runtime.spec, predict, declared_fps))
            for runtime in self._runtimes
        ]
        smoother = smoother or make_smoother("exponential", DEFAULT_SMOOTHING_S)
        return Stream(self, members, smoother, source, color)


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise OptionError(f"{name} is one of {', '.join(allowed)}; got {value!r}")


def _grid(spec: StreamSpec, predict: Predict, declared_fps: float | None) -> TimeGrid:
    every_frame = predict == "frame" and not spec.windowed
    return TimeGrid(fps=spec.fps, every_frame=every_frame, declared_fps=declared_fps)


class Stream:
    """One stream of frames; made by ``Recognizer.stream``.

    Attributes:
        late: frames on which a model was not asked, because those of its next prediction waited
            already: this machine is too slow for a prediction at each hop.
        resets: how often it began anew, by the reasons in ``streamrec.sampling.Reset``.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        members: Sequence["_Member"],
        smoother: Smoother[Any],
        source: str,
        color: Color,
    ) -> None:
        self._recognizer, self._members = recognizer, members
        self._smoother, self._source, self._color = smoother, source, color
        self._smoothing = smoother.initial()
        self._index = self._dropped = 0
        self._gap_s = self._still_s = 0.0
        self._last: Moment | None = None
        self.late = 0
        self.resets: Counter[str] = Counter()

    def push(
        self, picture: Frame | npt.ArrayLike, time_s: float | None = None, *, ask: bool = True
    ) -> Prediction | None:
        """Take the next frame.

        A frame that is a cut, or comes after a long gap, ends what came before and begins anew.

        Args:
            picture: a Frame, or an array as ``streamrec.image.as_image`` takes it.
            time_s: when a bare array was taken, seconds of any clock; default: now.
            ask: False: let the model see the frame only, which costs less; nobody wants to know.

        Returns:
            The prediction after this frame; None where the model needs none of it, says nothing
            yet, or is not asked.

        Raises:
            FrameError: not a picture.
        """
        taken_s = now_s()
        frame = picture if isinstance(picture, Frame) else self._frame(picture, time_s, taken_s)
        self._count(frame)
        turns = [
            member.grid.push(frame.time_s, frame.dropped, cut=frame.cut) for member in self._members
        ]
        ending: Prediction | None = None
        if (reason := next((turn.reset for turn in turns if turn.reset), None)) is not None:
            ending = self.finish() if ask else None
            self.resets[reason] += 1
            self._forget()
        self._last = _moment(frame)
        self._gap_s = max(self._gap_s, *(turn.gap_s for turn in turns))
        steps = [
            (step, member)
            for member, due in zip(self._members, turns, strict=True)
            for step in self._take(member, frame, due, ask)
        ]
        return self._answer(self._last, steps, taken_s) or ending

    def hold(self, frame: Frame) -> Prediction | None:
        """Let time pass before a scene that stands still: the model is not asked, its state stays.

        The next frame that is pushed continues the one that was pushed last, without a gap; its
        prediction tells in ``still_s`` how long nothing moved. A frame that does not continue what
        came before is pushed, since nobody knows whether anything moved.

        Returns:
            None; where the frame is pushed, what ``push`` returns.
        """
        passed_s = None if frame.cut else self._hold(frame.time_s)
        if passed_s is None:
            return self.push(frame)
        self._count(frame)
        self._still_s += passed_s
        return None

    def finish(self) -> Prediction | None:
        """Return the prediction at the end of the stream, where one is due.

        It is where the model has seen frames since its last prediction: see ``hop`` of
        ``streamrec.load``. More frames may follow.
        """
        if self._last is None:
            return None
        time_s = self._last.time_s
        steps = [(step, member) for member in self._members for step in member.finish(time_s)]
        return self._answer(self._last, steps, self._last.captured_s)

    def reset(self, reason: Reset | None = None) -> None:
        """Forget everything, as after a cut: the next frame is the first.

        Args:
            reason: what it is counted as; None: it is not.
        """
        if reason is not None:
            self.resets[reason] += 1
        self._forget()
        self._last = None
        for member in self._members:
            member.grid.last_s = None

    def save(self) -> bytes:
        """Return all that the stream remembers; see ``restore``."""
        members = tuple(member.state() for member in self._members)
        state = StreamState(
            members,
            self._smoothing,
            self._index,
            self._dropped,
            self._gap_s,
            self._last,
            self._still_s,
            dict(self.resets),
        )
        return state.to_bytes()

    def restore(self, data: bytes) -> None:
        """Go on where ``save`` was called, here or in another process: the same numbers follow.

        Raises:
            StateError: not a saved stream, or one of another model or ``predict``; the stream
                stays as it was.
        """
        state = stream_from_bytes(data, self._smoother.state_type)
        if len(state.members) != len(self._members):
            raise StateError(f"a state of {len(state.members)} models, need {len(self._members)}")
        pairs = zip(self._members, state.members, strict=True)
        self._members = [member.restored(saved) for member, saved in pairs]
        self._smoothing = state.smoothing
        self._index, self._dropped = state.index, state.dropped
        self._gap_s, self._last, self._still_s = state.gap_s, state.last, state.still_s
        self.resets = Counter(state.resets)

    def _frame(self, picture: npt.ArrayLike, time_s: float | None, taken_s: float) -> Frame:
        return Frame(
            image=as_image(picture, self._color),
            index=self._index,
            captured_s=taken_s,
            time_s=taken_s if time_s is None else time_s,
            source=self._source,
        )

    def _count(self, frame: Frame) -> None:
        if self._index > 0:  # before the first frame there was nothing to be late for
            self._dropped += frame.dropped
        self._index = frame.index + 1

    def _hold(self, time_s: float) -> float | None:
        """Shift all grids, which have seen the same times; None where a frame must be pushed."""
        passed_s = [member.grid.hold(time_s) for member in self._members]
        return passed_s[0]

    def _take(self, member: "_Member", frame: Frame, due: Turns, ask: bool) -> list[Step]:
        """Let a model see a frame, and ask it unless those of its next prediction wait already."""
        late = ask and member.spec.windowed and frame.behind_s >= member.spec.hop_s
        self.late += late
        return member.take(frame, due, ask=ask and not late)

    def _answer(
        self, frame: Moment, steps: list[tuple[Step, "_Member"]], taken_s: float
    ) -> Prediction | None:
        if not steps:
            return None
        scores, raw = self._merge(steps)
        prediction = self._prediction(frame, scores, raw, taken_s)
        self._gap_s = self._still_s = 0.0
        return prediction

    def _forget(self) -> None:
        self._smoothing = self._smoother.initial()
        for member in self._members:
            member.forget()

    def _merge(self, steps: list[tuple[Step, "_Member"]]) -> tuple[Array, Array]:
        """Smooth over the lanes of all members, in the order of time."""
        for step, member in sorted(steps, key=lambda pair: pair[0].time_s):
            member.latest = step
            latest = [m.latest.probabilities for m in self._members if m.latest is not None]
            raw: Array = np.divide(sum(latest), len(latest), dtype=np.float32)
            scores, self._smoothing = self._smoother.step(raw, step.time_s, self._smoothing)
        return scores, raw

    def _prediction(
        self,
        frame: Moment,
        scores: Array,
        raw: Array,
        taken_s: float,
    ) -> Prediction:
        grids = [member.grid for member in self._members]
        ages = [member.latest.age if member.latest else 0 for member in self._members]
        waited_ms = (taken_s - frame.captured_s) * 1e3 - frame.capture_ms
        return Prediction(
            source=frame.source,
            frame_index=frame.index,
            captured_s=frame.captured_s,
            time_s=frame.time_s,
            pts_s=frame.pts_s,
            model=self._recognizer.name,
            labels=self._recognizer.labels,
            scores=scores,
            raw=raw,
            warm_up=any(
                age < member.spec.warmup_frames
                for age, member in zip(ages, self._members, strict=True)
            ),
            state_age=min(ages),
            lanes=sum(len(grid.lanes) for grid in grids),
            lanes_wanted=sum(grid.lanes_wanted for grid in grids),
            gap_s=self._gap_s,
            still_s=self._still_s,
            repeated=sum(grid.repeated for grid in grids),
            resets=self.resets.total(),
            dropped=self._dropped,
            skipped=sum(grid.skipped for grid in grids),
            ready_s=now_s(),
            latency=Latency(
                capture_ms=frame.capture_ms,
                queue_ms=max(waited_ms, 0.0),
                preprocess_ms=sum(member.preprocess_ms for member in self._members),
                infer_ms=sum(member.lanes.infer_ms for member in self._members),
            ),
        )


def _moment(frame: Frame) -> Moment:
    return Moment(
        source=frame.source,
        index=frame.index,
        captured_s=frame.captured_s,
        time_s=frame.time_s,
        pts_s=frame.pts_s,
        capture_ms=frame.capture_ms,
    )


class _Member:
    """One model of a stream: its time grid, its lanes and what it said last."""

    def __init__(self, runtime: Runtime, grid: TimeGrid) -> None:
        self._runtime = runtime
        self.spec = runtime.spec
        self._preprocess = Preprocessor(runtime.spec.preprocessing)
        self.grid = grid
        self.lanes = Lanes(runtime)
        self.latest: Step | None = None
        self.preprocess_ms = 0.0
        self._passed_over: Image | None = None

    def take(self, frame: Frame, due: Turns, *, ask: bool) -> list[Step]:
        """Step the lanes whose turn it is; keep every frame, as the next may call for a repeat.

        ``ask``: whether anybody reads what they say.
        """
        self.preprocess_ms = self.lanes.infer_ms = 0.0
        steps: list[Step] = []
        if due.turns:
            steps = self._step(frame.image, due, ask=ask)
        else:
            self._passed_over = frame.image
        self.lanes.keep(self.grid.lanes)
        return steps

    def _step(self, image: Image, due: Turns, *, ask: bool) -> list[Step]:
        started_s = time.perf_counter()
        if any(turn.repeat for turn in due.turns):
            self._catch_up()
        self._passed_over = None
        x = self._preprocess(image)
        self.preprocess_ms = (time.perf_counter() - started_s) * 1e3
        return self.lanes.step(x, due.turns, ask=ask)

    def _catch_up(self) -> None:
        """Preprocess a frame that no lane needed, now that it is needed after all."""
        if self._passed_over is not None:
            self.lanes.last_input = self._preprocess(self._passed_over)
            self._passed_over = None

    def finish(self, time_s: float) -> list[Step]:
        """Return what the model has not said yet, as of ``time_s``."""
        self.preprocess_ms = 0.0
        return self.lanes.finish(time_s)

    def forget(self) -> None:
        """Forget all frames."""
        self.lanes.reset()
        self.latest = self._passed_over = None

    def state(self) -> MemberState:
        self._catch_up()
        return MemberState(self.spec, self.grid, self.lanes.state(), self.latest)

    def restored(self, state: MemberState) -> "_Member":
        """Return a member that goes on from ``state``.

        Raises:
            StateError: the state is of another model, or of a stream with another ``predict``.
        """
        if state.spec != self.spec:
            raise StateError(
                f"the stream was saved by model {state.spec.name!r}, this is {self.spec.name!r}; "
                "both need the same name, labels, rate, window, hop and preprocessing"
            )
        if state.grid.every_frame != self.grid.every_frame:
            predict = "frame" if state.grid.every_frame else "grid"
            raise StateError(f"the stream was saved with predict={predict!r}; begin one like it")
        member = _Member(self._runtime, state.grid)
        member.lanes = Lanes(self._runtime, state.lanes)
        member.latest = state.latest
        return member
