"""Networks for the native runtime: random ones exported quickly, and files with edited cards."""

import json
from collections.abc import Iterable
from functools import cache

import numpy as np
import onnx
import pytest
from support import spec_of
from tiny_models import exported, trained

from streamrec.card import METADATA_KEY
from streamrec.export import write
from streamrec.models.movinet import MoViNet
from streamrec.runtimes.native import compiled_part, targets

needs_native = pytest.mark.skipif(
    compiled_part() is None, reason="the native runtime was not built: no C++ compiler"
)
TARGETS = targets() if compiled_part() else ["none"]


def noise(frames: int, seed: int = 0, size: int = 32) -> np.ndarray:
    shape = (frames, 1, 3, size, size)
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def run(stream, frames: Iterable[np.ndarray]) -> np.ndarray:
    return np.stack([stream.step(frame) for frame in frames])


def export_quickly(model: MoViNet, folder) -> bytes:
    """The ONNX file of a network, compared with PyTorch on two frames only."""
    path = folder / "model.onnx"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(write, "_STEP_FRAMES", 2)
        write.write_export(model, spec_of(model.architecture), {}, path)
    return path.read_bytes()


@cache
def good_file() -> onnx.ModelProto:
    return onnx.load_from_string(exported(trained(positional=True)))


def card() -> dict:
    """The card of a good file, to be changed."""
    return json.loads(good_file().metadata_props[0].value)


def with_card(changed: dict) -> bytes:
    """The good file with another card."""
    model = onnx.ModelProto()
    model.CopyFrom(good_file())
    onnx.helper.set_model_props(model, {METADATA_KEY: json.dumps(changed)})
    return model.SerializeToString()


def with_weight(name: str, array: np.ndarray | None) -> bytes:
    """The good file with another array for one weight, or without it."""
    model = onnx.ModelProto()
    model.CopyFrom(good_file())
    kept = [weight for weight in model.graph.initializer if weight.name != name]
    assert len(kept) == len(model.graph.initializer) - 1
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    if array is not None:
        model.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    return model.SerializeToString()
