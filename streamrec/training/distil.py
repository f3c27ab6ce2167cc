"""Learning from the answers of a larger model, of whatever kind, rate and size.

See Hinton, Vinyals and Dean 2015, arXiv 1503.02531.
"""

from collections.abc import Callable, Sequence

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from streamrec.classify import classify
from streamrec.dataset.clips import LabelledClip
from streamrec.errors import OptionError
from streamrec.evaluation.clips import ClipSource, class_ids
from streamrec.recognizer import Recognizer
from streamrec.types import Array

_LEAST = 1e-8
"""Of a probability, so that its logarithm is finite."""


def soft_targets(
    recognizer: Recognizer,
    clips: Sequence[LabelledClip],
    labels: Sequence[str],
    progress: Callable[[], None] = lambda: None,
) -> Array:
    """Ask a model about whole clips, as ``streamrec classify`` does.

    Args:
        recognizer: the teacher; it may know more classes, which are left out.
        clips: what it is asked about.
        labels: the classes, in the order of the answers; case does not matter.
        progress: called after each clip.

    Returns:
        Log-probabilities, float32 [clips, labels]; the probabilities of a clip sum to 1.

    Raises:
        LabelsError: the teacher does not have some of the classes.
        OptionError: its classes do not exclude each other.
        SourceError: a clip cannot be read.
    """
    if recognizer.spec.multi_label:
        raise OptionError(
            f"{recognizer.name} names several classes at once; a teacher tells one from another"
        )
    classes = list(class_ids(labels, recognizer).values())
    scores = np.empty((len(clips), len(classes)), np.float32)
    for row, clip in zip(scores, clips, strict=True):
        with ClipSource(clip) as source:
            row[:] = classify(recognizer, source, file=clip.name).scores[classes]
        progress()
    likely = np.maximum(scores, _LEAST)
    answers: Array = np.log(likely / likely.sum(1, keepdims=True))
    return answers


def distillation_loss(logits: Tensor, soft: Tensor, temperature: float = 2.0) -> Tensor:
    """Return how far answers are from a teacher's, as Kullback-Leibler divergence, in the mean.

    Both are softened by the temperature; the square of it keeps the size of the gradients.

    Args:
        logits: of clips [N, classes], or of their frames [N, T, classes].
        soft: the teacher's logits or log-probabilities of the clips, [N, classes].
        temperature: above 0; 1 leaves them as they are.
    """
    frames = logits if logits.ndim == 3 else logits[:, None]
    ours = F.log_softmax(frames / temperature, dim=-1)
    theirs = F.log_softmax(soft[:, None] / temperature, dim=-1).expand_as(ours)
    divergence = F.kl_div(ours, theirs, reduction="none", log_target=True).sum(-1)
    return divergence.mean() * temperature**2
