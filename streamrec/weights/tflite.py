"""TensorFlow Lite files: the operators in graph order, and their constants dequantized.

Reads the flatbuffer through the schema package ``tflite``; runs nothing. Facts from TensorFlow
Lite's schema.fbs and quantization specification.
"""

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from streamrec.errors import RuntimeMissingError, WeightsError

_IDENTIFIER = b"TFL3"
_MAX_BYTES = 1 << 30
_MAX_ITEMS = 65_536
_MAX_DIMENSIONS = 8
_DTYPES = {0: "<f4", 1: "<f2", 2: "<i4", 3: "u1", 4: "<i8", 7: "<i2", 9: "i1"}
_MALFORMED = (struct.error, IndexError, ValueError, TypeError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value in the graph: ``constant`` is None where it is computed."""

    index: int
    name: str
    shape: tuple[int, ...]
    constant: npt.NDArray[Any] | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Operator:
    """One step of the graph.

    Attributes:
        kind: the builtin operator's name, such as ``CONV_2D``.
        inputs: None where an optional input is absent.
        activation: number of the fused activation in the schema; 0 is none.
    """

    kind: str
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    activation: int


@dataclass(frozen=True, slots=True)
class Graph:
    """The main graph: its input tensors, and its operators in the order of execution."""

    inputs: tuple[Tensor, ...]
    operators: tuple[Operator, ...]


def read_graph(path: Path) -> Graph:
    """Read a .tflite file's main graph.

    Constants are float32 where they were float or quantized (dequantized per tensor or per
    channel, also through DEQUANTIZE operators), else of their own integer type.

    Raises:
        RuntimeMissingError: the package ``tflite`` is not installed.
        WeightsError: the file cannot be read, is corrupt, or of an unsupported form.
    """
    schema = _schema()
    data = _read(path)
    try:
        return _read_model(schema, schema.Model.GetRootAs(data, 0), len(data))
    except _MALFORMED as error:
        raise WeightsError(f"{path} is a corrupt TensorFlow Lite file ({error})") from error


def _schema() -> Any:
    try:
        import tflite
    except ImportError as error:
        raise RuntimeMissingError(
            "reading .tflite files needs the package tflite; in streamrec's checkout: "
            'pip install ".[tflite]"'
        ) from error
    return tflite


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise WeightsError(f"{path} has {size} bytes; .tflite files of at most 1 GiB are read")
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror}") from error
    if data[4:8] != _IDENTIFIER:
        raise WeightsError(f"{path} is not a TensorFlow Lite file")
    return data


def _read_model(schema: Any, model: Any, file_size: int) -> Graph:
    graph = model.Subgraphs(0)
    raw = [graph.Tensors(i) for i in _indexes(graph.TensorsLength())]
    if sum(model.Buffers(tensor.Buffer()).DataLength() for tensor in raw) > 2 * file_size:
        raise WeightsError("corrupt TensorFlow Lite file: its constants overlap")
    tensors = [_read_tensor(model, index, tensor) for index, tensor in enumerate(raw)]
    kinds = _operator_kinds(schema, model)
    operators: list[Operator] = []
    for i in _indexes(graph.OperatorsLength()):
        operator = _read_operator(schema, graph.Operators(i), kinds, tensors)
        operators.append(operator)
        if operator.kind == "DEQUANTIZE":
            _pass_constant(operator, tensors)
    inputs = tuple(tensors[graph.Inputs(i)] for i in _indexes(graph.InputsLength()))
    return Graph(inputs, tuple(operators))


def _indexes(count: int) -> range:
    if count > _MAX_ITEMS:
        raise WeightsError(f"corrupt TensorFlow Lite file: a list of {count} items")
    return range(count)


def _operator_kinds(schema: Any, model: Any) -> list[str]:
    names = {
        number: name
        for name, number in vars(schema.BuiltinOperator).items()
        if isinstance(number, int)
    }
    codes = [model.OperatorCodes(i) for i in _indexes(model.OperatorCodesLength())]
    numbers = [code.BuiltinCode() for code in codes]
    return [names.get(number, f"operator {number}") for number in numbers]


def _read_operator(schema: Any, raw: Any, kinds: list[str], tensors: list[Tensor]) -> Operator:
    kind = kinds[raw.OpcodeIndex()]
    inputs = [raw.Inputs(i) for i in _indexes(raw.InputsLength())]
    outputs = [raw.Outputs(i) for i in _indexes(raw.OutputsLength())]
    return Operator(
        kind,
        tuple(None if i < 0 else tensors[i] for i in inputs),
        tuple(tensors[i] for i in outputs),
        _fused_activation(schema, kind, raw.BuiltinOptions()),
    )


def _fused_activation(schema: Any, kind: str, table: Any) -> int:
    options = {
        "CONV_2D": "Conv2DOptions",
        "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
        "FULLY_CONNECTED": "FullyConnectedOptions",
        "ADD": "AddOptions",
        "SUB": "SubOptions",
        "MUL": "MulOptions",
        "DIV": "DivOptions",
    }
    if kind not in options or table is None:
        return 0
    parsed = getattr(schema, options[kind])()
    parsed.Init(table.Bytes, table.Pos)
    return int(parsed.FusedActivationFunction())


def _pass_constant(operator: Operator, tensors: list[Tensor]) -> None:
    source, target = operator.inputs[0], operator.outputs[0]
    if source is not None and source.constant is not None:
        tensors[target.index] = Tensor(
            target.index, source.name, target.shape, source.constant.astype(np.float32)
        )


def _read_tensor(model: Any, index: int, raw: Any) -> Tensor:
    shape = tuple(int(raw.Shape(i)) for i in _indexes(raw.ShapeLength()))
    name = (raw.Name() or b"").decode()
    buffer = model.Buffers(raw.Buffer())
    if buffer.DataLength() == 0 or raw.Type() not in _DTYPES:
        return Tensor(index, name, shape, None)
    if raw.Sparsity() is not None:
        raise WeightsError(f"the TensorFlow Lite file has a sparse tensor, {name!r}")
    data = np.frombuffer(buffer.DataAsNumpy().tobytes(), _DTYPES[raw.Type()])
    if len(shape) > _MAX_DIMENSIONS or min(shape, default=0) < 0:
        raise ValueError(f"{name!r} is of shape {list(shape)[: _MAX_DIMENSIONS + 1]}")
    return Tensor(index, name, shape, _dequantize(data.reshape(shape), raw.Quantization()))


def _dequantize(values: npt.NDArray[Any], quantization: Any) -> npt.NDArray[Any]:
    """``scale * (value - zero_point)``, along the quantized dimension if there are several."""
    if quantization is None or quantization.ScaleLength() == 0:
        return values.astype(np.float32) if values.dtype.kind == "f" else values
    scale, zero = quantization.ScaleAsNumpy(), quantization.ZeroPointAsNumpy()
    zero = zero if quantization.ZeroPointLength() else np.zeros(1)
    if len(scale) > 1 or len(zero) > 1:
        along = [1] * values.ndim
        along[quantization.QuantizedDimension()] = -1
        scale, zero = scale.reshape(along), zero.reshape(along)
    restored: npt.NDArray[Any] = (values.astype(np.float64) - zero) * scale
    if restored.shape != values.shape:
        raise ValueError(f"{scale.size} scales for a tensor of shape {list(values.shape)}")
    return restored.astype(np.float32)
