"""The values that travel through the loop: frozen, self-checking, units in their names."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from streamrec.errors import FrameError, LabelsError, OptionError

Image: TypeAlias = npt.NDArray[np.uint8]
"""One picture, uint8 [H, W, 3], blue-green-red: the order in which OpenCV reads."""

Array: TypeAlias = npt.NDArray[np.float32]
State: TypeAlias = Mapping[str, Array]
"""What a stream remembers: named float32 arrays of at most four dimensions."""

DEFAULT_ENDPOINT = "tcp://127.0.0.1:5570"
"""Where predictions are published, and heard, unless told otherwise."""

DEFAULT_CONTROL = "tcp://127.0.0.1:5571"
"""Where a service takes commands, unless told otherwise."""

DEFAULT_REPLAY = "tcp://127.0.0.1:5572"
"""Where a service answers what events there were, unless told otherwise."""

_CLOCK_STEP_S = 1.0
_CLOCK_SLEW = 1e-3


class _UnixClock:
    """Unix time counted by the monotonic clock, so that intervals are true within a thousandth.

    Corrections of the wall clock are followed slowly, so that processes that were started weeks
    apart agree. A step is followed at once: the machine was suspended, or heard the time for the
    first time.
    """

    def __init__(self) -> None:
        self._called_s = time.monotonic()
        self._offset_s = time.time() - self._called_s

    def __call__(self) -> float:
        monotonic_s, offset_s = time.monotonic(), self._offset_s
        error_s = time.time() - monotonic_s - offset_s
        if abs(error_s) <= _CLOCK_STEP_S:
            most_s = _CLOCK_SLEW * (monotonic_s - self._called_s)
            error_s = max(-most_s, min(error_s, most_s))
        self._called_s, self._offset_s = monotonic_s, offset_s + error_s
        return monotonic_s + offset_s + error_s


now_s = _UnixClock()
"""Unix time in seconds."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Frame:
    """One picture of a source.

    Attributes:
        image: uint8 [H, W, 3], BGR.
        index: the frame's number in its source, from 0; dropped frames are counted.
        captured_s: Unix time at which the decoder handed the picture over, seconds.
        time_s: when the picture was taken, on the clock that sampling uses, seconds: media time
            for files; for live sources media time moved to Unix time by the frames that came
            fastest (``streamrec.sources.media_clock``), or ``captured_s`` where there is none. Any
            origin; may be jittered or repeated.
        pts_s: media time (presentation timestamp) in seconds, None where the source has none.
        source: the name of the source.
        dropped: frames of the source that were discarded since the frame before this one.
        capture_ms: what decoding this frame took, milliseconds.
        behind_s: how much newer the newest frame is that waits behind this one, seconds.
        cut: True: it does not continue what came before it; it is the first after a connection,
            or of another size.
    """

    image: Image
    index: int
    captured_s: float
    time_s: float
    source: str
    pts_s: float | None = None
    dropped: int = 0
    capture_ms: float = 0.0
    behind_s: float = 0.0
    cut: bool = False

    def __post_init__(self) -> None:
        shape, dtype = self.image.shape, self.image.dtype
        if len(shape) != 3 or shape[2] != 3 or 0 in shape or dtype != np.uint8:
            raise FrameError(f"a frame is uint8 [H, W, 3] in BGR order, got {dtype} {list(shape)}")

    def after(self, lost: Self) -> Self:
        """Return this frame as it is where the one before it is left out.

        That one is counted in ``dropped``, and a cut before it is a cut before this one.
        """
        return replace(self, dropped=self.dropped + lost.dropped + 1, cut=self.cut or lost.cut)

    def __repr__(self) -> str:
        height, width = self.image.shape[:2]
        return f"Frame({self.source}#{self.index}, {width}x{height}, time_s={self.time_s:.3f})"


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a picture becomes model input: float32 [1, 3, height, width].

    ``(pixel / 255 - mean) / std`` per channel, after the resize.

    Attributes:
        height, width: input size in pixels.
        resize: ``stretch`` the whole picture whatever its aspect ratio; ``crop`` the largest
            centred rectangle of the right aspect ratio, then resize.
        color: channel order of the model's input.
        mean, std: per channel, in the [0, 1] range.
        resized: height and width after the resize, of which the input is the centre; None: the
            input's own.
        antialias: whether a picture that shrinks is averaged instead of sampled.
    """

    height: int
    width: int
    resize: Literal["stretch", "crop"] = "stretch"
    color: Literal["rgb", "bgr"] = "rgb"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    resized: tuple[int, int] | None = None
    antialias: bool = False

    def __post_init__(self) -> None:
        if self.height < 1 or self.width < 1:
            raise OptionError(f"input size must be positive, got {self.height} x {self.width}")
        if self.resized is not None and (
            self.resized[0] < self.height or self.resized[1] < self.width
        ):
            raise OptionError(
                f"a picture of {self.resized} has no centre of {self.height} x {self.width}"
            )
        if self.resize not in ("stretch", "crop") or self.color not in ("rgb", "bgr"):
            raise OptionError(f"unknown resize or colour order: {self.resize!r}, {self.color!r}")
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            raise OptionError(f"need 3 means and 3 positive stds: {self.mean}, {self.std}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowInput:
    """How a network sees motion: optical flow from each frame to the next, pixels a frame.

    Two channels, x and y, cut to [-bound, bound] and divided by ``bound``. They are computed on the
    whole of what ``Preprocessing`` gives, of which the network sees the centre.

    Attributes:
        height, width: what the network sees, pixels.
        colors: whether the three colour channels come before the flow.
        bound: the fastest motion told apart, pixels a frame.
    """

    height: int
    width: int
    colors: bool = False
    bound: float = 20.0

    def __post_init__(self) -> None:
        if self.height < 1 or self.width < 1 or self.bound <= 0:
            raise OptionError(f"size and bound of a flow input are positive, got {self}")


MAX_CLIP_FRAMES = 1024
"""No clip is longer than this, so that a file or an option cannot ask for endless memory."""

MAX_MODEL_FPS = 240.0
"""No model's time grid is finer than this, so that a file cannot ask for endless steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSpec:
    """What a streaming model says of itself; nothing else hard-codes rate, size or labels.

    Attributes:
        name: the model's name.
        labels: class names in logit order.
        fps: the rate of the model's time grid, frames per second.
        preprocessing: how a picture becomes input.
        clip_frames: frames of a training clip.
        warmup_frames: frames until every temporal convolution sees real frames only (the
            receptive field); predictions before that are flagged.
        horizon: frames after which running means forget; None: never.
        windowed: whether it sees its last ``clip_frames`` frames anew for each prediction, instead
            of carrying a state from frame to frame.
        hop: frames of its time grid from one prediction to the next.
        flow: how it sees motion; None: it sees colours only.
        trained: False: its weights are random, to try what it costs; what it says means nothing.
        multi_label: whether classes are independent, each with a probability of its own; if not,
            those of all classes sum to 1.
    """

    name: str
    labels: tuple[str, ...]
    fps: float
    preprocessing: Preprocessing
    clip_frames: int
    warmup_frames: int
    horizon: int | None
    windowed: bool = False
    hop: int = 1
    flow: FlowInput | None = None
    trained: bool = True
    multi_label: bool = False

    def __post_init__(self) -> None:
        if not self.labels:
            raise LabelsError(f"model {self.name!r} has no labels")
        if not 0 < self.fps <= MAX_MODEL_FPS:
            raise OptionError(
                f"a model's frame rate is above 0 and at most {MAX_MODEL_FPS:g}, got {self.fps}"
            )
        counts = (self.clip_frames, self.warmup_frames, self.horizon, self.hop)
        if any(count is not None and count < 1 for count in counts):
            raise OptionError("clip_frames, warmup_frames, horizon and hop are at least 1")
        if self.clip_frames > MAX_CLIP_FRAMES:
            raise OptionError(
                f"a clip has at most {MAX_CLIP_FRAMES} frames, got {self.clip_frames}"
            )
        size, flow = self.preprocessing, self.flow
        if flow is not None and (flow.height > size.height or flow.width > size.width):
            raise OptionError(
                f"a flow of {flow.height} x {flow.width} is no part of {size.height} x {size.width}"
            )

    @property
    def hop_s(self) -> float:
        """Seconds of video from one prediction to the next."""
        return self.hop / self.fps

    @property
    def frame_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one frame as the network takes it."""
        if self.flow is None:
            return 3, self.preprocessing.height, self.preprocessing.width
        return 5 if self.flow.colors else 2, self.flow.height, self.flow.width


@dataclass(frozen=True, slots=True)
class Score:
    """One class of a prediction: ``score`` smoothed, ``raw`` as the model gave it, in [0, 1]."""

    id: int
    label: str
    score: float
    raw: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Where the time of one prediction went, milliseconds."""

    capture_ms: float = 0.0
    queue_ms: float = 0.0
    preprocess_ms: float = 0.0
    infer_ms: float = 0.0
    publish_ms: float = 0.0

    @property
    def total_ms(self) -> float:
        """From the frame's capture to its prediction's publication."""
        parts = (self.capture_ms, self.queue_ms, self.preprocess_ms, self.infer_ms, self.publish_ms)
        return sum(parts)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Prediction:
    """What a stream says after one frame.

    Attributes:
        source, frame_index, captured_s, time_s, pts_s: of the frame that was seen last.
        model: the model's name.
        labels: class names in score order.
        scores: smoothed probabilities, float32 [classes].
        raw: the model's probabilities for this step, float32 [classes].
        warm_up: True while the state has seen fewer frames than the model's receptive field.
        state_age: frames that the state behind this prediction has seen since its last reset.
        lanes: interleaved states in use; ``lanes_wanted``: how many the frame rate calls for.
        gap_s: seconds of missing video bridged or skipped since the prediction before, 0.0 if none.
        still_s: seconds since then for which nothing moved and the model was not asked.
        repeated: grid points that were filled with an earlier frame, since the start.
        resets: state resets since the start.
        dropped: frames discarded since the start, because the machine was late.
        skipped: grid points that got no frame since the start, because the machine was late.
        ready_s: Unix time at which the prediction was complete.
        latency: where the time went.
    """

    source: str
    frame_index: int
    captured_s: float
    time_s: float
    pts_s: float | None
    model: str
    labels: tuple[str, ...] = field(repr=False)
    scores: Array = field(repr=False)
    raw: Array = field(repr=False)
    warm_up: bool
    state_age: int
    lanes: int
    lanes_wanted: int
    gap_s: float
    still_s: float = 0.0
    repeated: int
    resets: int
    dropped: int
    skipped: int
    ready_s: float
    latency: Latency

    def top(self, k: int) -> tuple[Score, ...]:
        """The ``k`` best classes by smoothed score, best first; ties by class id."""
        order = np.argsort(-self.scores, kind="stable")[: max(k, 0)]
        ids, scores, raw = order.tolist(), self.scores[order].tolist(), self.raw[order].tolist()
        return tuple(map(Score, ids, [self.labels[i] for i in ids], scores, raw))


class CameraState(StrEnum):
    """How it stands with a live source."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALLED = "stalled"
    LOST = "lost"
    BACKING_OFF = "backing-off"
    DISABLED = "disabled"


class Defect(StrEnum):
    """Why pictures that a live source sends are not shown to the model.

    ``FROZEN``: all the same for too long; ``BLACK``: nothing but black; ``GREY``: large parts are
    the flat mid-grey that decoders paint where data is missing; ``CORRUPT``: the decoder complained
    while it made this picture.
    """

    FROZEN = "frozen"
    BLACK = "black"
    GREY = "grey"
    CORRUPT = "corrupt"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraStatus:
    """What is known of a live source; a new one whenever something but the counts changes.

    Attributes:
        source: its name.
        state: how it stands; ``since_s``: since when, Unix time in seconds.
        reason: why, in words for people, without credentials; empty where there is nothing to say.
        attempt: connections that failed in a row.
        retry_s: Unix time of the next attempt, None where none is due.
        defect: what is wrong with the pictures that come, None if nothing is.
        width, height: of the pictures as the camera sends them, pixels; 0 before the first.
        fps: frames per second as they come, measured; None before it is known.
        lag_ms: how much longer the newest frame took to get here than the fastest one did.
        model: what watches it; empty where nothing does.
        predictions_hz: predictions a second, measured; ``wanted_hz``: as many as there would be
            if this machine were fast enough; None before they are known.
        counts: what happened so far, by the names in ``streamrec.sources.counts`` and, where a
            service watches, ``streamrec.service.counts``.
    """

    source: str
    state: CameraState
    since_s: float
    reason: str = ""
    attempt: int = 0
    retry_s: float | None = None
    defect: Defect | None = None
    width: int = 0
    height: int = 0
    fps: float | None = None
    lag_ms: float = 0.0
    model: str = ""
    predictions_hz: float | None = None
    wanted_hz: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


class EventPhase(StrEnum):
    """Where in its life an event is."""

    START = "start"
    UPDATE = "update"
    END = "end"


class EventEnd(StrEnum):
    """Why an event ended.

    ``SCORE``: its score stayed below the threshold; ``LABEL``: another label took over; ``RESET``:
    the stream began anew, after a gap, a cut or a new connection; ``STILL``: nothing moved for so
    long that the model was not asked; ``LOST``: the camera was lost; ``DISABLED``: it is not
    watched any more; ``FAILED``: the process that watched it failed; ``SHUTDOWN``: the program or
    the video ended; ``INTERRUPTED``: the program was killed, and its next start says so.
    """

    SCORE = "score"
    LABEL = "label"
    RESET = "reset"
    STILL = "still"
    LOST = "lost"
    DISABLED = "disabled"
    FAILED = "failed"
    SHUTDOWN = "shutdown"
    INTERRUPTED = "interrupted"


NO_ACTION = "none"
"""What a camera's action is called while no event is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionEvent:
    """An action that people may act on: one value for its start, each update and its end.

    Attributes:
        id: the same for all values of one event, and for no other event.
        source: name of the source.
        label: the class, or the alias of several.
        phase: where in its life it is.
        model: the model's name.
        started_s: Unix time of the capture of its first frame, seconds; ``pts_s``: media time of
            that frame, None where the source has none.
        captured_s: Unix time of the capture of the newest frame that was looked at, seconds.
        ended_s: Unix time of the capture of its last frame, seconds; None while it is open.
        duration_s: how long it has been, on the clock of the frames, seconds.
        score, peak, mean: smoothed score of its label: the newest one, the highest one, the mean.
        peak_s: Unix time of the capture of the frame with the highest score, seconds.
        predictions: how many predictions it is made of.
        reason: why it ended, None while it is open.
    """

    id: str
    source: str
    label: str
    phase: EventPhase
    model: str
    started_s: float
    pts_s: float | None
    captured_s: float
    ended_s: float | None = None
    duration_s: float
    score: float
    peak: float
    peak_s: float
    mean: float
    predictions: int
    reason: EventEnd | None = None

    def ended(self, reason: EventEnd) -> Self:
        """Return its end as it is where nothing more is seen of it; it lasted until the newest."""
        return replace(self, phase=EventPhase.END, ended_s=self.captured_s, reason=reason)
