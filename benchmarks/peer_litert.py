"""LiteRT (XNNPACK) as the peer, on a ``.tflite`` stream model."""

from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from streamrec.types import Array

IMAGE, LOGITS = "image", "logits"


def channels_last(frame: Array) -> Array:
    """Bring a frame, float32 [1, 3, H, W], into LiteRT's layout [1, 1, H, W, 3]."""
    return np.ascontiguousarray(frame.transpose(0, 2, 3, 1)[None])


class LiteRt:
    """A stream in a ``.tflite`` file: states are inputs and outputs of the same names."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._interpreter: Any = Interpreter(model_path=str(path), num_threads=threads)
        self._interpreter.allocate_tensors()
        runner = self._interpreter.get_signature_runner()
        self._inputs = {n: tensor["index"] for n, tensor in runner.get_input_details().items()}
        self._outputs = {n: tensor["index"] for n, tensor in runner.get_output_details().items()}
        self.reset()

    def noise(self) -> Array:
        """Return a frame of noise in its own layout, float32 [1, 1, H, W, 3]."""
        shape = self._view(self._inputs[IMAGE]).shape
        frame: Array = np.random.default_rng(0).random(shape, dtype=np.float32)
        return frame

    @property
    def precision(self) -> str:
        """``int8`` or ``fp16`` if any tensor is, else ``fp32``."""
        types = {tensor["dtype"] for tensor in self._interpreter.get_tensor_details()}
        return "int8" if np.int8 in types else "fp16" if np.float16 in types else "fp32"

    @property
    def name(self) -> str:
        """What tables call it."""
        return "LiteRT" if self.precision == "fp32" else f"LiteRT {self.precision}"

    def reset(self) -> None:
        """Set all states to zero."""
        for name in self._inputs.keys() - {IMAGE}:
            self._view(self._inputs[name])[...] = 0

    def infer(self, frame: Array) -> Array:
        """Take a frame, float32 [1, 1, H, W, 3]; return logits, float32 [classes].

        The states stay what they were, which flatters it.
        """
        self._view(self._inputs[IMAGE])[...] = frame
        self._interpreter.invoke()
        logits: Array = self._view(self._outputs[LOGITS])[0].copy()
        return logits

    def step(self, frame: Array) -> Array:
        """Do the same, and carry the states over to the next step."""
        logits = self.infer(frame)
        for name in self._inputs.keys() - {IMAGE}:
            self._view(self._inputs[name])[...] = self._view(self._outputs[name])
        return logits

    def _view(self, index: int) -> Any:
        """Return a tensor without copying it; none may be held while the model runs."""
        return self._interpreter.tensor(index)()
