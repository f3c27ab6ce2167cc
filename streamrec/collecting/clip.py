"""Pictures held as JPEG -> a clip of their own rate and size."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from streamrec.footage.ring import Shot
from streamrec.opencv import cv2
from streamrec.types import Image
from streamrec.video_file import video_file

QUALITY = 95
"""Of the JPEGs: 42 to 46 dB. The clip, MPEG-4 Part 2, then has 37 to 41 dB of the original."""

_DEFAULT_FPS = 25.0
_ALIKE = 0.1
_RANGE_FPS = (1.0, 240.0)


def jpeg_of(image: Image) -> bytes:
    """Return a picture, uint8 [H, W, 3] BGR, as JPEG."""
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def write_clip(path: Path, shots: Sequence[Shot], declared_fps: float | None) -> None:
    """Write a clip, MP4, that lasts as long as what it shows; it appears whole or not at all.

    Args:
        path: where; its folder is made as needed.
        shots: one at least, in the order of their times, of one size.
        declared_fps: the source's rate, where known.

    Raises:
        OutputError: the disk is full, or it cannot be written for another reason.
    """
    height, width = _decoded(shots[0]).shape[:2]
    fps = frame_rate([shot.captured_s for shot in shots], declared_fps)
    with video_file(path, (width, height), fps, max_gap_s=math.inf) as video:
        for shot in shots:
            video.show(_decoded(shot), shot.captured_s)


def frame_rate(times_s: Sequence[float], declared_fps: float | None) -> float:
    """Return the rate of a clip: as declared, unless its own times say otherwise.

    Args:
        times_s: of its frames, seconds, not decreasing.
        declared_fps: the source's rate, None where unknown.
    """
    gaps_s = np.diff(times_s)
    gaps_s = gaps_s[gaps_s > 0]
    if not gaps_s.size:
        return declared_fps or _DEFAULT_FPS
    own_fps = 1 / float(np.median(gaps_s))
    alike = declared_fps and abs(own_fps - declared_fps) <= _ALIKE * declared_fps
    fps = declared_fps if declared_fps and alike else own_fps
    return round(min(max(fps, _RANGE_FPS[0]), _RANGE_FPS[1]), 2)  # MPEG-4 takes no finer rates


def _decoded(shot: Shot) -> Image:
    """Decode a picture; videos take even sizes only."""
    image = np.asarray(cv2.imdecode(np.frombuffer(shot.jpeg, np.uint8), cv2.IMREAD_COLOR))
    height, width = image.shape[:2]
    return np.ascontiguousarray(image[: max(height & ~1, 1), : max(width & ~1, 1)])
