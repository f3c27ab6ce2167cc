"""What a camera shows: pictures with their times, of clips and of scenes in which nothing happens.

Pieces follow each other without a gap and without a mark: no ``Frame.cut`` is set where one ends
and the next begins, since no camera tells when something else comes before it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path
from typing import Protocol

import numpy as np

from streamrec.dataset.clips import LabelledClip
from streamrec.errors import DatasetError, SourceError, SourceReadError
from streamrec.evaluation.clips import ClipSource
from streamrec.sources.opencv import FALLBACK_FPS
from streamrec.types import Image

LONGEST_S = 60.0
"""Of a clip that is longer, only so much is played, so that its pictures fit into memory."""

NOISE = 2.0
"""Standard deviation of a sensor's noise in a picture of the model's size, grey levels."""

_FIELDS = 16
_WALL = (96.0, 160.0)

Make = Callable[[Image], Image]
"""What is kept of a picture: the size that the model sees."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A picture, uint8 [H, W, 3] in BGR, and when it comes: seconds from its piece's beginning."""

    time_s: float
    image: Image


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """A piece of video. ``duration_s``: from its first picture to the one that would be next."""

    shots: tuple[Shot, ...]
    duration_s: float

    @property
    def interval_s(self) -> float:
        """The mean time from one picture to the next, seconds."""
        return self.duration_s / len(self.shots)


def shots_of(clip: LabelledClip, make: Make) -> Iterator[Shot]:
    """Yield the pictures of a clip at the file's own rate.

    Raises:
        SourceError: the file cannot be read.
    """
    begins_s: float | None = None
    with ClipSource(clip) as source:
        for frame in source:
            begins_s = frame.time_s if begins_s is None else begins_s
            yield Shot(frame.time_s - begins_s, make(frame.image))


def read_footage(clip: LabelledClip, make: Make) -> Footage:
    """Read a clip, ``LONGEST_S`` of it at most.

    Raises:
        SourceError: the file cannot be read, or has no pictures there.
    """
    shots = tuple(takewhile(lambda shot: shot.time_s < LONGEST_S, shots_of(clip, make)))
    if not shots:
        raise SourceReadError(f"{clip.name} has no pictures between its start and its end")
    return Footage(shots, _duration_s(shots[-1].time_s, len(shots)))


class Background(Protocol):
    """A scene in which nothing happens. ``name``: what it is, in a few words."""

    name: str

    def endless(self) -> Iterator[Shot]:
        """Yield what a camera shows hour after hour."""

    def around(
        self, action: Footage, number: int, before_s: float, after_s: float
    ) -> tuple[Footage, Footage]:
        """Return what it shows right before and right after the action of clip ``number``."""


class StillScenes:
    """A camera before which nothing moves: the same picture with a sensor's noise.

    Around a clip that is its own first and last picture, so that nothing but the motion tells when
    the action begins and ends. For hours it is a grey wall, which belongs to no class.

    Args:
        size: height and width of the pictures.
        fps: rate of the wall's pictures, frames per second.
    """

    name = "still scenes"

    def __init__(self, size: tuple[int, int], fps: float) -> None:
        noise = np.random.default_rng(0).normal(0.0, NOISE, (_FIELDS, *size, 3))
        self._noise = noise.round().astype(np.int16)
        self._fps = fps

    def endless(self) -> Iterator[Shot]:
        """Yield the wall."""
        height, width = self._noise.shape[1:3]
        shades = np.linspace(*_WALL, height, dtype=np.uint8)[:, None, None]
        return self._still(np.broadcast_to(shades, (height, width, 3)), 1.0 / self._fps)

    def around(
        self, action: Footage, number: int, before_s: float, after_s: float
    ) -> tuple[Footage, Footage]:
        """Return the scene before anything moves, and after all has."""
        first, last = action.shots[0].image, action.shots[-1].image
        before = _cut(self._still(first, action.interval_s), before_s)
        return before, _cut(self._still(last, action.interval_s), after_s)

    def _still(self, image: Image, interval_s: float) -> Iterator[Shot]:
        for index in count():
            noisy = np.clip(image + self._noise[index % _FIELDS], 0, 255).astype(np.uint8)
            yield Shot(index * interval_s, noisy)


class Videos:
    """Videos one after the other, again and again. Each clip comes in the middle of another one.

    Args:
        clips: the videos, all of which can be read.
        make: what is kept of their pictures.
    """

    def __init__(self, clips: Sequence[LabelledClip], make: Make) -> None:
        self.name = f"{len(clips)} video{'s'[: len(clips) != 1]}"
        self._clips, self._make = clips, make

    def endless(self) -> Iterator[Shot]:
        """Yield them from the first one on."""
        return self._from(0)

    def around(
        self, action: Footage, number: int, before_s: float, after_s: float
    ) -> tuple[Footage, Footage]:
        """Return the beginning of a video, and what follows in it."""
        whole = _cut(self._from(number), before_s + after_s)
        before = tuple(shot for shot in whole.shots if shot.time_s < before_s)
        after = (shot for shot in whole.shots if shot.time_s >= before_s)
        later = tuple(Shot(shot.time_s - before_s, shot.image) for shot in after)
        return Footage(before, before_s), Footage(later, after_s)

    def _from(self, number: int) -> Iterator[Shot]:
        begins_s = 0.0
        for index in count(number):
            times_s = [0.0]
            for shot in self._shots(index):
                times_s.append(shot.time_s)
                yield Shot(begins_s + shot.time_s, shot.image)
            begins_s += _duration_s(times_s[-1], len(times_s) - 1)

    def _shots(self, index: int) -> Iterator[Shot]:
        return shots_of(self._clips[index % len(self._clips)], self._make)


def background_files(path: Path) -> list[LabelledClip]:
    """Return a video, or those of a folder and of the folders in it; other files are left out.

    Raises:
        DatasetError: there is none.
    """
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return readable(LabelledClip(path=file, labels=()) for file in files)


def readable(clips: Iterable[LabelledClip]) -> list[LabelledClip]:
    """Return those that have pictures.

    Raises:
        DatasetError: none has.
    """
    clips = list(clips)
    found = [clip for clip in clips if _has_pictures(clip)]
    if not found:
        name = clips[0].name if clips else "an empty folder"
        raise DatasetError(f"no background can be read: {name}; give a video or a folder of them")
    return found


def _has_pictures(clip: LabelledClip) -> bool:
    try:
        return next(shots_of(clip, lambda image: image), None) is not None
    except SourceError:
        return False


def _cut(shots: Iterator[Shot], seconds: float) -> Footage:
    return Footage(tuple(takewhile(lambda shot: shot.time_s < seconds, shots)), seconds)


def _duration_s(last_s: float, shots: int) -> float:
    return last_s * shots / (shots - 1) if shots > 1 else 1.0 / FALLBACK_FPS
