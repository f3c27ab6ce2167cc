"""Whether a runtime computes what PyTorch did when the model was exported."""

import numpy as np

from streamrec.errors import ParityError
from streamrec.runtimes.base import Runtime
from streamrec.types import Array, StreamSpec

FRAMES = 4
"""An exported file tells the logits after so many frames of noise."""

TOLERANCES = {"fp32": 1e-4, "bf16": 2e-2}
"""Largest difference of any logit, over the largest logit or 1, by precision."""

_MULTIPLIER = 2654435761  # Knuth's: consecutive numbers fall far apart


def noise(spec: StreamSpec, frames: int = FRAMES) -> Array:
    """Return frames, float32 in [0, 1), [frames, 1, 3, H, W]: the same ones everywhere."""
    size = spec.preprocessing
    return _noise((frames, 1, 3, size.height, size.width))


def clip_noise(spec: StreamSpec, frames: int) -> Array:
    """Return network frames of noise, float32 [frames, C, H, W]: the same ones everywhere.

    Colours are normalised as pictures are, for a network that sees [0, 255] hardly sees [0, 1].
    """
    size, noise = spec.preprocessing, _noise((frames, *spec.frame_shape))
    colors = 0 if spec.flow is not None and not spec.flow.colors else 3
    for channel, mean, std in zip(range(colors), size.mean, size.std, strict=False):
        noise[:, channel] = (noise[:, channel] - mean) / std
    noise[:, colors:] = 2 * noise[:, colors:] - 1
    return noise


def _noise(shape: tuple[int, ...]) -> Array:
    numbers = np.arange(np.prod(shape), dtype=np.uint32) * np.uint32(_MULTIPLIER)
    return (numbers >> np.uint32(8)).astype(np.float32).reshape(shape) / np.float32(2**24)


def last_logits(runtime: Runtime) -> Array:
    """Return the logits after the frames, float32 [classes]."""
    stream = runtime.start()
    logits = [stream.step(frame) for frame in noise(runtime.spec)][-1]
    assert logits is not None, "a model with a state speaks after each frame"
    return logits


def check_parity(runtime: Runtime, expected: Array, precision: str = "fp32") -> float:
    """Return the largest difference of a logit.

    Raises:
        ParityError: it is above what the precision allows.
    """
    found = last_logits(runtime)
    if found.shape != expected.shape:
        raise ParityError(
            f"{runtime.spec.name} carries {expected.size} figures to compare with, and has "
            f"{found.size} classes; export it again"
        )
    difference, largest = float(np.abs(found - expected).max()), float(np.abs(expected).max())
    allowed = TOLERANCES[precision] * max(1.0, largest)
    if not difference <= allowed:
        raise ParityError(
            f"{runtime.engine} differs from PyTorch by {difference:.2g} in a logit of "
            f"{runtime.spec.name}; allowed: {allowed:.2g}"
        )
    return difference
