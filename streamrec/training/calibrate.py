"""Probabilities that mean what they say: one temperature for all logits.

Guo et al. 2017, On Calibration of Modern Neural Networks, arXiv 1706.04599.
"""

from dataclasses import replace
from typing import cast

import numpy as np

from streamrec.evaluation.answers import Answers
from streamrec.evaluation.metrics import log_loss
from streamrec.models.build import build_shapes
from streamrec.types import Array
from streamrec.weights.model_weights import ModelWeights

_LIMITS = (0.1, 10.0)
_SPREAD = 1.0
_LEAST = 1e-7


def fit_temperature(answers: Answers) -> float:
    """Return the number by which to divide logits, so that the answers' log loss is least.

    A handful of clips, all right or all wrong, would ask for 0 or for infinity. So it is expected
    near 1 (its logarithm normal around 0 with a deviation of 1), which many clips overrule. Clips
    that show no class do not count.
    """
    from scipy.optimize import minimize_scalar

    known = answers.known()
    if not len(known.clips):
        return 1.0

    decisions = known.truth.size if known.multi_label else len(known.clips)

    def unlikely(log_t: float) -> float:
        loss = decisions * log_loss(cooled(known, float(np.exp(log_t))))
        return loss + 0.5 * (log_t / _SPREAD) ** 2

    found = minimize_scalar(unlikely, bounds=np.log(_LIMITS), method="bounded")
    return float(np.exp(found.x))


def cooled(answers: Answers, temperature: float) -> Answers:
    """Return the answers that logits divided by ``temperature`` give.

    Of a clip whose answer is the mean of several, that is not exact.
    """
    scores = np.clip(answers.scores.astype(np.float64), _LEAST, 1 - _LEAST)
    if answers.multi_label:
        logits = np.log(scores / (1 - scores)) / temperature
        return replace(answers, scores=(1 / (1 + np.exp(-logits))).astype(np.float32))
    powers = scores ** (1 / temperature)
    return replace(answers, scores=(powers / powers.sum(1, keepdims=True)).astype(np.float32))


def with_temperature(weights: ModelWeights, temperature: float) -> ModelWeights:
    """Return the model whose logits are divided: its last layers are, so nothing else changes."""
    names = cast("tuple[str, ...]", build_shapes(weights.architecture).classifiers)
    scaled = {
        name: np.asarray(tensor / temperature, np.float32)
        for name, tensor in weights.tensors.items()
        if name.rpartition(".")[0] in names
    }
    tensors: dict[str, Array] = {**weights.tensors, **scaled}
    told = {"temperature": f"{temperature:.3f}, in the last layer's weights"}
    return replace(weights, tensors=tensors, provenance={**weights.provenance, **told})
