"""What a model said of clips whose labels are known."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from streamrec.dataset.clips import LabelledClip
from streamrec.types import Array


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Answers:
    """Probabilities of clips, and the truth.

    Attributes:
        model: its name.
        labels: class names in score order.
        clips: N clips.
        truth: whether a clip shows a class, bool [N, classes].
        scores: probabilities, float32 [N, classes].
    """

    model: str
    labels: tuple[str, ...] = field(repr=False)
    clips: Sequence[LabelledClip] = field(repr=False)
    truth: npt.NDArray[np.bool_] = field(repr=False)
    scores: Array = field(repr=False)
