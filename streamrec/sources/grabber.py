"""Frames that are taken first, and turned into a picture only where one is wanted."""

from dataclasses import dataclass
from typing import Protocol

from streamrec.sources.base import Source
from streamrec.types import Frame, Image


@dataclass(frozen=True, slots=True)
class Grabbed:
    """A frame that has been decoded, and is not yet a picture.

    Attributes:
        index, captured_s, pts_s: as in ``Frame``.
        whole: whether it was coded by itself, and not as a change of other frames.
    """

    index: int
    captured_s: float
    pts_s: float | None
    whole: bool = True


class Grabber(Protocol):
    """A source that makes pictures of those frames only that are wanted.

    Attributes:
        name, live, fps, frame_count: as in ``Source``.
        waits: whether frames that came while it opened wait to be grabbed.
    """

    name: str
    live: bool
    fps: float | None
    frame_count: int | None
    waits: bool = False

    def grab(self) -> Grabbed | None:
        """Wait for the next frame; None at the end.

        Raises:
            SourceReadError: the source failed.
        """

    def retrieve(self) -> Image | None:
        """Return the picture of the frame just grabbed; None: it cannot be decoded.

        Raises:
            SourceReadError: the source failed.
        """

    def close(self) -> None:
        """Release the source; safe to call twice."""


class WholeFrames(Grabber):
    """Any source; each of its frames is a picture already."""

    def __init__(self, source: Source) -> None:
        self.name, self.live = source.name, source.live
        self.fps, self.frame_count = source.fps, source.frame_count
        self._source = source
        self._frame: Frame | None = None

    def grab(self) -> Grabbed | None:
        """Read the next frame."""
        self._frame = frame = self._source.read()
        return None if frame is None else Grabbed(frame.index, frame.captured_s, frame.pts_s)

    def retrieve(self) -> Image | None:
        """Return its picture."""
        return None if self._frame is None else self._frame.image

    def close(self) -> None:
        """Release the source."""
        self._source.close()
