"""A source whose pictures are flipped left to right, as webcam programs show them."""

from dataclasses import replace

import numpy as np

from streamrec.opencv import cv2
from streamrec.sources.base import Source
from streamrec.types import Frame


class MirroredSource(Source):
    """Flips the pictures of a source, once for all who see them."""

    def __init__(self, source: Source) -> None:
        self.name, self.live = source.name, source.live
        self.fps, self.frame_count = source.fps, source.frame_count
        self._source = source

    def read(self) -> Frame | None:
        """Return the next frame, flipped."""
        frame = self._source.read()
        if frame is None:
            return None
        return replace(frame, image=np.asarray(cv2.flip(frame.image, 1)))

    def close(self) -> None:
        """Release the source."""
        self._source.close()
