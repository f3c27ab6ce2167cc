"""How wrong logits are."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from streamrec.training.distil import distillation_loss


def time_weights(frames: int, per_frame: float, lead: int = 0) -> Tensor:
    """How much each frame's answer counts, float32 [frames], 1 in all.

    ``per_frame`` is shared by all frames after the ``lead``, the rest is the last one's.
    """
    weights = torch.full((frames,), per_frame / (frames - lead))
    weights[:lead] = 0.0
    weights[-1] += 1.0 - per_frame
    return weights


def class_weights(targets: Tensor) -> Tensor:
    """Weights [classes] that let all classes count alike, given clips' targets [N, classes].

    The mean over the clips is 1. A class without clips has the weight 1.
    """
    counts = targets.sum(0)
    there = counts > 0
    even = targets.sum() / (there.sum() * counts.clamp(min=1.0))
    return torch.where(there, even, torch.ones_like(counts))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ClipLoss:
    """Cross-entropy of clips, or of each class by itself, and of a teacher's answers.

    Attributes:
        multi_label: whether a clip may show several classes.
        weights: of the classes, [classes].
        label_smoothing: share of the target given to all classes.
        distil: share of the loss that is the teacher's.
    """

    multi_label: bool
    weights: Tensor
    label_smoothing: float
    distil: float

    def __call__(
        self, logits: Tensor, target: Tensor, over_time: Tensor, soft: Tensor | None
    ) -> Tensor:
        """Return the loss of a batch.

        Args:
            logits: float32 [N, T, classes].
            target: 0 or 1, float32 [N, classes].
            over_time: how much each frame counts, float32 [T].
            soft: log-probabilities of a teacher, float32 [N, classes].
        """
        each = self._each(logits, target[:, None].expand_as(logits))
        loss = (each * over_time).sum(1).mean()
        if soft is None:
            return loss
        taught = torch.stack([distillation_loss(moment, soft) for moment in logits.unbind(1)])
        return (1 - self.distil) * loss + self.distil * (taught * over_time).sum()

    def _each(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each frame, [N, T].

        Where all classes exclude each other, a clip that shows none of them could be of any.
        """
        if self.multi_label:
            smooth = target * (1 - self.label_smoothing) + self.label_smoothing / 2
            losses = F.binary_cross_entropy_with_logits(logits, smooth, reduction="none")
            return losses.mean(-1)
        target = torch.where(target.any(-1, keepdim=True), target, 1 / target.shape[-1])
        losses = F.cross_entropy(
            logits.flatten(0, 1),
            target.flatten(0, 1),
            self.weights,
            reduction="none",
            label_smoothing=self.label_smoothing,
        )
        return losses.unflatten(0, logits.shape[:2])


def multi_hot(ids: Sequence[Sequence[int]], classes: int) -> Tensor:
    """Targets of clips, float32 [N, classes]: 1 where a clip shows a class."""
    targets = torch.zeros(len(ids), classes)
    for row, shown in zip(targets, ids, strict=True):
        row[list(shown)] = 1.0
    return targets
