"""Operations over clips as ONNX nodes: time is the batch, so that all convolutions are 2-D.

A clip [1, C, T, H, W] of PyTorch is kept as [T, C, H, W]. What reaches over time takes one slice of
the frames for each moment that it sees, and adds them up: ONNX Runtime's 2-D convolutions run in
its blocked layout, which is faster than its 3-D ones (up to nine times for depthwise kernels).

That layout holds channels by sixteen. Where few are missing, convolutions get channels of zeros,
which nobody reads: a third of the time of X3D.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from streamrec.export.graph import GraphBuilder
from streamrec.types import Array

Sides = Sequence[tuple[int, int]]
"""What is added before and after each of time, height and width."""

_LOWEST = float(np.finfo(np.float32).min)


_BLOCK = 16
_MOST_ADDED = 1 / 3
"""Of the channels, so that a convolution does not cost more than it gains."""


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of the graph.

    Attributes:
        name: its name.
        shape: as PyTorch sees it, with a batch of one.
        added: channels after those that PyTorch sees, which nobody reads.
    """

    name: str
    shape: tuple[int, ...]
    added: int = 0

    @property
    def is_clip(self) -> bool:
        """Whether it is [1, C, T, H, W], kept as [T, C, H, W]."""
        return len(self.shape) == 5


class Nodes:
    """Adds operations to a graph."""

    def __init__(self, graph: GraphBuilder) -> None:
        self.graph = graph

    def conv(
        self,
        x: Value,
        name: str,
        weight: Array,
        bias: Array | None,
        stride: Sequence[int],
        sides: Sides,
        groups: int,
    ) -> Value:
        """Convolve a clip with [C_out, C_in / groups, (kt,) kh, kw], or a picture."""
        depthwise = groups > 1
        assert not depthwise or groups == x.shape[1] == len(weight)
        kernel, outputs = weight.shape[2:], len(weight)
        added = x.added if depthwise else _missing(outputs)
        groups += x.added if depthwise else 0
        weight = _extended(_extended(weight, 0, added), 1, 0 if depthwise else x.added)
        bias = None if bias is None else _extended(bias, 0, added)
        shape = _spatial_shape(x.shape, outputs, kernel, stride, sides)
        if not x.is_clip:
            y = self.graph.conv(x.name, name, weight, bias, stride, _onnx_pads(sides), groups)
            return Value(y, shape, added)
        moments = self._moments(x, kernel[0], stride[0], sides[0], 0.0)
        terms = (
            self.graph.conv(
                moment,
                name if len(moments) == 1 else f"{name}.{i}",
                weight[:, :, i],
                bias if i == 0 else None,
                stride[1:],
                _onnx_pads(sides[1:]),
                groups,
            )
            for i, moment in enumerate(moments)
        )
        return Value(self._chain("Add", terms), shape, added)

    def max_pool(
        self,
        x: Value,
        kernel: Sequence[int],
        stride: Sequence[int],
        sides: Sides,
        *,
        ceil: bool = False,
    ) -> Value:
        """Take the largest value of each window; the padding never is."""
        if ceil:
            sides = _ceiled(x.shape[2:], kernel, stride, sides)
        shape = _spatial_shape(x.shape, x.shape[1], kernel, stride, sides)
        y = x.name
        if max(kernel[-2:]) > 1 or max(stride[-2:]) > 1:
            y = self.graph.node(
                "MaxPool",
                y,
                kernel_shape=list(kernel[-2:]),
                strides=list(stride[-2:]),
                pads=_onnx_pads(sides[-2:]),
            )
        if x.is_clip:
            moments = self._moments(Value(y, x.shape), kernel[0], stride[0], sides[0], _LOWEST)
            y = moments[0] if len(moments) == 1 else self.graph.node("Max", *moments)
        return Value(y, shape, x.added)

    def average_pool(self, x: Value, kernel: Sequence[int], stride: Sequence[int]) -> Value:
        """Take the mean of each window, without padding."""
        sides = [(0, 0)] * len(kernel)
        y = self.graph.node(
            "AveragePool", x.name, kernel_shape=list(kernel[-2:]), strides=list(stride[-2:])
        )
        if x.is_clip:
            moments = self._moments(Value(y, x.shape), kernel[0], stride[0], sides[0], 0.0)
            y = moments[0] if len(moments) == 1 else self.graph.node("Mean", *moments)
        return Value(y, _spatial_shape(x.shape, x.shape[1], kernel, stride, sides), x.added)

    def mean(self, x: Value, *, keep: bool) -> Value:
        """Take the mean over all places and moments: [1, C], or with axes of one kept."""
        y, axes = self.graph.node("GlobalAveragePool", x.name), len(x.shape) - 2
        if x.is_clip and x.shape[2] > 1:
            y = self.graph.node("ReduceMean", y, axes=[0], keepdims=1)
        channels = x.shape[1]
        if keep:
            return Value(y, (1, channels, *[1] * axes), x.added)
        return Value(self.graph.node("Flatten", y, axis=1), (1, channels), x.added)

    def linear(self, x: Value, name: str, weight: Array, bias: Array | None) -> Value:
        """Multiply [1, features] with [classes, features]."""
        inputs = [x.name, self.graph.weight(f"{name}.weight", _extended(weight, 1, x.added))]
        if bias is not None:
            inputs.append(self.graph.weight(f"{name}.bias", bias))
        return Value(self.graph.node("Gemm", *inputs, transB=1), (1, len(weight)))

    def norm(self, x: Value, name: str, gain: Array, bias: Array) -> Value:
        """Scale and shift each channel."""
        axes = [1] * (2 if len(x.shape) > 2 else 0)
        gain, bias = _extended(gain, 0, x.added), _extended(bias, 0, x.added)
        scaled = self.graph.node(
            "Mul", x.name, self.graph.weight(f"{name}.gain", gain.reshape(1, -1, *axes))
        )
        shift = self.graph.weight(f"{name}.bias", bias.reshape(1, -1, *axes))
        return Value(self.graph.node("Add", scaled, shift), x.shape, x.added)

    def pointwise(self, op: str, *values: Value) -> Value:
        """Apply an operation number by number; shapes broadcast."""
        if len({value.added for value in values}) > 1:
            values = tuple(map(self.exact, values))
        shape = max((value.shape for value in values), key=np.prod)
        return Value(self.graph.node(op, *(v.name for v in values)), shape, values[0].added)

    def exact(self, x: Value) -> Value:
        """Leave out the channels that were added."""
        if not x.added:
            return x
        bounds = (self.graph.integers(n) for n in (0, x.shape[1], 1))
        return Value(self.graph.node("Slice", x.name, *bounds), x.shape)

    def concat(self, values: Sequence[Value], axis: int) -> Value:
        """Put values side by side along an axis of PyTorch's shape."""
        values = [self.exact(value) for value in values]
        y = self.graph.node(
            "Concat", *(value.name for value in values), axis=_kept_axis(values[0], axis)
        )
        shape = list(values[0].shape)
        shape[axis] = sum(value.shape[axis] for value in values)
        return Value(y, tuple(shape))

    def slice(self, x: Value, axis: int, start: int, stop: int) -> Value:
        """Take a part of an axis of PyTorch's shape."""
        shape = list(x.shape)
        shape[axis] = stop - start
        if tuple(shape) == x.shape:
            return x
        x = self.exact(x)
        bounds = (self.graph.integers(n) for n in (start, stop, _kept_axis(x, axis)))
        return Value(self.graph.node("Slice", x.name, *bounds), tuple(shape))

    def reshape(self, x: Value, shape: tuple[int, ...]) -> Value:
        """Give the numbers another shape, in PyTorch's order."""
        x = self.exact(x)
        y = x.name
        if x.is_clip and min(x.shape[1:3]) > 1:
            y = self.graph.node("Transpose", y, perm=[1, 0, 2, 3])
        kept = (shape[2], shape[1], *shape[3:]) if len(shape) == 5 else shape
        if len(shape) == 5 and min(kept[:2]) > 1:
            raise NotImplementedError(f"no reshape of {x.shape} to {shape} yet")
        return Value(self.graph.node("Reshape", y, self.graph.integers(*kept)), shape)

    def _chain(self, op: str, terms: Iterator[str]) -> str:
        """Combine terms two at a time, each as soon as it is there."""
        y = next(terms)
        for term in terms:
            y = self.graph.node(op, y, term)
        return y

    def _moments(
        self, x: Value, kernel: int, stride: int, sides: tuple[int, int], fill: float
    ) -> list[str]:
        """Return, for each moment of a kernel, the frames that it meets."""
        before, after = sides
        if stride == 1:
            return [
                self._shifted(x, before - i, after - (kernel - 1 - i), fill) for i in range(kernel)
            ]
        padded = self._shifted(x, before, after, fill)
        count = (x.shape[2] + before + after - kernel) // stride + 1
        axis, step = self.graph.integers(0), self.graph.integers(stride)
        ends = (i + (count - 1) * stride + 1 for i in range(kernel))
        bounds = [(self.graph.integers(i), self.graph.integers(end)) for i, end in enumerate(ends)]
        return [self.graph.node("Slice", padded, *each, axis, step) for each in bounds]

    def _shifted(self, x: Value, before: int, after: int, fill: float) -> str:
        """Add frames before and after; less than none: leave out so many."""
        if before == after == 0:
            return x.name
        pads = self.graph.integers(before, 0, 0, 0, after, 0, 0, 0)
        return self.graph.node("Pad", x.name, pads, self.graph.scalar(fill))


def _missing(channels: int) -> int:
    """Tell how many channels of zeros make a whole number of blocks, if they are few."""
    missing = -channels % _BLOCK
    return missing if missing <= channels * _MOST_ADDED else 0


def _extended(array: Array, axis: int, count: int) -> Array:
    """Add zeros at the end of an axis."""
    return np.pad(array, [(0, count if i == axis else 0) for i in range(array.ndim)])


def _kept_axis(x: Value, axis: int) -> int:
    """Return where an axis of PyTorch's shape is kept."""
    return {0: 0, 1: 1, 2: 0, 3: 2, 4: 3}[axis] if x.is_clip else axis


def _onnx_pads(sides: Sides) -> list[int]:
    return [*(before for before, _ in sides), *(after for _, after in sides)]


def _ceiled(
    size: Sequence[int], kernel: Sequence[int], stride: Sequence[int], sides: Sides
) -> list[tuple[int, int]]:
    """Add to the end what a window that begins inside still needs."""
    result = []
    for length, k, s, (before, after) in zip(size, kernel, stride, sides, strict=True):
        count = -(-(length + before + after - k) // s) + 1
        if (count - 1) * s >= length + before:  # it would begin in the padding
            count -= 1
        result.append((before, max(after, (count - 1) * s + k - length - before)))
    return result


def _spatial_shape(
    shape: tuple[int, ...],
    channels: int,
    kernel: Sequence[int],
    stride: Sequence[int],
    sides: Sides,
) -> tuple[int, ...]:
    sizes = (
        (size + sum(side) - k) // s + 1
        for size, k, s, side in zip(shape[2:], kernel, stride, sides, strict=True)
    )
    return (1, channels, *sizes)
