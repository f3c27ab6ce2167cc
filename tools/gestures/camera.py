"""What a webcam does to a scene: when it looks, for how long, and how it spoils the picture."""

import functools

import cv2
import numpy as np
import numpy.typing as npt
from motion import Floats
from scene import Picture, as_picture

_RATES_HZ = (10.0, 15.0, 24.0, 25.0, 30.0, 30.0, 60.0)


def looks(rng: np.random.Generator, frames: int, fps: float) -> tuple[Floats, float]:
    """When each frame of the model's time grid was captured, and the exposure, seconds.

    A camera of another rate, with jitter and lost frames, is sampled by timestamp: the first frame
    at or after each point of the grid.
    """
    rate = float(rng.choice(_RATES_HZ))
    count = int((frames + 4) * rate / fps) + 8
    captured = np.arange(count) / rate + rng.normal(0, rng.choice([0, 0.1]) / rate, count)
    kept = np.sort(captured)[rng.random(count) > rng.choice([0, 0, 0.08])]
    kept = _stalled(rng, kept) if rng.random() < 0.06 else kept
    grid = rng.uniform(0, 1 / rate) + np.arange(frames) / fps
    index = np.searchsorted(kept, grid).clip(max=len(kept) - 1)
    return np.maximum(kept[index], 0.0), min(1 / rate, 0.04) * rng.uniform(0.05, 1.0)


def _stalled(rng: np.random.Generator, captured: Floats) -> Floats:
    """The times of a camera that brings no picture for a moment."""
    first = rng.uniform(0, captured[-1])
    seen = (captured < first) | (captured > first + rng.uniform(0.15, 0.6))
    return np.asarray(captured[seen])


def shrinking(rng: np.random.Generator) -> int:
    """OpenCV's interpolation of the resize: with a low-pass filter or without one."""
    kinds = [cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_NEAREST]
    return int(rng.choice(kinds, p=[0.5, 0.35, 0.15]))


def shake(rng: np.random.Generator, times_s: Floats) -> Floats:
    """Shift of the whole picture at each time, [n, 2], picture heights: tremor, or a slow pan."""
    shift = np.zeros((len(times_s), 2))
    if rng.random() < 0.25:
        strength = np.exp(rng.uniform(np.log(0.002), np.log(0.03)))
        shift += np.stack([sway(rng, times_s, strength, 0.3, 4.0) for _ in range(2)], axis=1)
    if rng.random() < 0.06:
        pan = rng.normal(0, [0.05, 0.02]) * (times_s - times_s[0])[:, None]
        shift += np.clip(pan, -0.2, 0.2)
    return shift


def sway(
    rng: np.random.Generator, times_s: Floats, strength: float, least_hz: float, most_hz: float
) -> Floats:
    """A smooth random wander of about ``strength``."""
    waves = [
        np.sin(2 * np.pi * rng.uniform(least_hz, most_hz) * times_s + rng.uniform(0, 6.3))
        for _ in range(3)
    ]
    return np.asarray(strength * sum(waves) / 1.5)


def develop(rng: np.random.Generator, clip: Picture, times_s: Floats) -> Picture:
    """Lens, light, white balance, contrast, noise and compression of a clip [T, H, W, 3]."""
    if rng.random() < 0.15:
        clip = _defocus(clip, rng.uniform(0.3, 1.0))
    gain = (_light(rng, times_s)[:, None] * _balance(rng)).astype(np.float32)[:, None, None]
    if rng.random() < 0.25:
        gain = gain * _vignette(rng, clip.shape[1:3])
    exposed = cv2.LUT(clip.reshape(-1, clip.shape[-2], 3), _contrast(rng)).reshape(clip.shape)
    if rng.random() < 0.12:
        exposed = _fade(exposed, rng.choice([1.0, rng.uniform(0.3, 1)]))
    grain = _grain(rng, clip.shape) * np.float32(rng.choice([0, rng.uniform(0, 8)]))
    return _code(rng, as_picture(exposed * gain + grain))


def _light(rng: np.random.Generator, times_s: Floats) -> Floats:
    """Brightness at each time: it flickers, or steps as a lamp or the exposure changes."""
    light = 1 + sway(rng, times_s, rng.choice([0, 0.02, 0.08], p=[0.7, 0.2, 0.1]), 0.1, 5.0)
    if rng.random() < 0.06:
        change = (times_s - rng.choice(times_s)) / rng.uniform(0.05, 0.8)
        light *= 1 + rng.uniform(-0.35, 0.35) * np.clip(change, 0, 1)
    return np.asarray(light)


def _balance(rng: np.random.Generator) -> Floats:
    return rng.normal(1, 0.08, 3) * rng.uniform(0.65, 1.2)


def _defocus(clip: Picture, sigma: float) -> Picture:
    return np.stack([np.asarray(cv2.GaussianBlur(f, (0, 0), sigma), np.uint8) for f in clip])


def _vignette(rng: np.random.Generator, size: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Light that falls off from somewhere in the picture, [H, W, 1]."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]]
    middle = rng.uniform(0.1, 0.9, 2)
    distance = np.hypot(y / size[0] - middle[0], x / size[1] - middle[1])
    return np.asarray(1.15 - rng.uniform(0.1, 0.9) * distance, np.float32)[..., None]


def _fade(clip: Picture, share: float) -> Picture:
    """Less colour; with ``share`` 1 none, as at night."""
    grey = clip.mean(-1, keepdims=True)
    return as_picture(clip + share * (grey - clip))


def _code(rng: np.random.Generator, clip: Picture) -> Picture:
    """What a coder leaves of a clip: blocks and rings of each picture, or blocks that stick."""
    if rng.random() < 0.1:
        clip = _compress(clip, int(rng.integers(20, 80)))
    if rng.random() < 0.15:
        clip = _skip(clip, int(rng.choice([2, 3, 4, 6])), rng.uniform(1.5, 8))
    return clip


def _skip(clip: Picture, block: int, least: float) -> Picture:
    """Repeat each ``block`` pixels square until it has changed by ``least``, as coders do."""
    shown, pictures = clip[0], [clip[0]]
    height, width = shown.shape[:2]
    for frame in clip[1:]:
        change = cv2.absdiff(frame, shown).mean(-1)
        change = change.reshape(height // block, block, width // block, block).mean((1, 3))
        stays = (change < least).repeat(block, 0).repeat(block, 1)[..., None]
        shown = np.where(stays, shown, frame)
        pictures.append(shown)
    return np.stack(pictures)


def _contrast(rng: np.random.Generator) -> Picture:
    level = np.linspace(0, 1, 256) ** np.exp(rng.normal(0, 0.25))
    low, high = rng.uniform(0, 0.15), rng.uniform(0.8, 1.05)
    return as_picture(255 * (low + (high - low) * level))


def _compress(clip: Picture, quality: int) -> Picture:
    coded = [cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])[1] for frame in clip]
    return np.stack([np.asarray(cv2.imdecode(frame, cv2.IMREAD_COLOR)) for frame in coded])


@functools.cache
def _grain_bank() -> npt.NDArray[np.float32]:
    return np.random.default_rng(7).standard_normal(2_000_003, dtype=np.float32)


def _grain(rng: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    bank, count = _grain_bank(), int(np.prod(shape))
    start = int(rng.integers(0, len(bank) - count))
    return bank[start : start + count].reshape(shape)
