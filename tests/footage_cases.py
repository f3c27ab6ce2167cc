"""Pictures that say when they were taken, and events."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import cv2
import numpy as np
import pytest
from made_events import make_event

from streamrec.config import FootageOptions
from streamrec.footage.files import footage_file
from streamrec.footage.recorder import Recorder
from streamrec.footage.writer import Writer
from streamrec.types import ActionEvent, EventEnd

START_S = 1_800_000_000.0
"""Unix time of the first picture."""

PATIENCE_S = 20.0


def jpeg_of(second: float, size: tuple[int, int] = (64, 48)) -> bytes:
    """A picture as grey as it is late: two levels a second."""
    image = np.full((size[1], size[0], 3), round(2 * second), np.uint8)
    return cv2.imencode(".jpg", image)[1].tobytes()


def second_of(image: np.ndarray) -> float:
    """When a picture was taken, seconds after the first one; greys come out a little off."""
    return float(image[:, :, 1].mean()) / 2


def frames_of(path: Path) -> tuple[list[np.ndarray], float]:
    """The frames of a video, and its frame rate."""
    video = cv2.VideoCapture(str(path))
    fps, frames = video.get(cv2.CAP_PROP_FPS), []
    while (read := video.read())[0]:
        frames.append(read[1])
    return frames, fps


def event(number: int, start: float, **values: object) -> ActionEvent:
    """The start of an event, so many seconds after the first picture."""
    facts = {
        "id": str(UUID(int=number)),
        "label": "waving",
        "started_s": START_S + start,
        "captured_s": START_S + start,
        "score": 0.6,
        "peak": 0.6,
        "mean": 0.6,
    }
    return make_event(**facts | values)


def ending(
    start: ActionEvent, end: float, *, peak: float | None = None, reason: str = "score"
) -> ActionEvent:
    """Its end."""
    peak_s = start.peak_s if peak is None else START_S + peak
    newest = replace(start, captured_s=START_S + end, peak_s=peak_s)
    return newest.ended(EventEnd(reason))


class Camera:
    """A recorder, and pictures for it."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.folder, self.writer = folder, Writer()
        chosen = {"thumbnail": True, "clip": True, **options}
        self.recorder = Recorder(folder, "door", FootageOptions(**chosen), self.writer)
        self.event = self.recorder.event

    def film(self, start: float, end: float, fps: float = 5.0) -> None:
        """Show what happens from one second to the other."""
        for i in range(round((end - start) * fps)):
            self.show(start + i / fps)

    def show(self, second: float, *, cut: bool = False) -> None:
        self.recorder.frame(START_S + second, jpeg_of(second), cut)

    def file(self, one: ActionEvent, what: str) -> Path:
        assert self.writer.drain(PATIENCE_S)
        return footage_file(self.folder, "door", one.started_s, one.id, what)

    def clip(self, one: ActionEvent) -> list[float]:
        """The seconds that the frames of an event's clip show; ten frames are a second."""
        frames, fps = frames_of(self.file(one, "clip"))
        assert fps == pytest.approx(10)
        return [second_of(frame) for frame in frames]

    def thumbnail(self, one: ActionEvent) -> float:
        """The second that an event's thumbnail shows."""
        return second_of(cv2.imread(str(self.file(one, "thumbnail"))))

    @property
    def counts(self) -> dict[str, int]:
        assert self.writer.drain(PATIENCE_S)
        return dict(self.recorder.counts)
