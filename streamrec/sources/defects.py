"""Pictures that no camera took: all black, painted grey by a decoder, or the same for too long.

The limits leave real pictures alone: of 13 995 frames of 223 real clips the darkest but one reaches
178 of 255, and no grey that a decoder paints covers more than 2 % of any. A night is not black:
sensors are noisy. A wall or fog is not grey: its values spread.
"""

from dataclasses import dataclass

import numpy as np

from streamrec.types import Defect, Image

BLACK_MOST = 20
"""No value of a black picture is above this. Video black is 16 if its range is misread."""

BLACK_SPREAD = 4
"""Nor do its values spread further than coding alone makes them; noise in the dark does."""

DECODER_GREYS = range(128, 132)
"""What a decoder paints: 128 of YUV is 128 in BGR, or about 130 where video has a limited range."""

GREY_SHARE = 0.2
"""The share of the picture from which on one such grey means that data is missing."""


@dataclass(slots=True, eq=False)
class DefectCheck:
    """Looks at the pictures of one connection, one after the other.

    Attributes:
        frozen_s: how long all may be the same, seconds; 0: for ever.
        last: the newest picture that differs from the one before, uint8 [H, W, 3].
        since_s: its time.
    """

    frozen_s: float
    last: Image | None = None
    since_s: float = 0.0

    def push(self, image: Image, time_s: float) -> Defect | None:
        """Return what is wrong with the next picture, if anything.

        Args:
            image: uint8 [H, W, 3]; the smaller the cheaper, 40 microseconds at 172 x 172.
            time_s: its time in seconds, of any origin.
        """
        frozen = self.frozen_s > 0 and self._is_frozen(image, time_s)
        if _is_black(image):
            return Defect.BLACK
        if _is_grey(image):
            return Defect.GREY
        return Defect.FROZEN if frozen else None

    def _is_frozen(self, image: Image, time_s: float) -> bool:
        if self.last is None or not np.array_equal(image, self.last):
            self.last, self.since_s = image.copy(), time_s
        return time_s - self.since_s > self.frozen_s


def _is_black(image: Image) -> bool:
    most = int(image.max())
    return most <= BLACK_MOST and most - int(image.min()) <= BLACK_SPREAD


def _is_grey(image: Image) -> bool:
    return any(_is_painted(image, grey) for grey in DECODER_GREYS)


def _is_painted(image: Image, value: int) -> bool:
    """Look at all three channels of a pixel together only where there is reason to: it is slow."""
    painted = image == value
    if np.count_nonzero(painted) < GREY_SHARE * image.size:
        return False
    return bool(painted.all(axis=2).mean() >= GREY_SHARE)
