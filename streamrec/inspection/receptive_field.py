"""How many frames the convolutions and pools of a network reach over.

As in Araujo, Norris and Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks":
each operation along time adds ``kernel - 1`` steps, a step being the product of the strides before
it; where paths meet, the farthest counts.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from streamrec.inspection.trace import initial_state, run_shapes
from streamrec.models.architecture import Architecture, MoViNetArchitecture

_TIME = 2
_PADS_OF_TIME = 4
"""Where padding lists what comes before the time axis: width and height are listed first."""


def receptive_field(network: nn.Module, record: Architecture) -> int | None:
    """Return the frames that a network of the ``meta`` device reaches over; None: without end."""
    if isinstance(record, MoViNetArchitecture):
        return record.receptive_field
    if record.causal:
        return None if initial_state(network) else 1
    reaches = _Reaches()
    with reaches:
        run_shapes(network, record)
    return reaches.farthest


class _Reach(NamedTuple):
    """The frames behind the first place of a tensor, and frames from one place to the next."""

    start: int
    end: int
    step: int


_Further = Callable[[_Reach, Sequence[Any]], _Reach]


class _Reaches(TorchDispatchMode):
    """Follows the frames of [N, C, T, H, W] through all operations."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._seen: dict[int, tuple[Tensor, _Reach]] = {}
        self.farthest = 1

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        outputs = func(*args, **(kwargs or {}))
        reach = self._reach(func, args)
        for output in tree_leaves(outputs):
            if isinstance(output, Tensor):
                self._seen[id(output)] = output, reach  # held, so that its id stays its own
        self.farthest = max(self.farthest, reach.end - reach.start)
        return outputs

    def _reach(self, func: Any, args: Sequence[Any]) -> _Reach:
        known = [self._seen[id(x)][1] for x in tree_leaves(args) if id(x) in self._seen]
        if not known:
            return _Reach(0, 1, 1)
        starts, ends, steps = zip(*known, strict=True)
        if func is torch.ops.aten.cat.default and _has_time(args[0][0]) and args[1:] == (_TIME,):
            return _Reach(starts[0], ends[0], starts[1] - starts[0])
        before = _Reach(min(starts), max(ends), max(steps))
        further = _FURTHER.get(func)
        return further(before, args) if further is not None and _has_time(args[0]) else before


def _has_time(x: Tensor) -> bool:
    return x.ndim == 5


def _shifted(before: _Reach, places: int) -> _Reach:
    shift = places * before.step
    return before._replace(start=before.start + shift, end=before.end + shift)


def _slide(before: _Reach, kernel: int, stride: int, padding: int) -> _Reach:
    start, end, step = _shifted(before, -padding)
    return _Reach(start, end + (kernel - 1) * step, step * stride)


def _convolve(before: _Reach, args: Sequence[Any]) -> _Reach:
    _, weight, _, stride, padding, *_ = args
    return _slide(before, weight.shape[_TIME], stride[0], padding[0])


def _pool(before: _Reach, args: Sequence[Any]) -> _Reach:
    """Stride and padding may be left out: a stride of the kernel's size, and none."""
    kernel = args[1][0]
    stride = args[2][0] if len(args) > 2 and args[2] else kernel
    return _slide(before, kernel, stride, args[3][0] if len(args) > 3 else 0)


def _pad(before: _Reach, args: Sequence[Any]) -> _Reach:
    widths = args[1]
    return _shifted(before, -widths[_PADS_OF_TIME]) if len(widths) > _PADS_OF_TIME else before


def _select(before: _Reach, args: Sequence[Any]) -> _Reach:
    _, axis, index = args
    return _shifted(before, index) if axis == _TIME else before


_aten = torch.ops.aten
_FURTHER: Mapping[Any, _Further] = MappingProxyType(
    {
        _aten.convolution.default: _convolve,
        _aten.max_pool3d_with_indices.default: _pool,
        _aten.avg_pool3d.default: _pool,
        _aten.constant_pad_nd.default: _pad,
        _aten.select.int: _select,
    }
)
