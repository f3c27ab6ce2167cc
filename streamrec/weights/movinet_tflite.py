"""A MoViNet stream model in TensorFlow Lite form -> our ``state_dict`` names.

Layers are told by the names that converters keep. Batch norm is folded into the convolutions
there, so ours becomes the identity with the folded bias; activations and input size are read from
the graph.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from streamrec.errors import WeightsError
from streamrec.types import Array
from streamrec.weights.hard_gate import follow, recognize_gate, uniform_value
from streamrec.weights.tflite import Graph, Operator

_BATCH_NORM_EPSILON = 1e-3
_FUSED_RELU6 = 3
_MAX_SIZE = 4096

_COPY_NUMBER = re.compile(r"_\d+(?=/)")
_BLOCK = re.compile(r"block(\d{1,3})_layer(\d{1,3})/")
_LAYER = re.compile(
    r"block\d{1,3}_layer\d{1,3}/.*?"
    r"(?P<block>expansion|feature/conv2d_temporal|feature|skip|projection|se_reduce|se_expand)/"
    r"|(?P<whole>(?:^|/)stem|(?:^|/)head/project|classifier_head/head|classifier_head/classifier)/"
)
_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "stem": "stem",
        "expansion": "blocks.{block}.expand",
        "feature": "blocks.{block}.spatial",
        "feature/conv2d_temporal": "blocks.{block}.temporal",
        "skip": "blocks.{block}.skip.project",
        "projection": "blocks.{block}.project",
        "se_reduce": "blocks.{block}.attention.reduce",
        "se_expand": "blocks.{block}.attention.expand",
        "head/project": "head.project",
        "classifier_head/head": "head.hidden",
        "classifier_head/classifier": "head.classifier",
    }
)
_DENSE = ("reduce", "expand", "hidden", "classifier")
_WEIGHT_AXES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "CONV_2D": (0, 3, 1, 2),
        "DEPTHWISE_CONV_2D": (3, 0, 1, 2),
        "FULLY_CONNECTED": (0, 1),
    }
)
_ACTIVATIONS: Mapping[str, str] = MappingProxyType(
    {"HARD_SWISH": "hard_swish", "LOGISTIC": "swish", "RELU6": "relu6"}
)


def rename_graph(graph: Graph) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the weights by our names, and the architecture's fields that the graph shows.

    Raises:
        WeightsError: the graph is of no MoViNet.
    """
    consumers: dict[int, list[Operator]] = defaultdict(list)
    for operator in graph.operators:
        for tensor in operator.inputs:
            if tensor is not None:
                consumers[tensor.index].append(operator)
    blocks = _block_numbers(graph)
    tensors: dict[str, Array] = {}
    traits: dict[str, Any] = _image_size(graph)
    for operator in graph.operators:
        if operator.kind in _WEIGHT_AXES:
            module = _module(operator, blocks)
            _add(tensors, _convolution(module, operator, consumers, traits))
        elif operator.kind == "MUL":
            _add(tensors, _scale(operator, blocks))
    for block in blocks.values():
        tensors.setdefault(f"blocks.{block}.residual_scale", np.ones((), np.float32))
    return tensors, traits


def _add(tensors: dict[str, Array], new: Mapping[str, Array]) -> None:
    twice = tensors.keys() & new.keys()
    if twice:
        raise WeightsError(f"the model is of no MoViNet: it has {min(twice)} twice")
    tensors.update(new)


def _block_numbers(graph: Graph) -> dict[tuple[int, int], int]:
    names = (name for operator in graph.operators for name in _names(operator))
    found = {(int(m[1]), int(m[2])) for name in names for m in _BLOCK.finditer(name)}
    return {position: number for number, position in enumerate(sorted(found))}


def _names(operator: Operator) -> list[str]:
    """Names that may tell the layer: of the outputs, then of the constants; fused ones split."""
    constants = [t for t in operator.inputs if t is not None and t.constant is not None]
    parts = [part for t in (*operator.outputs, *constants) for part in t.name.split(";")]
    return [_COPY_NUMBER.sub("", part) for part in parts]


def _module(operator: Operator, blocks: Mapping[tuple[int, int], int]) -> str:
    for name in _names(operator):
        if match := _LAYER.search(name):
            layer = match["block"] or match["whole"].lstrip("/")
            return _MODULES[layer].format(block=_block(name, blocks))
    raise WeightsError(f"the model is of no MoViNet: it has the layer {_names(operator)[:1]}")


def _block(name: str, blocks: Mapping[tuple[int, int], int]) -> int | None:
    match = _BLOCK.search(name)
    return blocks[int(match[1]), int(match[2])] if match else None


def _convolution(
    module: str,
    operator: Operator,
    consumers: Mapping[int, list[Operator]],
    traits: dict[str, Any],
) -> dict[str, Array]:
    weight, bias = _weight_and_bias(module, operator)
    if module in ("stem", "head.hidden"):
        trait = "activation" if module == "stem" else "head_activation"
        if name := _activation(operator, consumers):
            traits[trait] = name
    if module.endswith("attention.expand"):
        gate = recognize_gate(follow(operator, consumers))
        if traits.setdefault("gate", gate.name) != gate.name:
            raise WeightsError("the model has several kinds of gates")
        weight, bias = weight * gate.scale, bias * gate.scale + gate.shift
    if module.endswith(_DENSE) and not re.fullmatch(r"blocks\.\d+\.expand", module):
        return {f"{module}.weight": weight, f"{module}.bias": bias}
    kernel = f"{module}.weight" if module.endswith("temporal") else f"{module}.conv.weight"
    return {kernel: weight, **_identity_norm(module, bias)}


def _weight_and_bias(module: str, operator: Operator) -> tuple[Array, Array]:
    """Return the kernel with output channels first, and the bias, zeros where there is none."""
    tensor = operator.inputs[1] if len(operator.inputs) > 1 else None
    axes = _WEIGHT_AXES[operator.kind]
    if tensor is None or tensor.constant is None or tensor.constant.ndim != len(axes):
        raise WeightsError(f"the model is of no MoViNet: {module} has no constant kernel")
    weight = np.transpose(tensor.constant, axes).astype(np.float32)
    bias = operator.inputs[2] if len(operator.inputs) > 2 else None
    if bias is None or bias.constant is None:
        return weight, np.zeros(len(weight), np.float32)
    return weight, bias.constant.astype(np.float32)


def _identity_norm(module: str, bias: Array) -> dict[str, Array]:
    ones = np.ones_like(bias)
    return {
        f"{module}.norm.weight": ones,
        f"{module}.norm.bias": bias,
        f"{module}.norm.running_mean": 0.0 * ones,
        f"{module}.norm.running_var": ones - np.float32(_BATCH_NORM_EPSILON),
    }


def _scale(operator: Operator, blocks: Mapping[tuple[int, int], int]) -> dict[str, Array]:
    """Return the learned scalar of a residual or of a positional encoding, if it is one."""
    name = next((name for name in _names(operator) if "/rezero/" in name), None)
    block = _block(name, blocks) if name else None
    if name is None or block is None:
        return {}
    values = [uniform_value(t) for t in operator.inputs if t is not None and t.constant is not None]
    if not values or values[0] is None:
        raise WeightsError(f"the model is of no MoViNet: {name!r} does not multiply by a scalar")
    encoding = "positional_encoding" in name
    ours = "attention.position_scale" if encoding else "residual_scale"
    return {f"blocks.{block}.{ours}": np.array(values[0], np.float32)}


def _activation(operator: Operator, consumers: Mapping[int, list[Operator]]) -> str | None:
    if operator.activation == _FUSED_RELU6:
        return "relu6"
    kinds = [following.kind for following in consumers.get(operator.outputs[0].index, ())]
    return next((_ACTIVATIONS[kind] for kind in kinds if kind in _ACTIVATIONS), None)


def _image_size(graph: Graph) -> dict[str, Any]:
    for tensor in graph.inputs:
        if len(tensor.shape) >= 4 and tensor.shape[-1] == 3 and 1 < tensor.shape[-2] <= _MAX_SIZE:
            return {"image_size": tensor.shape[-2]}
    return {}
