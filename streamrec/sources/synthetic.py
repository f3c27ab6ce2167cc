"""A generated moving scene: a test picture for the whole path, without a camera or a file."""

import math
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl, urlsplit

import numpy as np

from streamrec.errors import SourceOpenError
from streamrec.sources.base import Source
from streamrec.types import Frame, Image, now_s

MAX_SIDE = 8192
MIN_FPS, MAX_FPS = 0.1, 1000.0
_TURN_S = 2.0  # the ball goes round once in this time
_BALL = np.array([60, 200, 255], np.uint8)


@dataclass(frozen=True, slots=True)
class Scene:
    """The parameters of ``synthetic:?width=640&height=480&fps=30&seconds=10&live=0``.

    Attributes:
        width, height: pixels.
        fps: frames per second.
        seconds: length; ``inf`` never ends.
        live: 1: the frames come at their own pace, as from a camera.
    """

    width: int = 640
    height: int = 480
    fps: float = 30.0
    seconds: float = 10.0
    live: int = 0

    def __post_init__(self) -> None:
        if not (0 < self.width <= MAX_SIDE and 0 < self.height <= MAX_SIDE):
            raise SourceOpenError(
                f"synthetic: width and height go from 1 to {MAX_SIDE}, got {self.width} x "
                f"{self.height}"
            )
        if not MIN_FPS <= self.fps <= MAX_FPS:
            raise SourceOpenError(
                f"synthetic: fps goes from {MIN_FPS:g} to {MAX_FPS:g}, got {self.fps}"
            )
        if not (self.seconds > 0 and self.live in (0, 1)):
            raise SourceOpenError(
                f"synthetic: seconds is positive and live is 0 or 1, got seconds={self.seconds}, "
                f"live={self.live}"
            )

    @classmethod
    def parse(cls, uri: str) -> Self:
        """Read the parameters from a URI's query.

        Raises:
            SourceOpenError: an unknown parameter, or a value out of its range.
        """
        kinds = cls.__annotations__
        values = dict(parse_qsl(urlsplit(uri).query, keep_blank_values=True))
        unknown = values.keys() - kinds.keys()
        if unknown:
            raise SourceOpenError(
                f"synthetic: has no parameter {min(unknown)!r}; allowed: {', '.join(kinds)}"
            )
        try:
            return cls(**{name: kinds[name](value) for name, value in values.items()})
        except ValueError as error:
            raise SourceOpenError(f"synthetic: not a number in {uri!r}: {error}") from None


class SyntheticSource(Source):
    """A ball that circles clockwise before a shaded wall; every frame is the same in every run."""

    name = "synthetic"
    live = False

    def __init__(self, scene: Scene | None = None) -> None:
        scene = scene or Scene()
        self.fps: float | None = scene.fps
        frames = scene.seconds * scene.fps
        self.frame_count = None if math.isinf(frames) else max(1, round(frames))
        self._scene = scene
        self._wall = _wall(scene.height, scene.width)
        self._index = 0
        self._closed = False

    def read(self) -> Frame | None:
        """Draw the next frame."""
        if self._closed or self._index == self.frame_count:
            return None
        index, started_s = self._index, now_s()
        time_s = index / self._scene.fps
        image = _with_ball(self._wall, time_s / _TURN_S * math.tau)
        self._index += 1
        captured_s = now_s()
        return Frame(
            image=image,
            index=index,
            captured_s=captured_s,
            time_s=time_s,
            pts_s=time_s,
            source=self.name,
            capture_ms=(captured_s - started_s) * 1000,
        )

    def close(self) -> None:
        """End the stream."""
        self._closed = True


def _wall(height: int, width: int) -> Image:
    """A picture with shades in both directions: uint8 [height, width, 3]."""
    down = np.linspace(40, 160, height, dtype=np.uint8)[:, None]
    across = np.linspace(40, 160, width, dtype=np.uint8)[None, :]
    wall = np.empty((height, width, 3), np.uint8)
    wall[:, :, 0], wall[:, :, 1], wall[:, :, 2] = down, across, down // 2 + across // 2
    return wall


def _with_ball(wall: Image, angle: float) -> Image:
    """Draw the ball at ``angle``, clockwise from the right, on a copy of the wall."""
    height, width = wall.shape[:2]
    side = min(height, width)
    radius = side / 10
    center_x = width / 2 + math.cos(angle) * side * 0.3
    center_y = height / 2 + math.sin(angle) * side * 0.3
    top, left = max(0, int(center_y - radius)), max(0, int(center_x - radius))
    image = wall.copy()
    patch = image[top : int(center_y + radius) + 1, left : int(center_x + radius) + 1]
    y, x = np.ogrid[top : top + patch.shape[0], left : left + patch.shape[1]]
    patch[(y - center_y) ** 2 + (x - center_x) ** 2 <= radius**2] = _BALL
    return image
