"""What every source offers."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Protocol, Self

from streamrec.types import Frame


class Source(Protocol):
    """Frames, one at a time. A context manager and an iterator.

    Attributes:
        name: what the frames carry as ``source``; never holds credentials.
        live: True where frames are lost when nobody reads in time.
        fps: the declared rate in frames per second, None where unknown or implausible.
        frame_count: frames in total as far as the source declares them, None where unknown.
        starts_at_read: True where the first ``read`` starts a clock, so that it must not come
            before somebody wants a frame.
    """

    name: str
    live: bool
    fps: float | None
    frame_count: int | None
    starts_at_read: bool = False

    @abstractmethod
    def read(self) -> Frame | None:
        """Return the next frame, or None at the end.

        Raises:
            SourceReadError: the source failed; it cannot be read further.
        """

    def keep(self, frames: int) -> None:
        """Hold up to so many frames for a reader that is away for a while, where any are lost."""
        return

    def interrupt(self) -> None:
        """End a wait within ``read``; the one call that another thread may make meanwhile."""
        return

    @abstractmethod
    def close(self) -> None:
        """Release the source; safe to call twice and from any state."""

    def __iter__(self) -> Iterator[Frame]:
        return iter(self.read, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
