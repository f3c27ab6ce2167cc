"""OpenVINO as the peer, on the step graph that we export."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from streamrec.types import Array

openvino: Any = import_module("openvino")  # without types


def open_model(path: Path, threads: int) -> Callable[[], Callable[[Array], Array]]:
    """Compile an exported step graph in fp32; return ``start``.

    A step is the bare inference: the states are inputs that stay what they are, and nothing
    carries the new ones over, which flatters it. Frame, states and logits are shared tensors.
    """
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
    }
    compiled = openvino.Core().compile_model(str(path), "CPU", settings)
    return lambda: _stepper(compiled)


def _initial(port: Any) -> Any:
    """Return zeros for a frame or a state, and true for a switch."""
    dtype = port.element_type.to_dtype()
    return np.full(tuple(port.shape), dtype == np.bool_, dtype)


def _stepper(compiled: Any) -> Callable[[Array], Array]:
    request = compiled.create_infer_request()
    arrays = {port.any_name: _initial(port) for port in compiled.inputs}
    logits: Array = np.zeros(tuple(compiled.output("logits").shape), np.float32)
    for name, array in {**arrays, "logits": logits}.items():
        request.set_tensor(name, openvino.Tensor(array, shared_memory=True))

    def step(frame: Array) -> Array:
        arrays["frame"][...] = frame
        request.infer()
        result: Array = logits[0].copy()
        return result

    return step
