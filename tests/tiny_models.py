"""The toy members of the family, with the reference's weights, as PyTorch networks and ONNX."""

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from support import DATA, reference_model, spec_of, tiny_architecture

from streamrec.export.write import write_export
from streamrec.models.movinet import MoViNet
from streamrec.recognizer import Recognizer
from streamrec.runtimes.onnx import OnnxClip, OnnxRuntime
from streamrec.runtimes.window import WindowRuntime
from streamrec.types import StreamSpec
from streamrec.weights.model_weights import ModelWeights, plain_preprocessing


@cache
def trained(
    family: str = "stream",
    fps: float = 5.0,
    size: int = 32,
    horizon: int | None = 16,
    *,
    positional: bool = False,
) -> MoViNet:
    architecture = replace(
        tiny_architecture(family, positional=positional), fps=fps, image_size=size
    )
    folder = f"{family}pos" if positional else family
    checkpoint = DATA / "movinet_tiny" / folder / "ckpt-1"
    return reference_model(checkpoint, architecture, architecture.gate, horizon)


def spec(model: MoViNet) -> StreamSpec:
    return spec_of(model.architecture)


@cache
def exported(model: MoViNet) -> bytes:
    """The ONNX file of a network."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        write_export(model, spec(model), {}, path)
        return path.read_bytes()


def runtime(**choices) -> OnnxRuntime:
    return OnnxRuntime(exported(trained(**choices)))


def clip_runtime() -> OnnxClip:
    return OnnxClip(exported(trained("base")))


def clip_recognizer(count: int = 1, **choices) -> Recognizer:
    windows = [WindowRuntime(clip_runtime(), **choices) for _ in range(count)]
    return Recognizer("tiny", windows)


def recognizer(**choices) -> Recognizer:
    return Recognizer("tiny", [runtime(**choices)])


def weights(model: MoViNet, labels: tuple[str, ...] | None = None) -> ModelWeights:
    tensors = {
        name: tensor.numpy()
        for name, tensor in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    return ModelWeights(
        architecture=model.architecture,
        tensors=tensors,
        labels=labels,
        preprocessing=plain_preprocessing(model.architecture),
    )
