"""What a tail learns from: clips as they are, or what the trunk made of them."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils.data import Dataset

from streamrec.training.features import Features
from streamrec.training.views import ClipViews

Example = tuple[Tensor, Tensor, Tensor]
"""What the tail sees, [T, ...]; the target, [classes]; a teacher's log-probabilities, [classes],
or nothing, [0]."""


class Examples(Dataset[Example]):
    """Some of the clips of ``views``.

    Args:
        views: the clips.
        rows: which of them.
        features: what the trunk makes of them; None: there is no trunk.
        count: views that come in turn.
        soft: a teacher's log-probabilities of all clips of ``views``, [N, classes].
    """

    def __init__(
        self,
        views: ClipViews,
        rows: Sequence[int],
        features: Features | None,
        *,
        count: int = 1,
        soft: Tensor | None = None,
    ) -> None:
        self._views, self._rows, self._features = views, list(rows), features
        self._count, self._soft, self._view = count, soft, 0

    def turn_to(self, epoch: int) -> None:
        """Take the view of an epoch; where nothing is kept, each epoch has its own."""
        self._view = epoch % self._count if self._features else epoch
        self._views.view = self._view

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Example:
        """Return an example.

        Raises:
            SourceError: its file cannot be read any more.
        """
        row = self._rows[index]
        x, target = self._features(self._view, row) if self._features else self._views[row]
        return x, target, torch.empty(0) if self._soft is None else self._soft[row]
