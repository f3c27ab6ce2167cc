"""Whether anything moves: a cheap look at small grey pictures, so that the model may rest.

What is measured is the share of a coarse grid's cells that changed since the last picture that was
let through. Averaging over cells takes away the noise of sensors. Light that changes everywhere by
one factor does not count, and what changes slowly becomes the new background.
"""

import math
from dataclasses import dataclass

import numpy as np

from streamrec.opencv import cv2
from streamrec.types import Array, Image

GRID = 43
"""Cells across and down: each is 4 x 4 pixels of the 172 x 172 that the smallest models see."""

LEVEL = 10.0
"""How much a cell must change, of 255: four times what noise of 10 a pixel leaves of itself."""

KEEP_S = 3.0
"""Pictures are let through for so long after the last motion, so that an action is seen ending."""

ADAPT_S = 10.0
"""While nothing moves the background follows the picture with this time constant."""


@dataclass(slots=True, eq=False)
class MotionGate:
    """Lets pictures through while enough of them changes. 0.005 of a picture is a small person.

    Attributes:
        share: how much of the picture must change, in [0, 1]; 0: all pictures pass.
        background: what the next picture is compared with, float32 [GRID, GRID]; None: nothing.
        time_s: time of the last picture; ``moved_s``: of the last one that had changed enough.
    """

    share: float
    background: Array | None = None
    time_s: float = 0.0
    moved_s: float = 0.0

    def push(self, image: Image, time_s: float) -> bool:
        """Tell whether to let the next picture through; the first is.

        Args:
            image: uint8 [H, W, 3].
            time_s: its time in seconds, of any origin.
        """
        cells = _cells(image)
        if self.background is None or _changed(self.background, cells) >= self.share:
            self.moved_s = time_s
        elapsed_s, self.time_s = time_s - self.time_s, time_s
        if self.background is None or abs(time_s - self.moved_s) <= KEEP_S:
            self.background = cells
            return True
        weight = np.float32(-math.expm1(-max(elapsed_s, 0.0) / ADAPT_S))
        self.background = self.background + weight * (cells - self.background)
        return False


def _cells(image: Image) -> Array:
    small = cv2.resize(image, (GRID, GRID), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.float32)


def _changed(before: Array, after: Array) -> float:
    """Return the share of cells that changed otherwise than all together."""
    light = (after.mean() + 1.0) / (before.mean() + 1.0)
    return float(np.mean(np.abs(after - light * before) > LEVEL))
