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
    grid = rng.uniform(0, 1 / rate) + np.arange(frames) / fps
    index = np.searchsorted(kept, grid).clip(max=len(kept) - 1)
    return np.maximum(kept[index], 0.0), min(1 / rate, 0.04) * rng.uniform(0.05, 1.0)


def shrinking(rng: np.random.Generator) -> int:
    """OpenCV's interpolation of the resize: with a low-pass filter or without one."""
    kinds = [cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_NEAREST]
    return int(rng.choice(kinds, p=[0.5, 0.35, 0.15]))


def shake(rng: np.random.Generator, times_s: Floats) -> Floats:
    """Shift of the whole picture at each time, [n, 2], picture heights."""
    if rng.random() > 0.2:
        return np.zeros((len(times_s), 2))
    strength = np.exp(rng.uniform(np.log(0.002), np.log(0.025)))
    return np.stack([sway(rng, times_s, strength, 0.3, 4.0) for _ in range(2)], axis=1)


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
    """Light, white balance, contrast, blocks and noise over a clip [T, H, W, 3]."""
    if rng.random() < 0.06:
        clip = _compress(clip, int(rng.integers(25, 80)))
    light = 1 + sway(rng, times_s, rng.choice([0, 0.02, 0.08], p=[0.7, 0.2, 0.1]), 0.1, 5.0)
    balance = rng.normal(1, 0.07, 3) * rng.uniform(0.7, 1.2)
    gain = (light[:, None] * balance).astype(np.float32)[:, None, None]
    curve = _contrast(rng)
    exposed = cv2.LUT(clip.reshape(-1, clip.shape[-2], 3), curve).reshape(clip.shape)
    grain = _grain(rng, clip.shape) * np.float32(rng.choice([0, rng.uniform(0, 7)]))
    return as_picture(exposed * gain + grain)


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
