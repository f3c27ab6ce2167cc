"""Small pictures in, a clip out: H.264 where PyAV is installed, MPEG-4 Part 2 where it is not."""

import math
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from streamrec.footage.files import PERMISSIONS
from streamrec.footage.ring import Shot
from streamrec.opencv import cv2
from streamrec.types import Image
from streamrec.video_file import OpenCVEncoder, OpenEncoder, video_file

CLIP_FPS = 10.0
"""Frames a second of a clip: as many pictures as there are in a second at most."""


def write_clip(path: Path, shots: Sequence[Shot]) -> None:
    """Write a clip that lasts as long as what it shows, MP4; the file appears whole or not at all.

    Args:
        path: where; folders are made as needed, an existing file is replaced.
        shots: one at least, in the order of their times; the first one's size is the clip's.

    Raises:
        OutputError: the disk is full, or it cannot be written for another reason.
    """
    rows, columns = _decoded(shots[0]).shape[:2]
    with video_file(
        path,
        (columns, rows),
        CLIP_FPS,
        open_encoder=_encoder(),
        max_gap_s=math.inf,
        permissions=PERMISSIONS,
    ) as video:
        for shot in shots:
            video.show(_decoded(shot), shot.captured_s)


def _decoded(shot: Shot) -> Image:
    return np.asarray(cv2.imdecode(np.frombuffer(shot.jpeg, np.uint8), cv2.IMREAD_COLOR))


def _encoder() -> OpenEncoder:
    """Return the encoder whose clips browsers play, where it is installed."""
    if find_spec("av") is None:
        return OpenCVEncoder
    from streamrec.footage.h264 import H264Encoder, has_h264

    return H264Encoder if has_h264() else OpenCVEncoder
