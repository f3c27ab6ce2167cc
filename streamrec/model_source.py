"""What the name of a model stands for: a stored or published model, a file, or random weights."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from streamrec.config import EMBEDDED_MODEL
from streamrec.errors import OptionError, RuntimeMissingError
from streamrec.models.architecture import Architecture, ClipArchitecture
from streamrec.models.registry import ARCHITECTURES
from streamrec.models.registry import architecture as registered
from streamrec.types import MAX_CLIP_FRAMES, StreamSpec
from streamrec.weights.files import Progress
from streamrec.weights.model_file import read_architecture
from streamrec.weights.store import Store

if TYPE_CHECKING:
    from torch import nn

    from streamrec.weights.model_weights import ModelWeights

UNTRAINED = "untrained:"
"""Before an architecture's name: the network with random weights, to try its speed."""

_SUFFIXES = (".onnx", ".safetensors", ".tflite", ".gz", ".tgz", ".pt", ".pth", ".pyth", ".tar")


def as_file_path(name: str) -> Path | None:
    """Return the path if ``name`` is meant as a file rather than as a model's name."""
    path = Path(name)
    looks_like_file = path.suffix.lower() in _SUFFIXES
    return path if looks_like_file or len(path.parts) > 1 or (name and path.is_dir()) else None


def is_onnx_file(name: str) -> bool:
    """Tell whether ``name`` is meant as an exported file."""
    path = as_file_path(name)
    return path is not None and path.suffix.lower() == ".onnx"


def display_name(name: str) -> str:
    """Return what predictions call a model: its name, or its file's without the suffixes."""
    path = as_file_path(name)
    while path is not None and path.suffix.lower() in (*_SUFFIXES, ".index"):
        path = path.with_suffix("")
    return name if path is None else path.name


def architecture_of(name: str) -> Architecture:
    """Return the record of a model that is no ONNX file.

    Raises:
        ModelError: there is no such model, or it cannot be read.
    """
    if name.startswith(UNTRAINED):
        return registered(name.removeprefix(UNTRAINED))
    if (path := as_file_path(name)) is not None:
        if path.suffix.lower() == ".safetensors":
            return read_architecture(path)
        return _read(path).architecture
    store = Store()
    if name in ARCHITECTURES and name not in store:
        return ARCHITECTURES[name]
    return store.architecture(name)


def weights_of(name: str, progress: Progress | None) -> "ModelWeights":
    """Return a model's weights, after fetching them if need be.

    Raises:
        ModelError: there is no such model, it cannot be fetched or read, or it is an ONNX file.
    """
    if name == EMBEDDED_MODEL or is_onnx_file(name):
        raise RuntimeMissingError(f"{name} is an ONNX file; take --runtime onnx or auto")
    if name.startswith(UNTRAINED):
        from streamrec.weights.untrained import untrained

        return untrained(architecture_of(name))
    if (path := as_file_path(name)) is not None:
        return _read(path)
    store = Store()
    store.pull(name, progress)
    return store.load(name)


def network(weights: "ModelWeights") -> "nn.Module":
    """Build the PyTorch network with these weights."""
    import torch

    from streamrec.models.build import build

    model = build(weights.architecture)
    tensors = {name: torch.from_numpy(array) for name, array in weights.tensors.items()}
    model.load_state_dict(tensors, strict=False)
    return model.eval()


def spec_of(weights: "ModelWeights", name: str, window: int | None = None) -> StreamSpec:
    """What the model says of itself; classes without names are called by their numbers.

    ``window``: frames of its clips, where that is not as it was trained.
    """
    record, provenance = weights.architecture, weights.provenance
    spec = StreamSpec(
        name=name,
        labels=weights.labels or tuple(str(i) for i in range(record.classes)),
        fps=record.fps,
        preprocessing=weights.preprocessing,
        clip_frames=record.clip_frames,
        warmup_frames=record.receptive_field if record.causal else record.clip_frames,
        horizon=record.horizon if record.causal else None,
        windowed=not record.causal,
        flow=record.flow if isinstance(record, ClipArchitecture) else None,
        trained="random" not in (provenance.get("weights"), provenance.get("classifier")),
        multi_label=weights.multi_label,
    )
    return spec if window is None or record.causal else _with_window(spec, record, window)


def _with_window(spec: StreamSpec, record: Architecture, window: int) -> StreamSpec:
    clip = record if isinstance(record, ClipArchitecture) else None
    least = 1 if clip is None else clip.min_frames
    most = (None if clip is None else clip.max_frames) or MAX_CLIP_FRAMES
    if not least <= window <= most:
        raise OptionError(f"--window of {record.name} is {least} to {most} frames, got {window}")
    return replace(spec, clip_frames=window, warmup_frames=window)


def _read(path: Path) -> "ModelWeights":
    from streamrec.weights.load import load_weights

    return load_weights(path)
