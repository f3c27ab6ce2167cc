"""A model that says what it saw some frames ago: how late it is, is known."""

import numpy as np

from streamrec.evaluation.live_horizons import Variant
from streamrec.recognizer import Recognizer
from streamrec.types import Array, Preprocessing, State, StreamSpec

CLASSES = ("still", "red", "green")
"""It calls blue pictures still."""

FPS = 5.0


class LateRuntime:
    """Names the colour that it saw ``delay`` frames ago; before that, nothing happened."""

    engine = "test"

    def __init__(self, delay: int) -> None:
        self.delay = delay
        self.spec = StreamSpec(
            name="late",
            labels=CLASSES,
            fps=FPS,
            preprocessing=Preprocessing(8, 8),
            clip_frames=5,
            warmup_frames=1,
            horizon=None,
        )

    def initial_state(self) -> State:
        return {"seen": np.zeros((self.delay, 3), np.float32)}

    def start(self, state: State | None = None) -> "LateStream":
        return LateStream(self.initial_state() if state is None else state)


class LateStream:
    def __init__(self, state: State) -> None:
        self._seen = state["seen"].copy()

    def step(self, x: Array) -> Array:
        red, green, blue = x.mean((0, 2, 3))
        seen = np.vstack([self._seen, np.array([[blue, red, green]], np.float32)])
        self._seen = seen[1:]
        return 12.0 * seen[0]

    def advance(self, x: Array) -> None:
        self.step(x)

    def finish(self) -> None:
        return

    def state(self) -> State:
        return {"seen": self._seen.copy()}


def late_variant(delay: int) -> Variant:
    return Variant("own", None, Recognizer("late", [LateRuntime(delay)]))
