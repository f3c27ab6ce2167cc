"""A small writer of TensorFlow Lite files, and a MoViNet in that form, for tests."""

from dataclasses import dataclass, field

import flatbuffers
import numpy as np
import tflite

TYPES = {"float32": 0, "float16": 1, "int32": 2, "int8": 9}
NONE, RELU6 = 0, 3


@dataclass
class Value:
    """A tensor: ``data`` None where computed; ``scales`` where quantized."""

    name: str
    shape: tuple[int, ...]
    data: np.ndarray | None = None
    scales: list[float] | None = None
    zeros: list[int] = field(default_factory=lambda: [0])
    axis: int = 0
    claimed_shape: tuple[int, ...] | None = None


class Writer:
    """Collects tensors and operators, then writes them."""

    def __init__(self):
        self.values: list[Value] = []
        self.operators: list[tuple[str, list[int], list[int], int]] = []
        self.inputs: list[int] = []

    def value(self, name, shape, data=None, **kwargs):
        self.values.append(Value(name, tuple(shape), data, **kwargs))
        return len(self.values) - 1

    def constant(self, name, data, **kwargs):
        return self.value(name, data.shape, data, **kwargs)

    def operator(self, kind, inputs, name, shape=(1,), activation=NONE):
        output = self.value(name, shape)
        self.operators.append((kind, inputs, [output], activation))
        return output

    def bytes(self):
        b = flatbuffers.Builder(1 << 16)
        kinds = sorted({kind for kind, *_ in self.operators})
        buffers = [_buffer(b, None)] + [_buffer(b, v.data) for v in self.values]
        tensors = [_tensor(b, v, i + 1) for i, v in enumerate(self.values)]
        operators = [_operator(b, kinds, *operator) for operator in self.operators]
        parts = {
            "Tensors": _offsets(b, tensors),
            "Operators": _offsets(b, operators),
            "Inputs": b.CreateNumpyVector(np.array(self.inputs, np.int32)),
        }
        tflite.SubGraphStart(b)
        for name, offset in parts.items():
            getattr(tflite, f"SubGraphAdd{name}")(b, offset)
        graph = tflite.SubGraphEnd(b)
        parts = {
            "Subgraphs": _offsets(b, [graph]),
            "Buffers": _offsets(b, buffers),
            "OperatorCodes": _offsets(b, [_code(b, kind) for kind in kinds]),
        }
        tflite.ModelStart(b)
        for name, offset in parts.items():
            getattr(tflite, f"ModelAdd{name}")(b, offset)
        b.Finish(tflite.ModelEnd(b), b"TFL3")
        return bytes(b.Output())


def _offsets(b, offsets):
    b.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        b.PrependUOffsetTRelative(offset)
    return b.EndVector()


def _code(b, kind):
    tflite.OperatorCodeStart(b)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(b, getattr(tflite.BuiltinOperator, kind))
    return tflite.OperatorCodeEnd(b)


def _buffer(b, data):
    raw = None if data is None else b.CreateByteVector(data.tobytes())
    tflite.BufferStart(b)
    if raw is not None:
        tflite.BufferAddData(b, raw)
    return tflite.BufferEnd(b)


def _tensor(b, value, buffer):
    name = b.CreateString(value.name)
    shape = b.CreateNumpyVector(np.array(value.claimed_shape or value.shape, np.int32))
    quantization = None
    if value.scales is not None:
        scale = b.CreateNumpyVector(np.array(value.scales, np.float32))
        zero = b.CreateNumpyVector(np.array(value.zeros, np.int64))
        tflite.QuantizationParametersStart(b)
        tflite.QuantizationParametersAddScale(b, scale)
        tflite.QuantizationParametersAddZeroPoint(b, zero)
        tflite.QuantizationParametersAddQuantizedDimension(b, value.axis)
        quantization = tflite.QuantizationParametersEnd(b)
    tflite.TensorStart(b)
    tflite.TensorAddName(b, name)
    tflite.TensorAddShape(b, shape)
    tflite.TensorAddBuffer(b, buffer)
    tflite.TensorAddType(b, TYPES["float32" if value.data is None else value.data.dtype.name])
    if quantization is not None:
        tflite.TensorAddQuantization(b, quantization)
    return tflite.TensorEnd(b)


_OPTIONS = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "MUL": "MulOptions",
    "ADD": "AddOptions",
}


def _operator(b, kinds, kind, inputs, outputs, activation):
    options = None
    if kind in _OPTIONS:
        getattr(tflite, f"{_OPTIONS[kind]}Start")(b)
        getattr(tflite, f"{_OPTIONS[kind]}AddFusedActivationFunction")(b, activation)
        options = getattr(tflite, f"{_OPTIONS[kind]}End")(b)
    inputs = b.CreateNumpyVector(np.array(inputs, np.int32))
    outputs = b.CreateNumpyVector(np.array(outputs, np.int32))
    tflite.OperatorStart(b)
    tflite.OperatorAddOpcodeIndex(b, kinds.index(kind))
    tflite.OperatorAddInputs(b, inputs)
    tflite.OperatorAddOutputs(b, outputs)
    if options is not None:
        tflite.OperatorAddBuiltinOptionsType(b, getattr(tflite.BuiltinOptions, _OPTIONS[kind]))
        tflite.OperatorAddBuiltinOptions(b, options)
    return tflite.OperatorEnd(b)


class MovinetWriter(Writer):
    """Writes a stream or mobile MoViNet as converters do: batch norm folded, constants stored so.

    ``store`` is float32, float16, dynamic (int8 weights) or int8 (int32 biases too).
    """

    def __init__(self, architecture, tensors, store="float32"):
        super().__init__()
        self.architecture, self.tensors, self.store = architecture, tensors, store
        self.activation = RELU6 if architecture.family == "mobile" else NONE
        size = architecture.image_size
        self.x = self.value("serving_default_image:0", (1, 1, size, size, 3))
        self.inputs.append(self.x)
        self._layer("CONV_2D", "stem", "stem/stem", "stem.conv.weight", "HARD_SWISH")
        position = 0
        for number, group in enumerate(architecture.groups):
            for layer in range(len(group.blocks)):
                self._block(f"block{number}_layer{layer}/bneck", f"blocks.{position}")
                position += 1
        self._layer("CONV_2D", "head.project", "head/project", "head.project.conv.weight")
        self._layer("CONV_2D", "head.hidden", "C/head", "head.hidden.weight", "LOGISTIC")
        self._layer("CONV_2D", "head.classifier", "C/classifier", "head.classifier.weight")

    def _block(self, scope, ours):
        skip = self.x
        self._layer("CONV_2D", f"{ours}.expand", f"{scope}/expansion")
        self._layer("DEPTHWISE_CONV_2D", f"{ours}.spatial", f"{scope}/feature")
        if f"{ours}.temporal.weight" in self.tensors:
            place = f"{scope}/feature/conv2d_temporal"
            self._layer("DEPTHWISE_CONV_2D", f"{ours}.temporal", place, f"{ours}.temporal.weight")
        if f"{ours}.attention.reduce.weight" in self.tensors:
            self._attention(f"{scope}/se", f"{ours}.attention")
        self._layer("CONV_2D", f"{ours}.project", f"{scope}/projection")
        self._scale(f"{scope}/rezero/mul", self.tensors[f"{ours}.residual_scale"])
        if f"{ours}.skip.project.conv.weight" in self.tensors:
            y, self.x = self.x, skip
            self._layer("CONV_2D", f"{ours}.skip.project", f"{scope}/skip/skip_project")
            skip, self.x = self.x, y
        self.x = self.operator("ADD", [self.x, skip], f"M/{scope}/add")

    def _attention(self, scope, ours):
        features = self.x
        if f"{ours}.position_scale" in self.tensors:
            scale = self.tensors[f"{ours}.position_scale"]
            self._scale(f"{scope}/positional_encoding_3/rezero/mul", scale)
        self._layer("CONV_2D", f"{ours}.reduce", f"{scope}/se_reduce", f"{ours}.reduce.weight")
        weight, bias = (self.tensors[f"{ours}.expand.{kind}"] for kind in ("weight", "bias"))
        if self.architecture.gate == "hard_sigmoid":
            self._store_convolution(
                "CONV_2D", f"{scope}/se_expand", 0.2 * weight, 0.2 * bias + 0.5, NONE
            )
            self._chain("MINIMUM", f"{scope}/clip", np.array(1, np.float32))
            self._chain("RELU", f"{scope}/clip")
        else:
            self._store_convolution("CONV_2D", f"{scope}/se_expand", weight, bias + 3, RELU6)
            self._chain("MUL", f"{scope}/mul", np.array(0.16667, np.float32))
        self.x = self.operator("MUL", [self.x, features], f"M/{scope}/mul")

    def _chain(self, kind, name, constant=None):
        inputs = [self.x] if constant is None else [self.x, self.constant(f"{name}/y", constant)]
        self.x = self.operator(kind, inputs, name)

    def _scale(self, name, value):
        filled = np.broadcast_to(value, (1, 1, 2, 2, 1)).astype(np.float32)
        self._chain("MUL", f"M/{name}", filled)

    def _layer(self, kind, ours, place, weight=None, following=None):
        weight = self.tensors[weight or f"{ours}.conv.weight"]
        if f"{ours}.norm.weight" in self.tensors:
            weight, bias = _folded(self.tensors, ours, weight)
        else:
            bias = self.tensors[f"{ours}.bias"]
        hidden = place.startswith("C/head") and self.architecture.family == "mobile"
        activation = self.activation if place.startswith("stem") or hidden else NONE
        self._store_convolution(kind, place, weight, bias, activation)
        if following and self.architecture.family != "mobile":
            y = self.x
            self._chain(following, f"M/{place}/activation")
            if following == "LOGISTIC":
                self.x = self.operator("MUL", [self.x, y], f"M/{place}/swish")

    def _store_convolution(self, kind, place, weight, bias, activation):
        place = place.replace("C/", "classifier_head_1/")
        kernel = _as_kernel(kind, weight)
        axis = 3 if kind == "DEPTHWISE_CONV_2D" else 0
        inputs = [self._store(f"M/{place}/conv2d/w", kernel, axis), self._store_bias(place, bias)]
        name = f"M/{place}/conv2d/out;M/other"
        self.x = self.operator(kind, [self.x, *inputs], name, activation=activation)

    def _store_bias(self, place, bias):
        if self.store == "int8":
            scales = [1e-4] * len(bias)
            values = np.round(bias / 1e-4).astype(np.int32)
            return self.constant(f"M/{place}/b", values, scales=scales, zeros=[0] * len(bias))
        return self._store(f"M/{place}/b", bias, None)

    def _store(self, name, value, axis):
        if self.store == "float16":
            stored = self.constant(name, value.astype(np.float16))
            return self.operator("DEQUANTIZE", [stored], "dequantized")
        if self.store == "float32" or axis is None:
            return self.constant(name, value.astype(np.float32))
        others = tuple(i for i in range(value.ndim) if i != axis)
        scales = np.abs(value).max(others) / 127
        along = [1] * value.ndim
        along[axis] = -1
        values = np.round(value / scales.reshape(along)).astype(np.int8)
        zeros = [0] * len(scales)
        return self.constant(name, values, scales=list(scales), zeros=zeros, axis=axis)


def _folded(tensors, ours, weight):
    gamma, beta, mean, var = (
        tensors[f"{ours}.norm.{name}"] for name in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gamma / np.sqrt(var + 1e-3)
    along = (-1,) + (1,) * (weight.ndim - 1)
    return weight * scale.reshape(along), beta - mean * scale


def _as_kernel(kind, weight):
    """[out, in, height, width] -> the order of the operator."""
    if kind == "CONV_2D":
        weight = weight if weight.ndim == 4 else weight[:, :, None, None]
        return np.ascontiguousarray(weight.transpose(0, 2, 3, 1))
    weight = weight if weight.ndim == 4 else weight[:, None, :, None]
    return np.ascontiguousarray(weight.transpose(1, 2, 3, 0))


def folded_tensors(tensors):
    """What a reader must find: batch norm folded into weights and biases."""
    found = dict(tensors)
    for name in tensors:
        if name.endswith(".norm.weight"):
            ours = name.removesuffix(".norm.weight")
            kernel = f"{ours}.weight" if ours.endswith("temporal") else f"{ours}.conv.weight"
            found[kernel], bias = _folded(tensors, ours, tensors[kernel])
            ones = np.ones_like(bias)
            found |= {
                f"{ours}.norm.weight": ones,
                f"{ours}.norm.bias": bias,
                f"{ours}.norm.running_mean": 0 * ones,
                f"{ours}.norm.running_var": ones - 1e-3,
            }
    return found
