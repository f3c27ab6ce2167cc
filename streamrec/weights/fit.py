"""Do tensors fit an architecture, and which one?

Everything here is told from names and shapes; unit dimensions do not count, because the formats
that weights come from differ in them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from streamrec.errors import WeightsError
from streamrec.models.architecture import Block, MoViNetArchitecture, se_width
from streamrec.models.registry import MOVINETS
from streamrec.types import Array

Shape = tuple[int, ...]
Named = Iterator[tuple[str, Shape]]

_NAMED_IN_ERRORS = 3
_CLASSES = "head.classifier.bias"
_COUNTER = ".num_batches_tracked"


def parameter_shapes(arch: MoViNetArchitecture) -> dict[str, Shape]:
    """Return the shape of every tensor of the network, by ``state_dict`` name.

    Batch norm's step counters are left out: inference does not use them.
    """
    shapes = dict(_conv_norm("stem", arch.stem, 3, 3, 3))
    channels = arch.stem
    index = 0
    for group in arch.groups:
        for layer, block in enumerate(group.blocks):
            changed = channels != group.width or (layer == 0 and group.stride > 1)
            prefix = f"blocks.{index}"
            shapes.update(_block(prefix, arch, block, channels, group.width))
            if changed:
                shapes.update(_conv_norm(f"{prefix}.skip.project", group.width, channels, 1, 1))
            channels, index = group.width, index + 1
    shapes.update(_conv_norm("head.project", arch.project, channels, 1, 1))
    shapes.update(_dense("head.hidden", arch.hidden, arch.project))
    shapes.update(_dense("head.classifier", arch.classes, arch.hidden))
    return shapes


def _block(
    prefix: str, arch: MoViNetArchitecture, block: Block, inputs: int, outputs: int
) -> Named:
    width, time, space = block.expand, block.kernel_time, block.kernel_space
    yield from _conv_norm(f"{prefix}.expand", width, inputs, 1, 1)
    if arch.causal:
        yield from _conv_norm(f"{prefix}.spatial", width, 1, space, space)
        if time > 1:
            yield f"{prefix}.temporal.weight", (width, time)
            yield from _norm(f"{prefix}.temporal", width)
    else:
        yield from _conv_norm(f"{prefix}.spatial", width, 1, time, space, space)
    if arch.se_ratio is not None:
        hidden = se_width(width, arch.se_ratio)
        context = 2 * width if arch.causal else width
        yield from _dense(f"{prefix}.attention.reduce", hidden, context, 1, 1)
        yield from _dense(f"{prefix}.attention.expand", width, hidden, 1, 1)
        if arch.causal and arch.positional_encoding:
            yield f"{prefix}.attention.position_scale", ()
    yield from _conv_norm(f"{prefix}.project", outputs, width, 1, 1)
    yield f"{prefix}.residual_scale", ()


def _conv_norm(prefix: str, *shape: int) -> Named:
    yield f"{prefix}.conv.weight", shape
    yield from _norm(prefix, shape[0])


def _norm(prefix: str, channels: int) -> Named:
    for name in ("weight", "bias", "running_mean", "running_var"):
        yield f"{prefix}.norm.{name}", (channels,)


def _dense(prefix: str, *shape: int) -> Named:
    yield f"{prefix}.weight", shape
    yield f"{prefix}.bias", (shape[0],)


def fit(
    tensors: Mapping[str, Array], architecture: MoViNetArchitecture | None
) -> tuple[MoViNetArchitecture, dict[str, Array]]:
    """Return the record that the tensors fit, and the tensors in its shapes, float32.

    Number of classes, squeeze-excitation width and positional encoding follow the tensors.

    Args:
        tensors: by ``state_dict`` name; unit dimensions do not matter.
        architecture: the record to fit; None: the registered one that does.

    Raises:
        WeightsError: a tensor is missing, left over, of a wrong shape or not finite.
    """
    architecture = _adapt(architecture or _detect(tensors), tensors)
    return architecture, check(tensors, architecture)


def check(tensors: Mapping[str, Array], architecture: MoViNetArchitecture) -> dict[str, Array]:
    """Return the tensors in the architecture's shapes, float32; step counters are dropped.

    Raises:
        WeightsError: a tensor is missing, left over, of a wrong shape or not finite.
    """
    tensors = {name: value for name, value in tensors.items() if not name.endswith(_COUNTER)}
    if differences := _differences(architecture, tensors):
        raise WeightsError(f"the weights do not fit {architecture.name}: {_few(differences)}")
    shapes = parameter_shapes(architecture)
    return {name: _finite(name, tensors[name]).reshape(shape) for name, shape in shapes.items()}


def _detect(tensors: Mapping[str, Array]) -> MoViNetArchitecture:
    differences = {
        record.name: _differences(_adapt(record, tensors), tensors) for record in MOVINETS.values()
    }
    nearest = min(differences, key=lambda name: len(differences[name]))
    if differences[nearest]:
        raise WeightsError(
            f"the weights are of no known architecture; nearest is {nearest}: "
            f"{_few(differences[nearest])}"
        )
    return MOVINETS[nearest]


def _adapt(record: MoViNetArchitecture, tensors: Mapping[str, Array]) -> MoViNetArchitecture:
    classes = tensors[_CLASSES].size if _CLASSES in tensors else record.classes
    encoded = any(name.endswith(".position_scale") for name in tensors)
    adapted = replace(record, classes=max(1, classes), positional_encoding=encoded)
    if record.se_ratio is None:
        return adapted
    ratios = (record.se_ratio, record.se_ratio / 2)
    return min(
        (replace(adapted, se_ratio=ratio) for ratio in ratios),
        key=lambda candidate: len(_differences(candidate, tensors)),
    )


def _differences(arch: MoViNetArchitecture, tensors: Mapping[str, Array]) -> list[str]:
    shapes = parameter_shapes(arch)
    missing = [f"{name} is missing" for name in shapes if name not in tensors]
    extra = [f"{name} is left over" for name in tensors if name not in shapes]
    wrong = [
        f"{name} is {list(tensors[name].shape)} instead of {list(shape)}"
        for name, shape in shapes.items()
        if name in tensors and _squeezed(tensors[name].shape) != _squeezed(shape)
    ]
    return missing + extra + wrong


def _squeezed(shape: Shape) -> Shape:
    return tuple(size for size in shape if size != 1)


def _few(differences: list[str]) -> str:
    rest = len(differences) - _NAMED_IN_ERRORS
    shown = "; ".join(differences[:_NAMED_IN_ERRORS])
    return shown + (f"; and {rest} more" if rest > 0 else "")


def _finite(name: str, tensor: Array) -> Array:
    tensor = np.ascontiguousarray(tensor, np.float32)
    if not np.isfinite(tensor).all():
        raise WeightsError(f"the weights are corrupt: {name} has values that are not finite")
    return tensor
