"""Makes a stream of any clip model: its state is the ring of the frames that it has seen last."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from streamrec.errors import OptionError, StateError
from streamrec.flow import Flow, network_frame
from streamrec.runtimes.base import ClipRuntime
from streamrec.runtimes.input import check_frame
from streamrec.runtimes.state import check_state, empty_state
from streamrec.types import Array, State, StreamSpec

HOPS_PER_WINDOW = 4
"""Unless told otherwise, windows overlap by three quarters."""

_CLIP, _SEEN, _WAITED = "clip", "frames_seen", "frames_waited"
_PICTURE, _PICTURES = "picture", "pictures_seen"


class WindowRuntime:
    """Runs a clip model on the last frames of a stream, at every ``hop``-th frame.

    While fewer frames than a window have come, they are looped to its length, as the papers do with
    short clips; such predictions come from a stream in its warm-up.

    Args:
        clip: the model.
        window: how many frames it sees; None: as many as it was trained with.
        hop: frames from one prediction to the next; None: a quarter of the window.
        stride: it sees every so many frames of its own rate.
        make_flow: makes what computes the motion that the model sees, anew for each stream; None
            where it sees colours only.

    Raises:
        OptionError: ``window``, ``hop`` or ``stride`` is below 1, or no flow is given to a model
            that sees motion.
    """

    def __init__(
        self,
        clip: ClipRuntime,
        *,
        window: int | None = None,
        hop: int | None = None,
        stride: int = 1,
        make_flow: Callable[[], Flow] | None = None,
    ) -> None:
        frames = clip.spec.clip_frames if window is None else window
        hop = max(1, frames // HOPS_PER_WINDOW) if hop is None else hop
        if min(frames, hop, stride) < 1:
            raise OptionError(
                f"window, hop and stride are at least 1 frame, got {frames}, {hop} and {stride}"
            )
        self.spec = replace(
            clip.spec,
            fps=clip.spec.fps / stride,
            clip_frames=frames,
            warmup_frames=frames + (clip.spec.flow is not None),  # two pictures make a motion
            horizon=None,
            windowed=True,
            hop=hop,
        )
        if clip.spec.flow is not None and make_flow is None:
            raise OptionError(f"{clip.spec.name} sees motion; say what computes the flow")
        self.clip = clip
        self.make_flow = None if clip.spec.flow is None else make_flow
        self._shapes = _state_shapes(self.spec)

    @property
    def engine(self) -> str:
        """What computes, and how often."""
        return (
            f"{self.clip.engine}, windows of {self.spec.clip_frames} frames at "
            f"{self.spec.fps:g}/s, every {self.spec.hop}"
        )

    def initial_state(self) -> State:
        """Return the state of a stream that has seen nothing."""
        return empty_state(self._shapes)

    def start(self, state: State | None = None) -> "WindowStream":
        """Begin a stream.

        Raises:
            StateError: ``state`` has the wrong names, shapes or dtypes.
        """
        state = self.initial_state() if state is None else state
        check_state(state, self._shapes)
        return WindowStream(self, state)


def _state_shapes(spec: StreamSpec) -> dict[str, tuple[int, ...]]:
    size = spec.preprocessing
    shapes: dict[str, tuple[int, ...]] = {
        _CLIP: (spec.clip_frames, *spec.frame_shape),
        _SEEN: (1,),
        _WAITED: (1,),
    }
    if spec.flow is not None:
        shapes.update({_PICTURE: (1, 1, size.height, size.width), _PICTURES: (1,)})
    return shapes


class WindowStream:
    """One stream: the model is shared, the ring is its own."""

    def __init__(self, runtime: WindowRuntime, state: State) -> None:
        self._runtime = runtime
        self._ring = state[_CLIP].copy()
        self._seen, self._waited = _count(state[_SEEN]), _count(state[_WAITED])
        if not 0 <= self._seen <= len(self._ring) or not 0 <= self._waited < runtime.spec.hop:
            raise StateError(
                f"the state has seen {self._seen} frames and waited {self._waited}; a window of "
                f"{len(self._ring)} with a hop of {runtime.spec.hop} cannot"
            )
        self._next = self._seen % len(self._ring)
        self._flow = None if runtime.make_flow is None else runtime.make_flow()
        self._picture = state[_PICTURE].copy() if state.get(_PICTURES, _number(0)).any() else None

    def step(self, x: Array) -> Array | None:
        """Take one frame, float32 [1, 3, H, W]; return logits, float32 [classes], at each hop.

        Raises:
            FrameError: ``x`` has another shape.
        """
        return self._look() if self._take(x) else None

    def advance(self, x: Array) -> None:
        """Take one frame whose logits nobody reads.

        Raises:
            FrameError: ``x`` has another shape.
        """
        self._take(x)

    def finish(self) -> Array | None:
        """Return the logits of the last window if frames have come since the last prediction."""
        if self._waited == 0:
            return None
        self._waited = 0
        return self._look()

    def state(self) -> State:
        """Return a copy of the state, the oldest frame first."""
        seen = self._frames()
        clip = np.zeros_like(self._ring)
        clip[: len(seen)] = seen
        entries = {_CLIP: clip, _SEEN: _number(self._seen), _WAITED: _number(self._waited)}
        if self._flow is not None:
            picture, size = self._picture, self._runtime.spec.preprocessing
            blank = np.zeros((1, 1, size.height, size.width), np.float32)
            entries[_PICTURES] = _number(picture is not None)
            entries[_PICTURE] = blank if picture is None else picture.copy()
        return entries

    def _take(self, x: Array) -> bool:
        """Put a frame into the ring; tell whether a prediction is due."""
        frame = self._network_frame(x)
        if frame is None:
            return False
        self._ring[self._next] = frame
        self._next = (self._next + 1) % len(self._ring)
        self._seen = min(self._seen + 1, len(self._ring))
        self._waited = (self._waited + 1) % self._runtime.spec.hop
        return self._waited == 0

    def _network_frame(self, x: Array) -> Array | None:
        spec = self._runtime.spec
        check_frame(x, spec.preprocessing)
        frame: Array | None = x[0]
        if self._flow is not None:
            frame, self._picture = network_frame(spec, x, self._picture, self._flow)
        return frame

    def _frames(self) -> Array:
        """Return the frames that were seen, the oldest first."""
        start = self._next - self._seen
        return _wrapped(self._ring, range(start, start + self._seen))

    def _look(self) -> Array:
        clip, length = self._frames(), len(self._ring)
        looped = clip if len(clip) == length else _wrapped(clip, range(length))
        return self._runtime.clip.run(looped)


def _wrapped(frames: Array, indices: range) -> Array:
    """Take frames by number; after the last comes the first."""
    chosen: Array = frames[np.arange(indices.start, indices.stop) % len(frames)]
    return chosen


def _count(value: Array) -> int:
    number = float(value.item())
    return int(number) if number.is_integer() else -1


def _number(value: int) -> Array:
    return np.array([value], np.float32)
