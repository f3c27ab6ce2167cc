"""What runs a stream model: our runtimes, and the peers that can run our models.

An engine opens a model and returns ``start()``, which returns ``step(frame) -> logits`` of a fresh
stream. Engines that are not there are told in one line and left out.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType
from typing import cast

import numpy as np
from models import Model
from options import MissingError

from streamrec.errors import RuntimeMissingError
from streamrec.types import Array, StreamSpec

Step = Callable[[Array], Array]
Start = Callable[[], Step]


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to run a model.

    Attributes:
        open: takes a model and the number of threads.
        precision: of weights and arithmetic.
        peer: whether it is what ours is compared with.
        streams: whether its states go from step to step.
    """

    open: Callable[[Model, int], Start]
    precision: str = "fp32"
    peer: bool = False
    streams: bool = True


def _native(model: Model, threads: int, *, precision: str) -> Start:
    from streamrec.runtimes.native import NativeRuntime

    if threads != 1:
        raise MissingError("it runs a step on one thread")
    runtime = NativeRuntime(model.path, precision=precision)
    return lambda: runtime.start().step


def _onnx(model: Model, threads: int) -> Start:
    from streamrec.runtimes.onnx import OnnxRuntime

    runtime = OnnxRuntime(model.path, threads=threads)
    return lambda: runtime.start().step


def _torch(model: Model, threads: int) -> Start:
    from streamrec.runtimes.torch import SteppingModule, TorchRuntime

    network = cast(SteppingModule, model.network())
    runtime = TorchRuntime(network, model.spec, device="cpu", threads=threads)
    return lambda: runtime.start().step


def _openvino(model: Model, threads: int) -> Start:
    from peer_openvino import open_model

    return open_model(model.path, threads)


ENGINES: Mapping[str, Engine] = MappingProxyType(
    {
        "native": Engine(partial(_native, precision="fp32")),
        "native bf16": Engine(partial(_native, precision="bf16"), precision="bf16"),
        "onnx": Engine(_onnx),
        "torch": Engine(_torch, peer=True),
        "OpenVINO": Engine(_openvino, peer=True, streams=False),
    }
)

OURS = tuple(name for name, engine in ENGINES.items() if not engine.peer)


def streaming(names: Sequence[str]) -> list[str]:
    """Return those of the engines, of all if none is named, that carry their states."""
    return [name for name in names or ENGINES if ENGINES[name].streams]


def opened(model: Model, threads: int, names: Sequence[str]) -> Iterator[tuple[str, Start]]:
    """Yield the engines of those names that are there, by name."""
    for name in names:
        try:
            yield name, ENGINES[name].open(model, threads)
        except (ImportError, MissingError, RuntimeMissingError) as error:
            _tell(f"{name}: not measured: {error}")


@cache
def _tell(line: str) -> None:
    print(line, file=sys.stderr)


def noise(spec: StreamSpec, seed: int = 0) -> Array:
    """Return a frame of noise, float32 [1, 3, H, W]."""
    size = spec.preprocessing
    return np.random.default_rng(seed).random((1, 3, size.height, size.width), dtype=np.float32)


def set_torch_threads(threads: int) -> None:
    """Set the threads of PyTorch, which knows one number for all of its networks."""
    import torch

    torch.set_num_threads(threads)
