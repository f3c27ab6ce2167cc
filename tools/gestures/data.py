"""Batches of generated clips: made by processes beside the trainer, used several times each."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import torch
from generate import FRAMES, generate
from motion import IGNORE, LABELS
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

Example = tuple[Tensor, Tensor, Tensor]
"""Frames uint8 [T, H, W, 3], targets [T], weights [T]."""

_MIRRORED = {
    "swipe left": "swipe right",
    "swipe right": "swipe left",
    "circle clockwise": "circle counter-clockwise",
    "circle counter-clockwise": "circle clockwise",
}
_FIRST = 512

MIRROR = torch.tensor([LABELS.index(_MIRRORED.get(label, label)) for label in LABELS])
"""What each label becomes when the picture is mirrored."""


@dataclass(frozen=True)
class Batch:
    """Network input float32 [N, T, 3, H, W], targets and weights [N, T]."""

    clips: Tensor
    targets: Tensor
    weights: Tensor


class GeneratedClips(Dataset[Example]):
    """The first ``count`` clips of the set ``seed``."""

    def __init__(self, seed: int, count: int) -> None:
        self._seed, self._count = seed, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Example:
        clip = generate(self._seed, index)
        parts = clip.frames, clip.targets, clip.weights
        frames, targets, weights = (torch.from_numpy(part) for part in parts)
        return frames, targets, weights


def loader(seed: int, count: int, batch: int, workers: int) -> Iterator[list[Tensor]]:
    """Generated clips in order, ``batch`` at a time, made by ``workers`` processes."""
    clips = GeneratedClips(seed, count)
    return iter(
        DataLoader(clips, batch, num_workers=workers, worker_init_fn=_one_thread, prefetch_factor=8)
    )


def _one_thread(_worker: int) -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)


class Pool:
    """A ring of the newest clips, from which training draws each about ``uses`` times."""

    def __init__(self, fresh: Iterator[list[Tensor]], capacity: int, seed: int) -> None:
        self._fresh, self._rng = fresh, torch.Generator().manual_seed(seed)
        first = next(fresh)
        self._parts = [torch.zeros(capacity, *part.shape[1:], dtype=part.dtype) for part in first]
        self._capacity, self._taken, self._drawn = capacity, 0, 0
        self._put(first)

    def batch(self, size: int, uses: int) -> Batch:
        """Draw ``size`` clips at random, varied; one new clip comes in for every ``uses`` drawn."""
        self._drawn += size
        self._fill(_FIRST + self._drawn // uses)
        chosen = torch.randint(min(self._taken, self._capacity), (size,), generator=self._rng)
        return vary([part[chosen] for part in self._parts], self._rng)

    def _fill(self, count: int) -> None:
        """Wait until ``count`` clips have come in since the start."""
        while self._taken < count:
            self._put(next(self._fresh))

    def _put(self, parts: list[Tensor]) -> None:
        count = len(parts[0])
        slots = (self._taken + torch.arange(count)) % self._capacity
        for ring, part in zip(self._parts, parts, strict=True):
            ring[slots] = part
        self._taken += count


def vary(parts: list[Tensor], rng: torch.Generator, frames: int = FRAMES - 8) -> Batch:
    """Mirror half of the clips, begin each at another frame, tint and shift it."""
    count, length = parts[0].shape[:2]
    start = torch.randint(length - frames + 1, (count,), generator=rng)
    start[torch.rand(count, generator=rng) < 0.4] = 0
    rows, index = torch.arange(count)[:, None], start[:, None] + torch.arange(frames)
    clips, targets, weights = (part[rows, index] for part in parts)
    mirrored = torch.rand(count, generator=rng) < 0.5
    clips[mirrored] = clips[mirrored].flip(3)
    known = targets.clamp(min=0)
    named = torch.where(mirrored[:, None], MIRROR[known], known)
    targets = torch.where(targets == IGNORE, targets, named)
    clips = _shifted(clips, torch.randint(-4, 5, (count, 2), generator=rng))
    return Batch(_tinted(network_input(clips), rng), targets, weights)


def network_input(frames: Tensor) -> Tensor:
    """uint8 [..., H, W, 3] -> float32 [..., 3, H, W] in [0, 1]."""
    return frames.movedim(-1, -3).float() / 255


def _shifted(clips: Tensor, shifts: Tensor) -> Tensor:
    """Move each of [N, T, H, W, C] down and right by whole pixels [N, 2]; edges repeat."""
    height, width = clips.shape[2:4]
    moved = []
    for clip, (down, right) in zip(clips, shifts.tolist(), strict=True):
        rows = (torch.arange(height) - down).clamp(0, height - 1)
        columns = (torch.arange(width) - right).clamp(0, width - 1)
        moved.append(clip[:, rows][:, :, columns])
    return torch.stack(moved)


def _tinted(clips: Tensor, rng: torch.Generator) -> Tensor:
    shape = (len(clips), 1, 3, 1, 1)
    gain = 1 + 0.15 * torch.randn(shape, generator=rng)
    offset = 0.05 * torch.randn(shape, generator=rng)
    return (clips * gain + offset).clamp(0, 1)
