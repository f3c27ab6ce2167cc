"""What the files of a data set really are: each is decoded once, from end to end."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from streamrec.dataset.clips import Dataset, LabelledClip
from streamrec.dataset.frames import ClipFrames, open_clip, piece_of
from streamrec.dataset.signature import SIGNATURE_FPS, SIGNATURE_FRAMES, miniature, no_signature
from streamrec.errors import DatasetError, SourceError
from streamrec.sources.base import Source
from streamrec.types import Frame, Image

_WHOLE = 0.9
"""A file with less of the frames, and of the time, that it declares is broken off."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClipFacts:
    """What a clip really is.

    Attributes:
        clip: which.
        frames: what a model sees of it, frames on the model's time grid.
        duration_s: how long it shows something, seconds.
        fps: frames per second of the file, in the mean over the clip; None: not known.
        width, height: of its pictures, pixels; 0: there are none.
        fault: why it cannot be used; None: it can.
        damage: what is wrong with a clip that can be used all the same; None: nothing.
        signature: uint8 [T, 8, 9], its first seconds in miniature; see ``signature``.
    """

    clip: LabelledClip
    frames: int = 0
    duration_s: float = 0.0
    fps: float | None = None
    width: int = 0
    height: int = 0
    fault: str | None = None
    damage: str | None = None
    signature: Image = field(default_factory=no_signature, repr=False)


def scan(
    dataset: Dataset, fps: float, progress: Callable[[], None] | None = None
) -> tuple[ClipFacts, ...]:
    """Decode every file once and return what each clip is, in the order of the data set.

    A file that cannot be read is a fact, and no failure.

    Args:
        dataset: the clips.
        fps: the rate of the model that is to see them, frames per second.
        progress: called at each clip that is done.
    """
    pieces: defaultdict[str, list[LabelledClip]] = defaultdict(list)
    for clip in dataset.clips:
        pieces[str(clip.path)].append(clip)
    found: dict[LabelledClip, ClipFacts] = {}
    for clips in pieces.values():
        for facts in _scan_file(clips, fps):
            found[facts.clip] = facts
            if progress is not None:
                progress()
    return tuple(found[clip] for clip in dataset.clips)


class _Watch:
    """Gathers what one clip is while its file is decoded."""

    def __init__(self, clip: LabelledClip, fps: float, source: Source) -> None:
        self.clip, self._declared_fps = clip, source.fps
        self._grid = ClipFrames(clip, fps, source.fps)
        self._signature_grid = ClipFrames(clip, SIGNATURE_FPS, source.fps)
        self._signature: list[Image] = []
        self._frames = self._received = self._width = self._height = 0
        self._first_s = self._last_s = 0.0

    def is_over(self, frame: Frame) -> bool:
        return self._grid.is_over(frame)

    def push(self, frame: Frame) -> None:
        """Take a frame of the file that the clip does not end before."""
        if frame.time_s < self.clip.start_s:
            return
        if not self._received:
            self._first_s = frame.time_s
            self._height, self._width = frame.image.shape[:2]
        self._last_s, self._received = frame.time_s, self._received + 1
        self._frames += len(self._grid.push(frame))
        if len(self._signature) < SIGNATURE_FRAMES:
            due = self._signature_grid.push(frame)
            self._signature += [miniature(image) for image in due]

    def facts(self, fault: str | None, damage: str | None) -> ClipFacts:
        """Return what was found; a fault of the file is one of the clip's."""
        span_s = self._last_s - self._first_s
        fps = (self._received - 1) / span_s if span_s > 0.0 else self._declared_fps
        if not self._received:
            return ClipFacts(clip=self.clip, fault=fault or f"{piece_of(self.clip)} has no frame")
        return ClipFacts(
            clip=self.clip,
            frames=self._frames,
            duration_s=span_s + (1.0 / fps if fps else 0.0),
            fps=fps,
            width=self._width,
            height=self._height,
            fault=fault,
            damage=damage,
            signature=np.stack(self._signature[:SIGNATURE_FRAMES]),
        )


def _scan_file(clips: Sequence[LabelledClip], fps: float) -> list[ClipFacts]:
    """Decode a file and return what each of its clips is."""
    watches: list[_Watch] = []
    fault = damage = None
    try:
        with open_clip(clips[0]) as source:
            watches = [_Watch(clip, fps, source) for clip in clips]
            damage = _watch(source, watches)
    except (SourceError, DatasetError) as error:
        fault = str(error)
    if not watches:
        return [ClipFacts(clip=clip, fault=fault) for clip in clips]
    return [watch.facts(fault, damage) for watch in watches]


def _watch(source: Source, watches: Sequence[_Watch]) -> str | None:
    """Show a file to its clips; return what is wrong with it if it ends too early."""
    waiting = sorted(watches, key=lambda watch: watch.clip.start_s, reverse=True)
    active: list[_Watch] = []
    frames, last_s = 0, 0.0
    for frame in source:
        frames, last_s = frames + 1, frame.time_s
        while waiting and waiting[-1].clip.start_s <= frame.time_s:
            active.append(waiting.pop())
        active = [watch for watch in active if not watch.is_over(frame)]
        for watch in active:
            watch.push(frame)
        if not active and not waiting:
            return None
    return _broken_off(source, frames, last_s)


def _broken_off(source: Source, frames: int, last_s: float) -> str | None:
    declared = source.frame_count
    if declared is None or source.fps is None or frames >= _WHOLE * declared:
        return None
    if last_s >= _WHOLE * declared / source.fps - 1.0 / source.fps:
        return None  # the number of frames was guessed from the duration
    return f"it breaks off after {frames} of {declared} frames"
