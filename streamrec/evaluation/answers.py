"""What a model said of clips whose labels are known."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from streamrec.dataset.clips import LabelledClip
from streamrec.types import Array

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Answers:
    """Probabilities of clips, and the truth.

    Attributes:
        model: its name.
        labels: class names in score order.
        clips: N clips.
        truth: whether a clip shows a class, bool [N, classes].
        scores: probabilities, float32 [N, classes].
        independent: whether each class has a probability of its own; if not, those of all classes
            sum to 1.
    """

    model: str
    labels: tuple[str, ...] = field(repr=False)
    clips: Sequence[LabelledClip] = field(repr=False)
    truth: npt.NDArray[np.bool_] = field(repr=False)
    scores: Array = field(repr=False)
    independent: bool = False

    @property
    def multi_label(self) -> bool:
        """Whether a clip may show several classes at once."""
        return self.independent or bool((self.truth.sum(1) > 1).any())

    def pick(self, rows: Indices) -> Self:
        """Return the answers of some clips, int [M]; one that is named twice is there twice."""
        return replace(
            self,
            clips=[self.clips[row] for row in rows],
            truth=self.truth[rows],
            scores=self.scores[rows],
        )

    def known(self) -> Self:
        """Return the answers of the clips that show some class."""
        return self.pick(np.flatnonzero(self.truth.any(1)))
