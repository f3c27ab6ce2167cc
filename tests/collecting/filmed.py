"""A recorder whose pictures tell when they were taken, and what is in its clips."""

from pathlib import Path

import cv2
import numpy as np

from streamrec.collecting.folder import ClipFolder
from streamrec.collecting.recorder import Recorder
from streamrec.config import CollectOptions
from streamrec.types import Frame

START_S = 1_800_000_000.0
FPS = 10.0


class Film:
    """A recorder and the time at which its film is; each picture tells its own."""

    def __init__(
        self, folder: Path, *, held_bytes: int = 1 << 24, late_s: float = 0.0, **options: object
    ) -> None:
        self.folder, self.said, self.second = folder, [], 0.0
        settings = {"before": 1.0, "after": 2.0} | options
        self.recorder = Recorder(
            ClipFolder(folder, "door"),
            CollectOptions(to=str(folder), **settings),
            self.said.append,
            fps=FPS,
            late_s=late_s,
            held_bytes=held_bytes,
        )

    def roll(self, seconds: float, *, cut: bool = False, size: tuple[int, int] = (64, 48)) -> None:
        """Film for so long."""
        for number in range(round(seconds * FPS)):
            frame = Frame(
                image=picture_of(self.second, size),
                index=0,
                captured_s=START_S + self.second + 0.1,
                time_s=START_S + self.second,
                source="door",
                cut=cut and number == 0,
            )
            self.recorder.take(frame)
            self.second = round(self.second + 1 / FPS, 6)

    def wait(self, seconds: float) -> None:
        """Let time pass without a picture."""
        self.second += seconds

    def clips(self, label: str) -> list[tuple[float, float, int]]:
        """Return first and last second, and the number of frames, of each clip of a label."""
        self.recorder.shelf.finish()
        return [seconds_of(path) for path in sorted((self.folder / label).glob("*.mp4"))]


def picture_of(second: float, size: tuple[int, int]) -> np.ndarray:
    """A picture whose left half tells the second, and its right half the tenth of it."""
    image = np.full((size[1], size[0], 3), 10 * int(second), np.uint8)
    image[:, size[0] // 2 :] = 25 * (round(second * FPS) % 10)
    return image


def second_of(image: np.ndarray) -> float:
    """When a picture was taken."""
    left, right = np.array_split(image, 2, axis=1)
    return round(float(left[:, 4:-4].mean()) / 10) + round(float(right[:, 4:-4].mean()) / 25) / 10


def seconds_of(path: Path) -> tuple[float, float, int]:
    """When the first and the last picture of a clip were taken, and how many there are."""
    video, seconds = cv2.VideoCapture(str(path)), []
    assert video.get(cv2.CAP_PROP_FPS) == FPS
    while (read := video.read())[0]:
        seconds.append(second_of(read[1]))
    return seconds[0], seconds[-1], len(seconds)
