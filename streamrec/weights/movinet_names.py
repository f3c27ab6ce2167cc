"""TensorFlow's names of a MoViNet's variables -> our ``state_dict`` names.

``layer_with_weights-K`` is the stem for K = 0, then the blocks in order, then the head; two
layouts differ in what stands before it, and the graphs differ in an inner ``_conv``.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from streamrec.errors import WeightsError
from streamrec.types import Array

_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
_IGNORED = re.compile(r"\.OPTIMIZER_SLOT|(^|/)_?optimizer/|(^|/)(save_counter|global_step)$")
_VARIABLE = re.compile(r"(?:^|/)layer_with_weights-(\d+)/(_.+)$")
_INNER = re.compile(r"(_conv(?:_temporal)?)/_conv(?=/)")

_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "_stem": "stem",
        "_expansion": "blocks.{block}.expand",
        "_feature": "blocks.{block}.spatial",
        "_projection": "blocks.{block}.project",
        "_skip/_projection": "blocks.{block}.skip.project",
        "_project": "head.project",
    }
)
_CONV_NORM: Mapping[str, str] = MappingProxyType(
    {
        "_conv/kernel": "conv.weight",
        "_conv/depthwise_kernel": "conv.weight",
        "_batch_norm/gamma": "norm.weight",
        "_batch_norm/beta": "norm.bias",
        "_batch_norm/moving_mean": "norm.running_mean",
        "_batch_norm/moving_variance": "norm.running_var",
    }
)
_DENSE: Mapping[str, str] = MappingProxyType({"_conv/kernel": "weight", "_conv/bias": "bias"})
_DENSE_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "_attention/_se_reduce": "blocks.{block}.attention.reduce",
        "_attention/_se_expand": "blocks.{block}.attention.expand",
        "_head": "head.hidden",
        "_classifier": "head.classifier",
    }
)
_TEMPORAL: Mapping[str, str] = MappingProxyType(
    {
        "_conv_temporal/kernel": "weight",
        "_conv_temporal/depthwise_kernel": "weight",
        "_batch_norm_temporal/gamma": "norm.weight",
        "_batch_norm_temporal/beta": "norm.bias",
        "_batch_norm_temporal/moving_mean": "norm.running_mean",
        "_batch_norm_temporal/moving_variance": "norm.running_var",
    }
)

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        f"{theirs}/{variable}": f"{ours}.{name}"
        for modules, variables in (
            (_MODULES, _CONV_NORM),
            (_DENSE_MODULES, _DENSE),
            ({"_feature": "blocks.{block}.temporal"}, _TEMPORAL),
        )
        for theirs, ours in modules.items()
        for variable, name in variables.items()
    }
    | {
        "_mobile_bottleneck/_rezero/scale": "blocks.{block}.residual_scale",
        "_attention/_pos_encoding/_rezero/scale": "blocks.{block}.attention.position_scale",
    }
)


def rename_checkpoint(bundle: Mapping[str, npt.NDArray[Any]]) -> dict[str, Array]:
    """Return a checkpoint's weights by our names, output channels first.

    Optimizer state and counters are ignored.

    Raises:
        WeightsError: a variable is no part of a MoViNet, or occurs twice.
    """
    tensors: dict[str, Array] = {}
    for key in bundle:
        variable = key.removesuffix(_SUFFIX)
        if _IGNORED.search(variable):
            continue
        name = _our_name(variable)
        if name in tensors:
            raise WeightsError(f"the checkpoint has {name} twice, the second time as {variable!r}")
        tensors[name] = _output_first(bundle[key], variable)
    return tensors


def _our_name(variable: str) -> str:
    match = _VARIABLE.search(variable)
    theirs = _INNER.sub(r"\1", match[2]) if match else ""
    if match is None or theirs not in _NAMES:
        raise WeightsError(f"the checkpoint is of no MoViNet: it has {variable!r}")
    return _NAMES[theirs].format(block=int(match[1]) - 1)


def _output_first(value: npt.NDArray[Any], variable: str) -> Array:
    """Turn kernels from [space or time..., in, out] to [out, in, space or time...]."""
    value = value.astype(np.float32)
    if value.ndim < 4:
        return value
    if variable.endswith("/depthwise_kernel"):
        return np.moveaxis(value, -2, 0)
    return np.moveaxis(value, (-1, -2), (0, 1))
