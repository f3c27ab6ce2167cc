"""What every runtime offers: state in, state out, and a running stream for speed."""

from typing import Protocol

from streamrec.types import Array, State, StreamSpec


class RunningStream(Protocol):
    """One stream in motion. Its state lives in place, in the runtime's own layout."""

    def step(self, x: Array) -> Array | None:
        """Take one frame, float32 [1, 3, H, W]; return logits, float32 [classes].

        None where this frame brings no prediction: see ``streamrec.runtimes.window``.
        """

    def advance(self, x: Array) -> None:
        """Take one frame whose logits nobody reads: the next state is that of ``step``.

        Costs less than a step, since the dense layers of the head are left out.
        """

    def finish(self) -> Array | None:
        """Return the logits after the last frame where ``step`` gave none, None where it did."""

    def state(self) -> State:
        """Return a copy of the state as named arrays, the same names in every runtime."""


class Runtime(Protocol):
    """A loaded model. Holds weights, never stream data."""

    spec: StreamSpec

    @property
    def engine(self) -> str:
        """What computes, in a few words."""

    def initial_state(self) -> State:
        """Return the state of a stream that has seen nothing: all zeros."""

    def start(self, state: State | None = None) -> RunningStream:
        """Begin a stream from ``state`` (the initial state if None), which is not changed.

        Raises:
            StateError: wrong names, shapes or dtypes.
        """


class ClipRuntime(Protocol):
    """A loaded model that sees a whole clip at once and cannot stream."""

    spec: StreamSpec

    @property
    def engine(self) -> str:
        """What computes, in a few words."""

    def run(self, clip: Array) -> Array:
        """Take a clip, float32 [T, C, H, W]; return logits, float32 [classes]."""


def step(runtime: Runtime, x: Array, state: State) -> tuple[Array | None, State]:
    """Take one step as a pure function: ``(logits, next state)``; ``state`` is not changed."""
    running = runtime.start(state)
    logits = running.step(x)
    return logits, running.state()
