"""One model's training: its parts, what it sees, and how it is judged, put together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from streamrec.config import AugmentOptions
from streamrec.dataset.clips import Dataset, LabelledClip, Split
from streamrec.training.curves import Curves
from streamrec.training.examples import Examples
from streamrec.training.features import Features
from streamrec.training.judge import TailJudge
from streamrec.training.loop import Course
from streamrec.training.losses import ClipLoss, class_weights, multi_hot
from streamrec.training.material import Material
from streamrec.training.options import TrainingOptions
from streamrec.training.parts import divide
from streamrec.training.start import network_of
from streamrec.training.teller import Teller
from streamrec.training.views import ClipViews

FRAMES_AT_ONCE = 64
"""On a CPU. A trunk of A0 sees 16 clips of 13 frames in 2.5 s like that, all at once in 5 s."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Side:
    """Clips as they are learnt from, or as they are judged.

    Attributes:
        clips: what there is.
        views: what a network sees of them; ``count``: so many views in turn.
        kept: what the trunk makes of the views; None: there is no trunk.
        soft: a teacher's log-probabilities, [N, classes]; None: there is no teacher.
    """

    clips: Sequence[LabelledClip]
    views: ClipViews
    count: int
    kept: Features | None
    soft: Tensor | None = None

    def examples(self, clips: Sequence[LabelledClip]) -> Examples:
        """Return some of the clips."""
        places = {_key(clip): row for row, clip in enumerate(self.clips)}
        rows = [places[_key(clip)] for clip in clips]
        return Examples(self.views, rows, self.kept, count=self.count, soft=self.soft)

    def fill(self, teller: Teller) -> None:
        """Let the trunk see what it has not seen.

        Raises:
            OutputError: the disk is full, or cannot be written.
            SourceError: a file cannot be read any more.
        """
        if self.kept is None:
            return
        total = self.count * len(self.clips)
        with teller.phase("what stays as it is sees the clips", total) as tell:
            for view in range(self.count):
                self.kept.make(view, lambda count: tell(count, ""))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class School:
    """What all trainings of a run share.

    Attributes:
        material: clips and model.
        options: what was asked for.
        fabric: what computes.
        learnt, judged: the clips, as the one and as the other.
    """

    material: Material
    options: TrainingOptions
    fabric: Fabric
    learnt: Side
    judged: Side

    def fill(self, teller: Teller) -> None:
        """Let the trunk, if there is one, see every clip that is learnt or judged.

        Raises:
            OutputError: the disk is full, or cannot be written.
            SourceError: a file cannot be read any more.
        """
        if self.fabric.is_global_zero:
            self.learnt.fill(teller)
            self.judged.fill(teller)
        self.fabric.barrier()

    def course(
        self, dataset: Dataset, network: nn.Module, folder: Path, curves: Curves | None
    ) -> Course:
        """Put one training together: on the ``train`` clips, judged by the ``val`` clips."""
        recipe = self.options.recipe
        workers = 0 if self.learnt.kept else self.options.data.workers  # what is kept is there
        judge = TailJudge(
            self.judged.examples(dataset.of("val")),
            multi_label=dataset.multi_label,
            device=self.fabric.device,
            batch=recipe.batch,
            workers=workers,
        )
        return Course(
            tail=divide(network, recipe.trained, recipe.blocks).tail,
            examples=self.learnt.examples(dataset.of("train")),
            loss=self._loss(dataset),
            judge=judge,
            recipe=recipe,
            folder=folder,
            curves=curves,
            workers=workers,
            lead=self.options.data.lead,
        )

    def _loss(self, dataset: Dataset) -> ClipLoss:
        recipe = self.options.recipe
        targets = multi_hot(
            [dataset.ids(clip) for clip in dataset.of("train")], len(dataset.labels)
        )
        weights = class_weights(targets) if recipe.class_weights else torch.ones(targets.shape[1])
        return ClipLoss(
            multi_label=dataset.multi_label,
            weights=weights.to(self.fabric.device),
            label_smoothing=recipe.label_smoothing,
            distil=recipe.distil,
        )


def open_school(
    material: Material, options: TrainingOptions, fabric: Fabric, soft: Tensor | None
) -> School:
    """Put together what all trainings of a run share.

    Args:
        material: clips and model.
        options: what was asked for.
        fabric: what computes.
        soft: a teacher's log-probabilities of all clips, [N, classes]; None: there is no teacher.

    Raises:
        OptionError: the network has no such parts, or the labels no such pairs.
    """
    sides = _Sides(material, options, fabric.device, soft)
    learnt = sides.make("train", options.augment, options.recipe.views)
    judged = sides.make("val", None, 1)
    return School(material=material, options=options, fabric=fabric, learnt=learnt, judged=judged)


def features_folder(options: TrainingOptions) -> Path:
    """Return where it is kept what the trunk makes of the clips."""
    return Path(options.machine.out) / "features"


class _Sides:
    """Makes sides that share a trunk."""

    def __init__(
        self,
        material: Material,
        options: TrainingOptions,
        device: torch.device,
        soft: Tensor | None,
    ) -> None:
        recipe = options.recipe
        self._material, self._soft = material, soft
        self._options, self._device = options, device
        trunk = divide(network_of(material.weights), recipe.trained, recipe.blocks).trunk
        self._trunk = None if trunk is None else trunk.to(device)

    def make(self, split: Split, varied: AugmentOptions | None, count: int) -> Side:
        """Make a side of the clips that are of a split in one part at least."""
        material = self._material
        rows = _in_any(material.parts, split)
        clips = [material.dataset.clips[row] for row in rows]
        views = ClipViews(
            clips,
            material.dataset.labels,
            material.spec,
            frames=material.frames,
            lead=self._options.data.lead,
            durations_s=[material.durations_s[row] for row in rows],
            varied=varied,
            seed=self._options.recipe.seed,
        )
        soft = None if self._soft is None else self._soft[rows]
        return Side(clips=clips, views=views, count=count, kept=self._kept(views, split), soft=soft)

    def _kept(self, views: ClipViews, split: Split) -> Features | None:
        if self._trunk is None:
            return None
        return Features(
            self._trunk,
            views,
            features_folder(self._options) / split,
            device=self._device,
            batch=self._at_once(),
            workers=self._options.data.workers,
        )

    def _at_once(self) -> int:
        """Return how many clips a trunk sees at once: on a CPU as many as its caches hold."""
        batch = self._options.recipe.batch
        if self._device.type != "cpu":
            return batch
        return min(batch, max(1, FRAMES_AT_ONCE // self._material.frames))


def _in_any(parts: Sequence[Dataset], split: Split) -> list[int]:
    """Return which clips are of that split in one of the parts at least."""
    return [
        row
        for row in range(len(parts[0].clips))
        if any(part.clips[row].split == split for part in parts)
    ]


def _key(clip: LabelledClip) -> tuple[Path, float, float | None]:
    return clip.path, clip.start_s, clip.end_s
