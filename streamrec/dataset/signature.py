"""A clip in miniature, to know copies of it by.

Ten grey pictures a second, 8 x 9 pixels each: the size of which difference hashes are made. Copies
show the same changes at the same times; other clips of the same camera do not.
"""

import numpy as np

from streamrec.opencv import cv2
from streamrec.types import Array, Image

SIGNATURE_FPS = 10.0
"""Copies that begin at another moment are half of a tenth of a second off at the most."""

SIGNATURE_FRAMES = 64
"""Of a longer clip the first of them are kept."""

MIN_OVERLAP = 6
"""So many pictures must two clips share at least, if they have them."""

_SIZE = (9, 8)
_LEAST_LIKE = 0.95
_STILL = 1.0
_SAME = 2.0


def no_signature() -> Image:
    """Return the signature of a clip that cannot be read."""
    return np.empty((0, *_SIZE[::-1]), np.uint8)


def miniature(image: Image) -> Image:
    """Return a picture, uint8 [H, W, 3] in BGR, as uint8 [8, 9] in grey."""
    small = cv2.resize(image, _SIZE, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def look(signature: Image) -> Array:
    """Return what a clip looks like in the mean, float32 [72], of unit length."""
    mean = signature.reshape(len(signature), -1).mean(axis=0, dtype=np.float32)
    return np.asarray(_unit(mean[None])[0])


def likeness(first: Image, second: Image) -> float:
    """Return how alike two clips change over time, where they fit best: 1 for copies, 0 for others.

    It is the correlation of what changes in time, where the pictures themselves are alike. Where
    neither changes, equal pictures are copies.

    Args:
        first: signature, uint8 [T, 8, 9].
        second: another one.
    """
    a, b = (x.reshape(len(x), -1).astype(np.float32) for x in (first, second))
    shared = min(MIN_OVERLAP, len(a), len(b))
    alike = _unit(a) @ _unit(b).T
    best = 0.0
    for offset in range(shared - len(b), len(a) - shared + 1):
        if np.diagonal(alike, -offset).mean() >= _LEAST_LIKE:
            begin, end = max(0, offset), min(len(a), offset + len(b))
            best = max(best, _same_changes(a[begin:end], b[begin - offset : end - offset]))
    return best


def _same_changes(a: Array, b: Array) -> float:
    """Compare two float32 [T, 72] of the same time."""
    changes_a, changes_b = a - a.mean(axis=0), b - b.mean(axis=0)
    if max(_rms(changes_a), _rms(changes_b)) < _STILL:
        return float(_rms(_centred(a) - _centred(b)) < _SAME)
    norm = np.linalg.norm(changes_a) * np.linalg.norm(changes_b)
    return float((changes_a * changes_b).sum() / max(norm, 1e-6))


def _rms(x: Array) -> float:
    return float(np.sqrt(np.square(x).mean()))


def _centred(x: Array) -> Array:
    centred: Array = x - x.mean(axis=1, keepdims=True)
    return centred


def _unit(x: Array) -> Array:
    """Return float32 [T, 72] without brightness and contrast."""
    x = _centred(x)
    unit: Array = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-3)
    return unit
