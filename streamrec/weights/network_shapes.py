"""What the weights of a network are like: names and shapes, from its record."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from streamrec.models.architecture import Architecture, ClipArchitecture, MoViNetArchitecture
from streamrec.weights.movinet_shapes import CLASSIFIER, Shape, movinet_shapes

COUNTER = ".num_batches_tracked"
"""How batch norm's step counters end, which inference does not use."""


@dataclass(frozen=True, slots=True)
class NetworkShapes:
    """Names and shapes of a network's published weights.

    Attributes:
        shapes: by ``state_dict`` name, without batch norm's step counters.
        classifiers: the layers whose rows are the classes.
        unused: beginnings of published names that inference does not need.
        exact: whether unit dimensions count.
    """

    shapes: Mapping[str, Shape]
    classifiers: tuple[str, ...]
    unused: tuple[str, ...]
    exact: bool


@lru_cache
def network_shapes(architecture: Architecture) -> NetworkShapes:
    """Tell what the weights of a network are like.

    Those of a MoViNet are told from its record alone. Any other network is made, without its
    numbers, so PyTorch is loaded.
    """
    if isinstance(architecture, MoViNetArchitecture):
        return NetworkShapes(movinet_shapes(architecture), (CLASSIFIER,), (), exact=False)
    from streamrec.models.build import build_shapes

    network: Any = build_shapes(architecture)
    state = network.state_dict().items()
    shapes = {name: tuple(x.shape) for name, x in state if not name.endswith(COUNTER)}
    return NetworkShapes(shapes, network.classifiers, network.unused, exact=True)


def takes_pictures_of(architecture: ClipArchitecture, size: int) -> bool:
    """Tell whether a network can see squares of ``size`` pixels: some need larger ones.

    A clip without numbers passes through the network without its own.
    """
    from streamrec.models.build import build_shapes

    network = build_shapes(architecture).eval()
    flow = architecture.flow
    channels = 3 if flow is None else 5 if flow.colors else 2
    clip = next(network.parameters()).new_empty(1, architecture.min_frames, channels, size, size)
    try:
        network(clip)
    except RuntimeError:
        return False
    return True
