"""The part of the picture that is looked at: a box or a polygon.

OpenCV is loaded for the pictures of polygons only, so that options can be checked without it.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Self, TypeAlias

import numpy as np

from streamrec.errors import OptionError
from streamrec.types import Image

Corner: TypeAlias = tuple[float, float]

LEAST_AREA = 0.001
"""The smallest region, as a share of the picture: 45 x 45 pixels of 1920 x 1080."""

OUTSIDE = 127
"""The grey around a polygon, in all channels: the middle of what models expect."""

_EXAMPLE = "write '0.1,0.2 0.9,1' for a box, three corners or more for a polygon"
_MASKS_KEPT = 8
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Region:
    """What of a picture is looked at. A polygon whose sides cross is filled by turns.

    Attributes:
        corners: x and y in shares of the picture's width and height, from its top left; two: a box
            between them; three or more: a polygon; none: the whole picture.

    Raises:
        OptionError: one corner only, corners outside of [0, 1], or hardly any area.
    """

    corners: tuple[Corner, ...] = ()

    def __post_init__(self) -> None:
        if len(self.corners) == 1:
            raise OptionError(f"a region has at least two corners, got one; {_EXAMPLE}")
        for x, y in self.corners:
            if not (0.0 <= x <= 1.0 and 0.0 <= y <= 1.0):
                raise OptionError(
                    f"a region's corners are shares from 0 to 1, got {x:g},{y:g}; {_EXAMPLE}"
                )
        if self.corners and self._area() < LEAST_AREA:
            raise OptionError(
                f"a region is at least {LEAST_AREA:g} of the picture, got {self._area():.2g}; are "
                "the corners in the order of the outline?"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``x,y x,y ...``; empty text is the whole picture.

        Raises:
            OptionError: anything else, or corners that make no region.
        """
        return cls(tuple(_corner(part) for part in text.split()))

    def bounds(self, height: int, width: int) -> tuple[slice, slice]:
        """Return rows and columns of the box around it, at least one pixel each."""
        left, top, right, bottom = self._box()
        return _pixels(top, bottom, height), _pixels(left, right, width)

    def mask(self, height: int, width: int) -> Image | None:
        """Return where in its box, resized to this many pixels, the polygon is; None for a box.

        Returns:
            uint8 [height, width], 255 inside; not to be written to.
        """
        return None if len(self.corners) < 3 else _mask(self, height, width)

    def apply(self, image: Image) -> Image:
        """Return what is looked at: uint8 [h, w, 3], around a polygon grey.

        A box is a view of ``image``, which is not changed.
        """
        part = image[self.bounds(*image.shape[:2])]
        mask = self.mask(*part.shape[:2])
        if mask is None:
            return part
        from streamrec.opencv import cv2

        seen = np.full_like(part, OUTSIDE)
        cv2.copyTo(part, mask, seen)
        return seen

    def _box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        if not self.corners:
            return 0.0, 0.0, 1.0, 1.0
        xs, ys = zip(*self.corners, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def _area(self) -> float:
        """Area as a share of the picture, of a polygon by the shoelace formula."""
        if len(self.corners) == 2:
            left, top, right, bottom = self._box()
            return (right - left) * (bottom - top)
        following = (*self.corners[1:], self.corners[0])
        pairs = zip(self.corners, following, strict=True)
        return abs(sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in pairs)) / 2


def _corner(text: str) -> Corner:
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        raise OptionError(f"{text!r} is no corner x,y of a region; {_EXAMPLE}") from None
    return x, y


def _pixels(low: float, high: float, count: int) -> slice:
    """Return all pixels that are touched by more than a rounding error."""
    return slice(math.floor(low * count + _ROUNDING), math.ceil(high * count - _ROUNDING))


@lru_cache(maxsize=_MASKS_KEPT)
def _mask(region: Region, height: int, width: int) -> Image:
    from streamrec.opencv import cv2

    left, top, right, bottom = region._box()
    origin, extent = np.array([left, top]), np.array([right - left, bottom - top])
    points = (np.array(region.corners) - origin) / extent * [width - 1, height - 1]
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 255)
    mask.flags.writeable = False
    return mask
