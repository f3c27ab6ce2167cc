"""Networks of ``streamrec.models`` other than MoViNet as ONNX graphs, traced by ``torch.fx``.

Every module, function and method that networks may use has one line in the tables below.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

import onnx
import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from streamrec.card import Ring
from streamrec.errors import ModelError
from streamrec.export.graph import GraphBuilder
from streamrec.export.layers import fold, to_numpy
from streamrec.export.nodes import Nodes, Sides, Value
from streamrec.nn.same3d import SameConv3d, SameMaxPool3d, same_sides
from streamrec.types import Array, StreamSpec

_BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d
_Conv = nn.Conv2d | nn.Conv3d
_LEAVES = (nn.Conv2d, nn.Conv3d, SameMaxPool3d)


class _Tracer(fx.Tracer):
    """Records what one method of a network does."""

    def __init__(self, method: str) -> None:
        super().__init__()
        self.traced_func_name = method

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, _LEAVES) or super().is_leaf_module(m, module_qualified_name)


def traced_clip_graph(network: nn.Module, spec: StreamSpec) -> onnx.ModelProto:
    """Build the graph of a network that sees ``spec.clip_frames`` frames: clip in, logits out.

    Raises:
        ModelError: the network does something that has no ONNX form here.
    """
    graph = GraphBuilder()
    channels, height, width = spec.frame_shape
    shape = [spec.clip_frames, channels, height, width]
    clip = Value(graph.input("clip", shape), (1, *shape))
    run = _Run(graph, network, "forward")
    logits = run.nodes.exact(run(clip))
    graph.output(logits.name, "logits", logits.shape)
    return graph.model(spec.name)


def traced_step_graph(network: nn.Module, spec: StreamSpec) -> tuple[onnx.ModelProto, list[Ring]]:
    """Build the graph of a network that takes one frame and a state, and tell its states.

    Raises:
        ModelError: the network does something that has no ONNX form here.
    """
    graph = GraphBuilder()
    frame = Value(graph.input("frame", (1, *spec.frame_shape)), (1, *spec.frame_shape))
    initial: Mapping[str, Tensor] = cast("Any", network).initial_state()
    shapes = {name: tuple(state.shape) for name, state in initial.items()}
    state = {name: Value(graph.input(name, shape), shape) for name, shape in shapes.items()}
    logits, following = _Run(graph, network, "step")(frame, state)
    graph.output(logits.name, "logits", logits.shape)
    for name, value in following.items():
        graph.output(value.name, f"next_{name}", value.shape)
    rings = [Ring((name,), f"next_{name}", shapes[name]) for name in shapes]
    return graph.model(spec.name), rings


class _Run:
    """Goes through a traced method and adds the nodes of each operation."""

    def __init__(self, graph: GraphBuilder, network: nn.Module, method: str) -> None:
        self.nodes = Nodes(graph)
        self._modules = dict(network.named_modules())
        self._trace = _Tracer(method).trace(network)
        self._values: dict[fx.Node, Any] = {}

    def __call__(self, *inputs: Any) -> Any:
        given = iter(inputs)
        for node in self._trace.nodes:
            if node.op == "placeholder":
                self._values[node] = next(given)
            elif node.op == "output":
                return self._argument(node.args[0])
            else:
                self._values[node] = self._apply(node)
        raise AssertionError("a traced method has an output")

    def _argument(self, argument: Any) -> Any:
        return fx.node.map_arg(argument, lambda node: self._values[node])

    def _apply(self, node: fx.Node) -> Any:
        args, kwargs = self._argument(node.args), self._argument(node.kwargs)
        if node.op == "call_module":
            return self._module(node, args[0])
        table = _FUNCTIONS if node.op == "call_function" else _METHODS
        if node.op == "get_attr" or node.target not in table:
            raise ModelError(f"{node.target} has no ONNX form here; use --runtime torch")
        return table[node.target](self.nodes, *args, **dict(kwargs))

    def _module(self, node: fx.Node, x: Value) -> Value:
        name = str(node.target)
        module = self._modules[name]
        if isinstance(module, _Conv):
            return _conv(self.nodes, name, module, self._norm_after(node), x)
        if isinstance(module, _BatchNorm):
            source = node.args[0]
            if isinstance(source, fx.Node) and self._norm_after(source) is module:
                return x
            gain, bias = fold(torch.ones(module.num_features), module)
            return self.nodes.norm(x, name, gain, bias)
        if isinstance(module, nn.Linear):
            bias = None if module.bias is None else to_numpy(module.bias)
            return self.nodes.linear(x, name, to_numpy(module.weight), bias)
        if type(module) not in _MODULES:
            raise ModelError(f"{name} has no ONNX form here; use --runtime torch")
        return _MODULES[type(module)](self.nodes, module, x)

    def _norm_after(self, node: fx.Node) -> "_BatchNorm | None":
        """Return the batch norm that alone uses a convolution's output, and is folded into it."""
        users = list(node.users)
        if len(users) != 1 or users[0].op != "call_module":
            return None
        if not isinstance(self._modules.get(str(node.target)), _Conv):
            return None
        module = self._modules[str(users[0].target)]
        return module if isinstance(module, _BatchNorm) else None


def _conv(nodes: Nodes, name: str, conv: _Conv, norm: "_BatchNorm | None", x: Value) -> Value:
    bias: Array | None = None if conv.bias is None else to_numpy(conv.bias)
    weight = to_numpy(conv.weight)
    if norm is not None:
        gain, _ = fold(torch.ones(conv.out_channels), norm)
        weight, shift = fold(conv.weight, norm)
        bias = shift if bias is None else shift + gain * bias
    kernel, stride = conv.kernel_size, conv.stride
    if isinstance(conv, SameConv3d):
        sides: Sides = same_sides(x.shape[2:], kernel, stride)
    else:
        sides = [(pad, pad) for pad in cast("tuple[int, ...]", conv.padding)]
    return nodes.conv(x, name, weight, bias, stride, sides, conv.groups)


def _pad_of(sizes: Sequence[int]) -> Sides:
    return [(size, size) for size in sizes]


def _each(value: int | Sequence[int], x: Value) -> tuple[int, ...]:
    """Repeat one number for all axes of space and time."""
    return (value,) * (len(x.shape) - 2) if isinstance(value, int) else tuple(value)


def _max_pool(nodes: Nodes, pool: nn.MaxPool2d | nn.MaxPool3d, x: Value) -> Value:
    kernel, stride = _each(pool.kernel_size, x), _each(pool.stride, x)
    sides = _pad_of(_each(pool.padding, x))
    return nodes.max_pool(x, kernel, stride, sides, ceil=pool.ceil_mode)


def _same_max_pool(nodes: Nodes, pool: SameMaxPool3d, x: Value) -> Value:
    sides = same_sides(x.shape[2:], pool.kernel_size, pool.stride)
    return nodes.max_pool(x, pool.kernel_size, pool.stride, sides)


def _average_pool(nodes: Nodes, pool: nn.AvgPool2d | nn.AvgPool3d, x: Value) -> Value:
    if any(_each(pool.padding, x)) or pool.ceil_mode:
        raise ModelError("an average pool with padding has no ONNX form here")
    return nodes.average_pool(x, _each(pool.kernel_size, x), _each(pool.stride, x))


def _adaptive_pool(nodes: Nodes, pool: nn.Module, x: Value) -> Value:
    return nodes.mean(x, keep=True)


def _swish(nodes: Nodes, _module: nn.Module, x: Value) -> Value:
    return nodes.pointwise("Mul", x, nodes.pointwise("Sigmoid", x))


def _relu6(nodes: Nodes, _module: nn.Module, x: Value) -> Value:
    zero, six = nodes.graph.scalar(0.0), nodes.graph.scalar(6.0)
    return Value(nodes.graph.node("Clip", x.name, zero, six), x.shape, x.added)


def _same(_nodes: Nodes, _module: nn.Module, x: Value) -> Value:
    return x


def _plain(op: str) -> Callable[..., Value]:
    return lambda nodes, *args, **_: nodes.pointwise(op, *(a for a in args if isinstance(a, Value)))


def _flatten(nodes: Nodes, x: Value, start: int = 0, end: int = -1) -> Value:
    end = end % len(x.shape)
    middle = math.prod(x.shape[start : end + 1])
    return nodes.reshape(x, (*x.shape[:start], middle, *x.shape[end + 1 :]))


def _unsqueeze(nodes: Nodes, x: Value, axis: int) -> Value:
    axis %= len(x.shape) + 1
    return nodes.reshape(x, (*x.shape[:axis], 1, *x.shape[axis:]))


def _squeeze(nodes: Nodes, x: Value, axis: int) -> Value:
    axis %= len(x.shape)
    return nodes.reshape(x, (*x.shape[:axis], *x.shape[axis + 1 :]))


def _transpose(_nodes: Nodes, x: Value, one: int, other: int) -> Value:
    """Turn [1, T, C, H, W] into [1, C, T, H, W]: both are kept alike."""
    if len(x.shape) != 5 or {one, other} != {1, 2}:
        raise ModelError("only time and channels of a clip change places")
    batch, frames, channels, *size = x.shape
    assert not x.added, "a clip comes as it is"
    return Value(x.name, (batch, channels, frames, *size))


def _mean(nodes: Nodes, x: Value, axes: int | Sequence[int], keepdim: bool = False) -> Value:
    axes = (axes,) if isinstance(axes, int) else tuple(axes)
    if axes != tuple(range(2, len(x.shape))):
        raise ModelError(f"a mean of {x.shape} over {axes} has no ONNX form here")
    return nodes.mean(x, keep=keepdim)


def _cat(nodes: Nodes, values: Sequence[Value], dim: int = 0) -> Value:
    return nodes.concat(values, dim % len(values[0].shape))


def _chunk(nodes: Nodes, x: Value, count: int, dim: int) -> tuple[Value, ...]:
    size = x.shape[dim] // count
    return tuple(nodes.slice(x, dim, i * size, (i + 1) * size) for i in range(count))


def _getitem(nodes: Nodes, x: Any, index: Any) -> Any:
    if not isinstance(x, Value):
        return x[index]
    dropped = []
    for axis, part in enumerate(index if isinstance(index, tuple) else (index,)):
        if isinstance(part, int):
            start = part % x.shape[axis]
            x = nodes.slice(x, axis, start, start + 1)
            dropped.append(axis)
        else:
            start, stop, step = part.indices(x.shape[axis])
            assert step == 1
            x = nodes.slice(x, axis, start, stop)
    shape = tuple(size for axis, size in enumerate(x.shape) if axis not in dropped)
    return nodes.reshape(x, shape) if dropped else x


def _log_softmax(nodes: Nodes, x: Value, axis: int) -> Value:
    return Value(nodes.graph.node("LogSoftmax", nodes.exact(x).name, axis=axis), x.shape)


def _log_sum_exp(nodes: Nodes, x: Value, axis: int) -> Value:
    y = nodes.graph.node("ReduceLogSumExp", nodes.exact(x).name, axes=[axis], keepdims=0)
    return Value(y, tuple(size for i, size in enumerate(x.shape) if i != axis))


def _sub(nodes: Nodes, x: Value, number: float) -> Value:
    return Value(nodes.graph.node("Sub", x.name, nodes.graph.scalar(number)), x.shape, x.added)


_MODULES: Mapping[type, Callable[[Nodes, Any, Value], Value]] = MappingProxyType(
    {
        nn.AdaptiveAvgPool2d: _adaptive_pool,
        nn.AdaptiveAvgPool3d: _adaptive_pool,
        nn.AvgPool2d: _average_pool,
        nn.AvgPool3d: _average_pool,
        nn.Dropout: _same,
        nn.Flatten: lambda nodes, layer, x: _flatten(nodes, x, layer.start_dim, layer.end_dim),
        nn.Identity: _same,
        nn.MaxPool2d: _max_pool,
        nn.MaxPool3d: _max_pool,
        nn.ReLU: lambda nodes, _, x: nodes.pointwise("Relu", x),
        nn.ReLU6: _relu6,
        nn.SiLU: _swish,
        nn.Sigmoid: lambda nodes, _, x: nodes.pointwise("Sigmoid", x),
        SameMaxPool3d: _same_max_pool,
    }
)

_FUNCTIONS: Mapping[Any, Callable[..., Any]] = MappingProxyType(
    {
        F.relu: _plain("Relu"),
        operator.add: _plain("Add"),
        operator.getitem: _getitem,
        operator.mul: _plain("Mul"),
        operator.sub: _sub,
        torch.cat: _cat,
        torch.sigmoid: _plain("Sigmoid"),
        torch.tanh: _plain("Tanh"),
    }
)

_METHODS: Mapping[Any, Callable[..., Any]] = MappingProxyType(
    {
        "chunk": _chunk,
        "flatten": _flatten,
        "log_softmax": _log_softmax,
        "logsumexp": _log_sum_exp,
        "mean": _mean,
        "squeeze": _squeeze,
        "transpose": _transpose,
        "unsqueeze": _unsqueeze,
    }
)
