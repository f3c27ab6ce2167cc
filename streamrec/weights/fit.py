"""Do tensors fit an architecture, and which one?

Everything here is told from names and shapes. Unit dimensions of a MoViNet do not count, because
the formats that its weights come from differ in them.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from streamrec.errors import WeightsError
from streamrec.models.architecture import Architecture, ClipArchitecture
from streamrec.models.clip_registry import CLIP_ARCHITECTURES
from streamrec.models.registry import ARCHITECTURES, MOVINETS
from streamrec.types import Array
from streamrec.weights.movinet_shapes import Shape
from streamrec.weights.network_shapes import COUNTER, network_shapes

_NAMED_IN_ERRORS = 3


def parameter_shapes(architecture: Architecture) -> Mapping[str, Shape]:
    """Return the shape of every tensor of the network, by ``state_dict`` name.

    Batch norm's step counters are left out: inference does not use them.
    """
    return network_shapes(architecture).shapes


def fit(
    tensors: Mapping[str, Array], architecture: Architecture | None
) -> tuple[Architecture, dict[str, Array]]:
    """Return the record that the tensors fit, and the tensors in its shapes, float32.

    The number of classes follows the tensors; of a MoViNet, squeeze-excitation width and
    positional encoding, too.

    Args:
        tensors: by ``state_dict`` name; unit dimensions of a MoViNet do not matter.
        architecture: the record to fit; None: the registered one that does.

    Raises:
        WeightsError: a tensor is missing, left over, of a wrong shape or not finite; or several
            registered records fit alike.
    """
    found = _detect(tensors) if architecture is None else _adapt(architecture, tensors)
    return found, check(tensors, found)


def check(tensors: Mapping[str, Array], architecture: Architecture) -> dict[str, Array]:
    """Return the tensors in the architecture's shapes, float32.

    Step counters, and published weights that inference does not need, are dropped.

    Raises:
        WeightsError: a tensor is missing, left over, of a wrong shape or not finite.
    """
    if differences := _differences(architecture, tensors):
        raise WeightsError(f"the weights do not fit {architecture.name}: {_few(differences)}")
    shapes = parameter_shapes(architecture)
    return {name: _finite(name, tensors[name]).reshape(shape) for name, shape in shapes.items()}


def _detect(tensors: Mapping[str, Array]) -> Architecture:
    differences: dict[str, list[str]] = {}
    for registered in (MOVINETS, CLIP_ARCHITECTURES):  # the latter need PyTorch
        records = [_adapt(record, tensors) for record in registered.values()]
        differences |= {record.name: _differences(record, tensors) for record in records}
        if fitting := [record for record in records if not differences[record.name]]:
            return _choose(fitting)
    nearest = min(differences, key=lambda name: len(differences[name]))
    raise WeightsError(
        f"the weights are of no known architecture; nearest is {nearest}: "
        f"{_few(differences[nearest])}"
    )


def _choose(fitting: list[Architecture]) -> Architecture:
    """Of records with the same tensors, return the one whose number of classes is theirs."""
    same = [record for record in fitting if ARCHITECTURES[record.name].classes == record.classes]
    chosen = same or fitting
    if len(chosen) > 1:
        names = ", ".join(record.name for record in chosen)
        raise WeightsError(
            f"the weights fit several architectures: {names}; import them with --architecture to "
            "say which"
        )
    return chosen[0]


def _adapt(record: Architecture, tensors: Mapping[str, Array]) -> Architecture:
    classifier = f"{network_shapes(record).classifiers[0]}.bias"
    classes = tensors[classifier].size if classifier in tensors else record.classes
    if isinstance(record, ClipArchitecture):
        return replace(record, classes=max(1, classes))
    encoded = any(name.endswith(".position_scale") for name in tensors)
    adapted = replace(record, classes=max(1, classes), positional_encoding=encoded)
    if record.se_ratio is None:
        return adapted
    ratios = (record.se_ratio, record.se_ratio / 2)
    return min(
        (replace(adapted, se_ratio=ratio) for ratio in ratios),
        key=lambda candidate: len(_differences(candidate, tensors)),
    )


def _differences(architecture: Architecture, tensors: Mapping[str, Array]) -> list[str]:
    network = network_shapes(architecture)
    missing = [f"{name} is missing" for name in network.shapes if name not in tensors]
    extra = [
        f"{name} is left over"
        for name in tensors
        if name not in network.shapes and not name.startswith(network.unused)
        if not name.endswith(COUNTER)
    ]
    wrong = [
        f"{name} is {list(tensors[name].shape)} instead of {list(shape)}"
        for name, shape in network.shapes.items()
        if name in tensors and not _same(tensors[name].shape, shape, exact=network.exact)
    ]
    return missing + extra + wrong


def _same(found: Shape, shape: Shape, *, exact: bool) -> bool:
    return found == shape if exact else _squeezed(found) == _squeezed(shape)


def _squeezed(shape: Shape) -> Shape:
    return tuple(size for size in shape if size != 1)


def _few(differences: list[str]) -> str:
    rest = len(differences) - _NAMED_IN_ERRORS
    shown = "; ".join(differences[:_NAMED_IN_ERRORS]).encode("unicode_escape").decode("ascii")
    return shown + (f"; and {rest} more" if rest > 0 else "")


def _finite(name: str, tensor: Array) -> Array:
    tensor = np.ascontiguousarray(tensor, np.float32)
    if not np.isfinite(tensor).all():
        raise WeightsError(f"the weights are corrupt: {name} has values that are not finite")
    return tensor
