"""2-D weights -> 3-D weights (Carreira and Zisserman 2017, arXiv 1705.07750, section 2.4).

A kernel is repeated over time and divided by its length in time. Where a still clip is seen without
padding in time, the activations are then those of the picture in a 2-D network that pads alike.
"""

from collections.abc import Mapping
from math import prod

import numpy as np

from streamrec.errors import OptionError, WeightsError
from streamrec.models.architecture import ClipArchitecture
from streamrec.types import Array
from streamrec.weights.network_shapes import COUNTER, network_shapes
from streamrec.weights.origins import ORIGINS, Origin

_Shape = tuple[int, ...]

_COLORS_AND_FLOW = (3, 2)
"""Channels that the first layers see, in 2-D and in 3-D."""


def inflate(
    tensors: Mapping[str, Array], target: ClipArchitecture, seed: int = 0
) -> dict[str, Array]:
    """Make a 3-D network's weights from those of the 2-D network in ``ORIGINS``.

    Not carried over is the classifier: it is random, and to be trained. A first layer that sees
    flow gets the mean over the colours, for each of its channels (Wang et al. 2016,
    arXiv 1608.00859). Inputs stay in the range that the 2-D weights were trained on.

    Args:
        tensors: by the 2-D network's ``state_dict`` names.
        target: the 3-D network, of any number of classes.
        seed: of the classifier.

    Returns:
        float32 arrays by the 3-D network's ``state_dict`` names, less batch norm's counters.

    Raises:
        OptionError: the 3-D network is not made from a 2-D one.
        WeightsError: an array is missing, left over or of a wrong shape.
    """
    origin = _origin(target)
    network = network_shapes(target)
    classifiers = tuple(f"{name}." for name in network.classifiers)
    kept = [name for name in network.shapes if not name.startswith(classifiers)]
    names = {name: origin.name_of(name) for name in kept}
    _check_names(tensors, set(names.values()), origin)
    random = np.random.default_rng(seed)
    return {
        name: _over_time(names[name], tensors[names[name]], shape)
        if name in names
        else _untrained(shape, random)
        for name, shape in network.shapes.items()
    }


def _origin(target: ClipArchitecture) -> Origin:
    if (target.family, target.variant) not in ORIGINS:
        allowed = ", ".join(f"{family} {variant}" for family, variant in ORIGINS)
        raise OptionError(
            f"{target.name} is not made from the weights of a 2-D network; these are: {allowed}"
        )
    return ORIGINS[target.family, target.variant]


def _check_names(tensors: Mapping[str, Array], wanted: set[str], origin: Origin) -> None:
    used = {name for name in tensors if not name.endswith(COUNTER)}
    used = {name for name in used if not name.startswith(origin.unused)}
    wrong = [f"{name} is missing" for name in sorted(wanted - used)]
    wrong += [f"{name} is left over" for name in sorted(used - wanted)]
    if wrong:
        raise WeightsError(
            f"these are not the weights of {origin.network}, which this model is made from: "
            f"{wrong[0]}" + (f"; and {len(wrong) - 1} more" if len(wrong) > 1 else "")
        )


def _over_time(name: str, tensor: Array, shape: _Shape) -> Array:
    """Give a kernel [C_out, C_in, H, W] a time axis; leave everything else as it is."""
    inflated = np.asarray(tensor, np.float32)
    if len(shape) == 5 and inflated.ndim == 4:
        if (inflated.shape[1], shape[1]) == _COLORS_AND_FLOW:
            inflated = inflated.mean(1, keepdims=True).repeat(shape[1], 1)
        inflated = inflated[:, :, None].repeat(shape[2], 2) / np.float32(shape[2])
    if inflated.shape != shape:
        raise WeightsError(
            f"{name} is {list(tensor.shape)}, which does not become {list(shape)} over time; "
            "the weights are of another width"
        )
    return inflated


def _untrained(shape: _Shape, random: np.random.Generator) -> Array:
    if len(shape) == 1:
        return np.zeros(shape, np.float32)
    return random.normal(0.0, prod(shape[1:]) ** -0.5, shape).astype(np.float32)
