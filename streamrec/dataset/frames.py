"""What a model sees of a clip."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from streamrec.dataset.clips import LabelledClip
from streamrec.errors import DatasetError, OptionError, SourceReadError
from streamrec.sampling import TimeGrid
from streamrec.sources.open import source_kind
from streamrec.types import Frame, Image

if TYPE_CHECKING:
    from streamrec.dataset.clip_file import ClipFile

T = TypeVar("T")


class ClipFrames:
    """Picks the pictures of a clip out of the frames of its file, as a live model would see them.

    Args:
        clip: which piece of the file.
        fps: the model's rate.
        declared_fps: the file's rate, where known.
        phase_s: how much later than the clip the time grid begins, seconds.
        speed: how many times faster the clip is played.
    """

    def __init__(
        self,
        clip: LabelledClip,
        fps: float,
        declared_fps: float | None,
        *,
        phase_s: float = 0.0,
        speed: float = 1.0,
    ) -> None:
        declared_fps = None if declared_fps is None else declared_fps * speed
        self._grid = TimeGrid(fps=fps, declared_fps=declared_fps)
        self._start_s, self._end_s, self._speed = clip.start_s + phase_s, clip.end_s, speed
        self._before: Image | None = None

    def push(self, frame: Frame) -> list[Image]:
        """Take a frame; return the pictures that are due, uint8 [H, W, 3] in BGR."""
        if frame.time_s < self._start_s or self.is_over(frame):
            return []
        image, before, self._before = frame.image, self._before, frame.image
        turns = self._grid.push(frame.time_s / self._speed, frame.dropped).turns
        return [before if turn.repeat and before is not None else image for turn in turns]

    def is_over(self, frame: Frame) -> bool:
        """Tell whether the clip ends before this frame."""
        return self._end_s is not None and frame.time_s >= self._end_s


def read_frames(
    clip: LabelledClip,
    fps: float,
    make: Callable[[Image], T],
    *,
    phase_s: float = 0.0,
    speed: float = 1.0,
) -> list[T]:
    """Return what a model at ``fps`` sees of a clip, on the time grid of live video.

    The clip is what lies from ``start_s`` to just before ``end_s``. A damaged file gives the
    pictures up to the damage.

    Args:
        clip: a file, or a piece of it.
        fps: the model's rate, frames per second.
        make: keeps what is needed of a picture, uint8 [H, W, 3] in BGR, so that memory stays small.
        phase_s: begin so much later, seconds, to see other frames of the same clip.
        speed: play it so many times faster.

    Raises:
        SourceError: the file cannot be read, or has no frame there.
        DatasetError: it is no file but a camera.
        OptionError: a speed that is not above 0.
    """
    if not speed > 0.0:
        raise OptionError(f"speed is above 0; got {speed}")
    with open_clip(clip) as file:
        frames = ClipFrames(clip, fps, file.fps, phase_s=phase_s, speed=speed)
        made: list[T] = []
        for frame in file.read_from(clip.start_s):
            if frames.is_over(frame):
                break
            made.extend(make(image) for image in frames.push(frame))
    if not made:
        raise SourceReadError(f"no frame in {clip.name}: {piece_of(clip)} has none")
    return made


def open_clip(clip: LabelledClip) -> "ClipFile":
    """Open a clip's file.

    Raises:
        SourceOpenError: it cannot be opened.
        DatasetError: it is no file but a camera.
    """
    from streamrec.dataset.clip_file import ClipFile

    path = clip.path.absolute()  # never taken for an address or for a camera's number
    if source_kind(str(path)) != "file":
        raise DatasetError(f"{clip.path} has no end; clips are files")
    return ClipFile(path)


def piece_of(clip: LabelledClip) -> str:
    """Say which piece of its file a clip is."""
    end = "its end" if clip.end_s is None else f"{clip.end_s:g} s"
    return f"what lies from {clip.start_s:g} s to {end}"
