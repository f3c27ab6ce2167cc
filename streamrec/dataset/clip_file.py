"""A file that is read from the middle on."""

from collections.abc import Iterator
from itertools import chain

from streamrec.errors import SourceReadError
from streamrec.opencv import cv2
from streamrec.sources.file import FileSource
from streamrec.types import Frame

_AHEAD_S = 2.0
_WORTH_S = 10.0
"""To decode less than this costs no more than to jump."""


class ClipFile(FileSource):
    """A video file of which a piece is wanted.

    Raises:
        SourceOpenError: as `FileSource`.
    """

    def read_from(self, start_s: float) -> Iterator[Frame]:
        """Yield at least the frames from a time on, seconds, before any other was read.

        What lies far before it is jumped over, if the file can be read so.

        Raises:
            SourceReadError: the file is damaged.
        """
        if start_s < _WORTH_S:
            yield from self
            return
        first = self._jump(start_s - _AHEAD_S)
        if first is not None and first.time_s <= start_s:
            yield from chain([first], self)
            return
        with ClipFile(self._path) as again:
            yield from again

    def _jump(self, time_s: float) -> Frame | None:
        self._capture.set(cv2.CAP_PROP_POS_MSEC, 1000.0 * time_s)
        try:
            return self.read()
        except SourceReadError:
            return None
