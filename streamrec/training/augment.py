"""How clips are varied: drawn once a clip, the same for all its frames.

OpenCV's operations on bytes: one core makes 10 frames of 172 x 172 in 1.3 ms, kornia in 14.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from streamrec.config import AugmentOptions
from streamrec.opencv import cv2
from streamrec.preprocess import Preprocessor
from streamrec.types import Array, Image, Preprocessing

MAX_ASPECT = 4 / 3
"""How much wider or higher than the model's input a crop may be, as Inception's crops are."""

_LUMA = (0.114, 0.587, 0.299)  # ITU-R BT.601, blue-green-red


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """How one clip is varied; by default not at all.

    Attributes:
        speed: how much faster than filmed it plays.
        phase: where the time grid begins, in its intervals.
        start: which of the longer clip's pieces is taken: 0 the first, 0.5 the middle one.
        area: share of the picture that is kept; ``aspect``: its width by its height, where the
            model's input has 1.
        top, left: where it lies: 0.5 in the middle.
        brightness, contrast, saturation: factors.
        mirrored: whether left is right.
    """

    speed: float = 1.0
    phase: float = 0.0
    start: float = 0.5
    area: float = 1.0
    aspect: float = 1.0
    top: float = 0.5
    left: float = 0.5
    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    mirrored: bool = False


def draw(options: AugmentOptions, random: np.random.Generator) -> Variation:
    """Draw a variation; options that are off are as in ``Variation()``."""
    speed, aspect = random.uniform(-1, 1, 2)
    phase, start, top, left, mirror = random.uniform(size=5)
    brightness, contrast, saturation = 1 + options.color * random.uniform(-1, 1, 3)
    timed = Variation(
        speed=options.speed**speed,
        phase=phase,
        start=start,
        brightness=brightness,
        contrast=contrast,
        saturation=saturation,
        mirrored=options.flip and bool(mirror < 0.5),
    )
    if options.crop == 1.0:
        return timed
    area = random.uniform(options.crop, 1)
    return replace(timed, area=area, aspect=MAX_ASPECT**aspect, top=top, left=left)


class Augment:
    """Makes varied model input of pictures.

    Args:
        preprocessing: of the model.
        crop: the least area that a variation keeps. Pictures are held so much larger than the
            model's input that the smallest crop still has as many pixels.
    """

    def __init__(self, preprocessing: Preprocessing, crop: float = 1.0) -> None:
        size = preprocessing.height, preprocessing.width
        height, width = preprocessing.resized or size
        self._scale = crop**-0.5
        self._size = size
        self._whole = round(height * self._scale), round(width * self._scale)
        self._reduce = Preprocessor(_sized(preprocessing, self._whole))
        self._finish = Preprocessor(replace(_sized(preprocessing, size), resize="stretch"))

    def reduce(self, image: Image) -> Image:
        """Return a picture as it is held: what the resize policy keeps, resized."""
        return self._reduce.resize(image)

    def __call__(self, images: Sequence[Image], variation: Variation) -> Array:
        """Return model input, float32 [len(images), 3, height, width].

        Args:
            images: at least one, as ``reduce`` makes them.
            variation: of the pictures; its times are not for here.
        """
        box = self._box(variation)
        cut = [self._finish.resize(image[box]) for image in images]
        grey = np.mean([cv2.mean(image)[:3] for image in cut], 0) @ _LUMA
        colors = _colors(variation, float(grey))
        varied = (cv2.transform(image, colors) for image in cut)
        x = np.concatenate([self._finish(np.asarray(image)) for image in varied])
        return x[..., ::-1].copy() if variation.mirrored else x

    def _box(self, variation: Variation) -> tuple[slice, slice]:
        side, stretch = self._scale * variation.area**0.5, variation.aspect**0.5
        height = min(round(self._size[0] * side / stretch), self._whole[0])
        width = min(round(self._size[1] * side * stretch), self._whole[1])
        top = round((self._whole[0] - height) * variation.top)
        left = round((self._whole[1] - width) * variation.left)
        return slice(top, top + height), slice(left, left + width)


def _sized(preprocessing: Preprocessing, size: tuple[int, int]) -> Preprocessing:
    return replace(preprocessing, height=size[0], width=size[1], resized=None)


def _colors(variation: Variation, luma: float) -> npt.NDArray[np.float64]:
    """Return what colour jitter does to a pixel: a matrix and an offset, float64 [3, 3 + 1].

    Saturation is the distance from the pixel's grey, contrast from that of the whole clip.
    """
    gain = variation.brightness * variation.contrast
    grey = np.tile(_LUMA, (3, 1))
    matrix = variation.saturation * np.eye(3) + (1 - variation.saturation) * grey
    offset = np.full((3, 1), (1 - variation.contrast) * variation.brightness * luma)
    return np.hstack([gain * matrix, offset])
