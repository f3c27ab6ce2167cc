"""H.264 video as a fixed camera sends it: a scene, noise in every picture, a few things moving."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
from options import MissingError

from streamrec.opencv import cv2
from streamrec.types import Image

FPS = 25
KEY_FRAME_S = 2
"""Seconds between pictures that need no other, a camera's usual setting."""

BITS_PER_PIXEL = 0.08
"""1920 x 1080 at 25 frames/s: 4 Mbit/s; 1280 x 720: 1.8."""

_THINGS = 3
_NOISE = 3.0  # standard deviation in grey levels
_NOISE_SHIFT = 64  # the noise of a picture is the same field, moved at random

Noise = npt.NDArray[np.int16]


def write_h264(path: Path, height: int, seconds: float) -> Path:
    """Write a video 16 : 9, unless it is there already.

    Raises:
        MissingError: PyAV is not installed, or cannot encode H.264.
    """
    if path.exists():
        return path
    if find_spec("av") is None or "libx264" not in import_module("av").codecs_available:
        raise MissingError("cannot write H.264: pip install av, or give --video FILE")
    width = round(height * 16 / 9 / 2) * 2
    container = import_module("av").open(str(path), "w")
    with container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.bit_rate = round(width * height * FPS * BITS_PER_PIXEL)
        stream.codec_context.thread_count = 1  # each picture in one slice, however many cores
        stream.options = {"preset": "veryfast", "bf": "0", "g": str(FPS * KEY_FRAME_S)}
        for image in _pictures(width, height, round(seconds * FPS)):
            picture = import_module("av").VideoFrame.from_ndarray(image, "bgr24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def _pictures(width: int, height: int, count: int) -> Iterator[Image]:
    random = np.random.default_rng(0)
    scene = _texture(random, width, height, height // 27)
    thing = _texture(random, height // 4, height // 4, max(height // 180, 1))
    shape = (height + _NOISE_SHIFT, width + _NOISE_SHIFT, 1)
    noise = random.normal(0, _NOISE, shape).astype(np.int16)
    for number in range(count):
        image = _with_things(scene, thing, number / FPS)
        y, x = random.integers(0, _NOISE_SHIFT, 2)
        grain = noise[y : y + height, x : x + width]
        yield np.clip(image + grain, 0, 255).astype(np.uint8)


def _texture(random: np.random.Generator, width: int, height: int, cell: int) -> Image:
    shape = (max(height // cell, 2), max(width // cell, 2), 3)
    coarse = random.integers(0, 256, shape, dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


def _with_things(scene: Image, thing: Image, time_s: float) -> Image:
    """Put things where they are at that time, on paths of their own."""
    image, size = scene.copy(), thing.shape[0]
    for number in range(_THINGS):
        across = 0.5 + 0.5 * np.sin((1 + number) * 0.9 * time_s + number)
        down = 0.5 + 0.5 * np.cos((1 + number / 2) * time_s + 2 * number)
        x, y = round((image.shape[1] - size) * across), round((image.shape[0] - size) * down)
        image[y : y + size, x : x + size] = thing
    return image
