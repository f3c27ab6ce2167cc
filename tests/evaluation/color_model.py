"""A model that names the colour of what it sees now, and videos of colours."""

from pathlib import Path

import cv2
import numpy as np

from streamrec.dataset.clips import LabelledClip
from streamrec.lanes import softmax
from streamrec.recognizer import Recognizer
from streamrec.types import Array, Preprocessing, State, StreamSpec

COLORS = {"red": (0, 0, 255), "green": (0, 255, 0), "blue": (255, 0, 0), "grey": (90, 90, 90)}
"""Name -> BGR; grey is no class of the model."""

CLASSES = ("red", "green", "blue")
FPS = 10.0


class ColorRuntime:
    """Says how much of each colour a frame has; it remembers nothing.

    Args:
        gain: how sure it is.
        clip_frames: frames that it claims to be trained with.
    """

    engine = "test"

    def __init__(self, gain: float = 6.0, clip_frames: int = 5) -> None:
        self._gain = gain
        self.spec = StreamSpec(
            name="color",
            labels=CLASSES,
            fps=5.0,
            preprocessing=Preprocessing(8, 8),
            clip_frames=clip_frames,
            warmup_frames=1,
            horizon=None,
        )

    def initial_state(self) -> State:
        return {}

    def start(self, state: State | None = None) -> "ColorRuntime":
        return self

    def step(self, x: Array) -> Array:
        return self._gain * x.mean((0, 2, 3))

    def advance(self, x: Array) -> None:
        return

    def finish(self) -> None:
        return

    def state(self) -> State:
        return {}


def color_recognizer(**options: float) -> Recognizer:
    return Recognizer("color", [ColorRuntime(**options)])


def probabilities(*color: str, gain: float = 6.0) -> Array:
    """What the model says of these colours, on average."""
    each = [gain * np.array(COLORS[one][::-1], np.float32) / 255 for one in color]
    return np.mean([softmax(logits) for logits in each], 0)


def color_video(path: Path, *colors: tuple[str, float]) -> Path:
    """Write a video that shows each colour for so many seconds."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (32, 32))
    for color, seconds in colors:
        for _ in range(round(seconds * FPS)):
            writer.write(np.full((32, 32, 3), COLORS[color], np.uint8))
    writer.release()
    return path


def clip(path: Path, *labels: str, **options: object) -> LabelledClip:
    return LabelledClip(path=path, labels=labels, **options)
