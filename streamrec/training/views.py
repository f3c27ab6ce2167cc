"""Clips as a network learns from them: view ``v`` of clip ``i``, always the same for a seed."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from streamrec.config import AugmentOptions
from streamrec.dataset.clips import LabelledClip
from streamrec.dataset.frames import read_frames
from streamrec.errors import LabelsError, OptionError, SourceReadError
from streamrec.training.augment import Augment, Variation, draw
from streamrec.training.flip import FlipRule
from streamrec.types import Array, Image, StreamSpec

_LONG_S = 20.0
"""What a clip may have more than is seen of it, and is read as a whole."""

_LEAD = 1
"""Behind seed, view and index, where the clip before is drawn and not how a clip varies."""


class ClipViews(Dataset[tuple[Tensor, Tensor]]):
    """Model inputs and targets, by the clip's index.

    An item is the frames, float32 [lead + frames, 3, height, width], and a one for each class that
    they show, float32 [classes], else zeros. It depends on seed, view and index only, whatever
    process makes it.

    Args:
        clips: what there is.
        labels: class names in the order of the targets.
        spec: the model's rate and preprocessing.
        frames: frames of an item; shorter clips are looped.
        lead: frames of another clip that come before them.
        durations_s: how long each clip lasts, seconds; of those that are much longer than an item,
            only the piece that is seen is read.
        varied: how clips are varied; None: not at all: the middle of what a live model sees.
        seed: at least 0.

    Attributes:
        view: which view of the clips comes out, at least 0. Set it before a loader begins to
            iterate: its processes take it from there.

    Raises:
        LabelsError: a clip has a label that is not among ``labels``.
        OptionError: the model sees optical flow, or ``varied.swap`` does not fit the labels.
    """

    def __init__(
        self,
        clips: Sequence[LabelledClip],
        labels: tuple[str, ...],
        spec: StreamSpec,
        *,
        frames: int,
        lead: int = 0,
        durations_s: Sequence[float],
        varied: AugmentOptions | None,
        seed: int,
    ) -> None:
        if spec.flow is not None:
            raise OptionError(f"{spec.name} sees optical flow; what is trained here sees colours")
        _check_labels(clips, labels)
        self.view = 0
        self._clips, self._labels = tuple(clips), labels
        self._fps, self._frames, self._lead = spec.fps, frames, lead
        self._durations_s = durations_s
        self._varied, self._seed = varied, seed
        self._flip = FlipRule(labels, "" if varied is None else varied.swap)
        self._augment = Augment(spec.preprocessing, 1.0 if varied is None else varied.crop)

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Return frames and target.

        Raises:
            SourceError: the file cannot be read, or has no pictures there.
        """
        labels, variation = self._drawn(index)
        x = self._seen(index, variation)
        if self._lead:
            x = np.concatenate([self._before(index), x])
        target = torch.tensor([float(label in labels) for label in self._labels])
        return torch.from_numpy(x), target

    def _seen(self, index: int, variation: Variation) -> Array:
        return self._augment(self._piece(self._read(index, variation), variation), variation)

    def _before(self, index: int) -> Array:
        """Return the last frames of a clip that is drawn for that."""
        random = np.random.default_rng((self._seed, self.view, index, _LEAD))
        other = int(random.integers(len(self._clips)))
        x = self._seen(other, self._drawn(other)[1])
        return x[np.arange(-self._lead, 0) % len(x)]

    def _drawn(self, index: int) -> tuple[tuple[str, ...], Variation]:
        """Return how a clip is varied, and what it shows then."""
        labels = self._clips[index].labels
        if self._varied is None:
            return labels, Variation()
        random = np.random.default_rng((self._seed, self.view, index))
        variation = draw(self._varied, random)
        flipped = self._flip.flipped(labels) if variation.mirrored else None
        return flipped or labels, replace(variation, mirrored=flipped is not None)

    def _read(self, index: int, variation: Variation) -> list[Image]:
        clip, make, speed = self._clips[index], self._augment.reduce, variation.speed
        phase_s = variation.phase * speed / self._fps
        try:
            near = self._near(clip, self._durations_s[index], variation)
            return read_frames(near, self._fps, make, phase_s=phase_s, speed=speed)
        except SourceReadError:  # a clip shorter than that has its first frame at least
            return read_frames(clip, self._fps, make, speed=speed)

    def _near(self, clip: LabelledClip, duration_s: float, variation: Variation) -> LabelledClip:
        """Return what has to be read of a clip: all of it, or of a long one the piece itself."""
        span_s = (self._frames + 1) * variation.speed / self._fps
        spare_s = duration_s - span_s
        if spare_s < _LONG_S:
            return clip
        start_s = clip.start_s + variation.start * spare_s
        return replace(clip, start_s=start_s, end_s=start_s + span_s)

    def _piece(self, images: Sequence[Image], variation: Variation) -> list[Image]:
        """Return the frames asked for: a piece of a longer clip, or a shorter one looped."""
        start = int(variation.start * max(len(images) - self._frames + 1, 0))
        chosen = np.resize(np.arange(start, len(images)), self._frames)
        return [images[i] for i in chosen.tolist()]


def _check_labels(clips: Sequence[LabelledClip], labels: tuple[str, ...]) -> None:
    unknown = sorted({label for clip in clips for label in clip.labels} - set(labels))
    if unknown:
        raise LabelsError(f"clips show {', '.join(unknown)}; the labels are {', '.join(labels)}")
