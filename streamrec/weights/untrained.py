"""Random weights with which every part of a network matters, as trained ones do."""

import math

import numpy as np

from streamrec.models.architecture import MoViNetArchitecture
from streamrec.types import Array
from streamrec.weights.fit import Shape, parameter_shapes
from streamrec.weights.model_weights import ModelWeights, plain_preprocessing


def untrained(architecture: MoViNetArchitecture, seed: int = 0) -> ModelWeights:
    """Return a model with random weights, the same for the same seed.

    Kernels keep the size of what passes through. Residual scales, which a network is made with as
    zeros, are not: every block contributes.
    """
    random = np.random.default_rng(seed)
    return ModelWeights(
        architecture=architecture,
        tensors={
            name: _draw(name, shape, random)
            for name, shape in parameter_shapes(architecture).items()
        },
        preprocessing=plain_preprocessing(architecture),
        provenance={"weights": "random"},
    )


def _draw(name: str, shape: Shape, random: np.random.Generator) -> Array:
    if name.endswith((".bias", ".running_mean")):
        return np.zeros(shape, np.float32)
    if name.endswith((".norm.weight", ".running_var")):
        return np.ones(shape, np.float32)
    if shape == ():
        return np.array(random.uniform(0.3, 0.6), np.float32)
    return random.normal(0.0, math.prod(shape[1:]) ** -0.5, shape).astype(np.float32)
