"""Recover the gate of squeeze-excitation, which converters fold into the layer before it.

A hard sigmoid ``clip(slope * x + 0.5, 0, 1)`` arrives as a convolution whose weights and bias
have taken in a part of the slope and of the shift, and a chain of simple operators. The chain is
run over a grid of values; what it does there says what was folded.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from streamrec.errors import WeightsError
from streamrec.weights.tflite import Operator, Tensor

_Values = npt.NDArray[np.float64]

# Slope and value at 0 of each: ``0.16667 relu6(x + 3)`` and ``clip(0.2 x + 0.5, 0, 1)``.
_GATES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"hard_sigmoid_relu6": (0.16667, 0.50001), "hard_sigmoid": (0.2, 0.5)}
)
_SLOPE_TOLERANCE = 0.005
_CLAMP_TOLERANCE = 0.02
_GRID = np.linspace(-8.0, 8.0, 3201)

_UNARY: Mapping[str, Callable[[_Values], _Values]] = MappingProxyType(
    {
        "QUANTIZE": lambda x: x,
        "DEQUANTIZE": lambda x: x,
        "RESHAPE": lambda x: x,
        "RELU": lambda x: np.maximum(x, 0.0),
        "RELU6": lambda x: np.clip(x, 0.0, 6.0),
        "RELU_0_TO_1": lambda x: np.clip(x, 0.0, 1.0),
        "LOGISTIC": lambda x: 1.0 / (1.0 + np.exp(-x)),
    }
)
_BINARY: Mapping[str, Callable[[_Values, float], _Values]] = MappingProxyType(
    {
        "ADD": np.add,
        "SUB": np.subtract,
        "MUL": np.multiply,
        "DIV": np.divide,
        "MINIMUM": np.minimum,
        "MAXIMUM": np.maximum,
    }
)
_FUSED: Mapping[int, str] = MappingProxyType({1: "RELU", 3: "RELU6"})


@dataclass(frozen=True, slots=True)
class Gate:
    """What a chain of operators makes of its input: a named gate of ``scale * x + shift``."""

    name: str
    scale: float
    shift: float


def recognize_gate(chain: Sequence[Operator]) -> Gate:
    """Tell which gate the operators after a convolution are, and what was folded before them.

    Args:
        chain: the convolution itself (its fused activation counts), then what follows it, up to
            and without the multiplication with the features.

    Raises:
        WeightsError: the chain is no sigmoid and no hard sigmoid.
    """
    if any(operator.kind == "LOGISTIC" for operator in chain):
        return Gate("sigmoid", 1.0, 0.0)
    with np.errstate(all="ignore"):
        y = _response(chain)
    inner = np.flatnonzero((y > 0.25) & (y < 0.75))
    if len(inner) < 2:
        raise WeightsError("the model's squeeze-excitation has a gate that is not known")
    first, last = inner[0], inner[-1]
    slope = float((y[last] - y[first]) / (_GRID[last] - _GRID[first]))
    shift = float(y[first] - slope * _GRID[first])
    if slope <= 0 or np.abs(y - np.clip(slope * _GRID + shift, 0, 1)).max() > _CLAMP_TOLERANCE:
        raise WeightsError("the model's squeeze-excitation has a gate that is not known")
    relu6 = abs(slope - _GATES["hard_sigmoid_relu6"][0]) < _SLOPE_TOLERANCE
    name = "hard_sigmoid_relu6" if relu6 else "hard_sigmoid"
    gate_slope, gate_shift = _GATES[name]
    return Gate(name, slope / gate_slope, (shift - gate_shift) / gate_slope)


def follow(operator: Operator, consumers: Mapping[int, Sequence[Operator]]) -> list[Operator]:
    """Return ``operator`` and the chain of simple operators that alone use its output."""
    chain = [operator]
    while len(following := consumers.get(chain[-1].outputs[0].index, ())) == 1:
        if not _is_simple(following[0]) or following[0] in chain:
            break
        chain.append(following[0])
    return chain


def _response(chain: Sequence[Operator]) -> _Values:
    """What the chain makes of each value of the grid."""
    y = _fused(chain[0], _GRID)
    for operator in chain[1:]:
        y = _fused(operator, _apply(operator, y))
    return y


def _is_simple(operator: Operator) -> bool:
    if not operator.outputs:
        return False
    return operator.kind in _UNARY or (
        operator.kind in _BINARY and len(operator.inputs) == 2 and _scalar(operator) is not None
    )


def _apply(operator: Operator, x: _Values) -> _Values:
    if operator.kind in _UNARY:
        return _UNARY[operator.kind](x)
    scalar = _scalar(operator)
    if scalar is None or (operator.kind in ("SUB", "DIV") and _is_constant(operator.inputs[0])):
        raise WeightsError("the model's squeeze-excitation has a gate that is not known")
    return _BINARY[operator.kind](x, scalar)


def _fused(operator: Operator, x: _Values) -> _Values:
    return _UNARY[_FUSED[operator.activation]](x) if operator.activation in _FUSED else x


def _is_constant(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.constant is not None


def _scalar(operator: Operator) -> float | None:
    for tensor in operator.inputs:
        if tensor is not None and tensor.constant is not None:
            return uniform_value(tensor)
    return None


def uniform_value(tensor: Tensor) -> float | None:
    """Return the one value that fills a constant, None where there are several or none."""
    constant = tensor.constant
    if constant is None or constant.size == 0 or np.ptp(constant) != 0:
        return None
    return float(constant.flat[0])
