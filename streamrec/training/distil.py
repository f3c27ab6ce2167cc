"""Learning from a larger model's answers.

Hinton et al. 2015, Distilling the Knowledge in a Neural Network, arXiv 1503.02531.
"""

from collections.abc import Callable, Sequence

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from streamrec.dataset.clips import LabelledClip
from streamrec.errors import DatasetError
from streamrec.evaluation.clips import answer, class_ids
from streamrec.recognizer import Recognizer
from streamrec.types import Array

TEMPERATURE = 2.0
"""At which answers are compared: what is likely at all then counts, too."""

_LEAST = 1e-7


def soft_targets(
    recognizer: Recognizer,
    clips: Sequence[LabelledClip],
    labels: Sequence[str],
    *,
    progress: Callable[[], None] = lambda: None,
) -> Array:
    """Return what a model of any kind, rate and size says of whole clips.

    Returns:
        Log-probabilities, float32 [N, classes], in the order of ``labels``.

    Raises:
        LabelsError: the model does not have some of the labels.
        DatasetError: a clip cannot be read.
    """
    answers, faults = answer(recognizer, clips, labels, progress=progress)
    if faults:
        raise DatasetError(f"{faults[0].clip.name} cannot be read: {faults[0].reason}")
    classes = class_ids(labels, recognizer)
    scores = answers.scores[:, [classes[label] for label in labels]]
    return np.log(np.maximum(scores, _LEAST))


def distillation_loss(logits: Tensor, soft: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Return how far logits are from a teacher's, 0 where they say the same.

    Args:
        logits: float32 [N, classes].
        soft: the teacher's log-probabilities, or logits, float32 [N, classes].
        temperature: by which both are divided; gradients keep their size.
    """
    ours = (logits / temperature).log_softmax(-1)
    theirs = (soft / temperature).log_softmax(-1)
    return F.kl_div(ours, theirs, reduction="batchmean", log_target=True) * temperature**2
