"""Random weights with which every part of a network matters, as trained ones do."""

import math

import numpy as np

from streamrec.models.architecture import Architecture, MoViNetArchitecture
from streamrec.types import Array
from streamrec.weights.fit import parameter_shapes
from streamrec.weights.model_weights import ModelWeights, plain_preprocessing
from streamrec.weights.movinet_shapes import Shape


def untrained(architecture: Architecture, seed: int = 0) -> ModelWeights:
    """Return a model with random weights, the same for the same seed.

    Kernels keep the size of what passes through. Residual scales, which a network is made with as
    zeros, are not: every block contributes.
    """
    random = np.random.default_rng(seed)
    gain = _gain(architecture)
    return ModelWeights(
        architecture=architecture,
        tensors={
            name: _draw(name, shape, gain, random)
            for name, shape in parameter_shapes(architecture).items()
        },
        preprocessing=plain_preprocessing(architecture),
        provenance={"weights": "random"},
    )


def _gain(architecture: Architecture) -> float:
    """Variance that a kernel adds: 2 makes up for rectifiers (He et al. 2015, arXiv 1502.01852).

    Where long chains of residual blocks add up, that would grow without bounds.
    """
    if isinstance(architecture, MoViNetArchitecture) or architecture.family == "x3d":
        return 1.0
    return 2.0


def _draw(name: str, shape: Shape, gain: float, random: np.random.Generator) -> Array:
    if name.endswith((".bias", ".running_mean")):
        return np.zeros(shape, np.float32)
    if len(shape) == 1:  # of batch norm
        return np.ones(shape, np.float32)
    if shape == ():
        return np.array(random.uniform(0.3, 0.6), np.float32)
    kernel = random.standard_normal(shape, np.float32)
    kernel *= (gain / math.prod(shape[1:])) ** 0.5
    return kernel
