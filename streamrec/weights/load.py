"""One way in: a path to weights of any known form -> what the network needs."""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from streamrec.errors import OptionError, WeightsError
from streamrec.models.architecture import Architecture, MoViNetArchitecture
from streamrec.types import Array
from streamrec.weights.archive import unpack
from streamrec.weights.fit import fit
from streamrec.weights.inflated import load_inflated
from streamrec.weights.model_file import load_model
from streamrec.weights.model_weights import ModelWeights, plain_preprocessing
from streamrec.weights.movinet_names import rename_checkpoint
from streamrec.weights.movinet_tflite import rename_graph
from streamrec.weights.tensor_bundle import read_bundle
from streamrec.weights.tflite import read_graph
from streamrec.weights.torch_files import SUFFIXES, read_torch
from streamrec.weights.traits import Traits, with_traits

_INDEX = ".index"
_LATEST = re.compile(r'^model_checkpoint_path: "(?:.*[/\\])?([^"/\\]+)"', re.MULTILINE)
_MAX_LATEST_BYTES = 1 << 16
_SHOWN_BY_GRAPHS = ("gate", "head_activation", "image_size")
_FORMS = (
    f"a PyTorch file ({', '.join(SUFFIXES)}), a TensorFlow checkpoint (.tar.gz, its folder, or "
    "its .index file), a .tflite stream model, or a streamrec .safetensors file"
)


def load_weights(
    path: Path,
    architecture: Architecture | None = None,
    labels: tuple[str, ...] | None = None,
    traits: Traits | None = None,
    *,
    inflate: bool = False,
) -> ModelWeights:
    """Read weights from a file or folder.

    Args:
        path: a PyTorch file (``.pt``, ``.pth``, ``.pyth``), a TensorFlow checkpoint
            (``.tar.gz``, a folder, an ``.index`` file or its prefix), a ``.tflite`` stream model,
            or our own ``.safetensors``.
        architecture: the record that the weights are for; None: told from names and shapes. Our
            own files state theirs, which must be of the same name.
        labels: class names in logit order; None: the file's, if it has any.
        traits: how the model was trained, where that differs from the architecture's record.
        inflate: the file is of a network for pictures, ``architecture`` of one for clips.

    Raises:
        WeightsError: missing, corrupt, of no known form or of another architecture.
        OptionError: a trait that is not allowed, or that the file shows by itself.
        LabelsError: the labels do not fit the number of classes.
        RuntimeMissingError: the package that reads .tflite files is not installed.
    """
    with np.errstate(all="ignore"):
        weights = load_inflated(path, architecture) if inflate else _read(path, architecture)
    if traits:
        weights = with_traits(weights, _settable(path, traits))
    return weights if labels is None else replace(weights, labels=labels)


def load_parts(
    parts: Mapping[str, Path],
    architecture: Architecture,
    labels: tuple[str, ...] | None = None,
) -> ModelWeights:
    """Read a network whose parts lie in a PyTorch file each.

    Args:
        parts: what stands before each file's names in the network -> the file.
        architecture: the record that the weights are for.
        labels: class names in logit order.

    Raises:
        WeightsError: missing, corrupt, of no known form or of another architecture.
        LabelsError: the labels do not fit the number of classes.
    """
    return replace(_from_torch(parts, architecture), labels=labels)


def _settable(path: Path, traits: Traits) -> Traits:
    shown = [name for name in _SHOWN_BY_GRAPHS if name in traits]
    if shown and path.suffix.lower() == ".tflite":
        raise OptionError(f"{path} shows its {' and '.join(shown)} by itself; do not set it")
    return traits


def _read(path: Path, architecture: Architecture | None) -> ModelWeights:
    if path.is_dir():
        return _from_bundle(_prefix_in(path), architecture)
    name = path.name.lower()
    if name.endswith(_INDEX):
        return _from_bundle(path.with_name(path.name[: -len(_INDEX)]), architecture)
    if not path.exists():
        if path.with_name(path.name + _INDEX).exists():
            return _from_bundle(path, architecture)
        raise WeightsError(f"there is no file {path}")
    if name.endswith(SUFFIXES):
        return _from_torch({"": path}, architecture)
    if name.endswith((".tar.gz", ".tgz")):
        return _from_archive(path, architecture)
    if name.endswith(".tflite"):
        return _from_tflite(path, architecture)
    if name.endswith(".safetensors"):
        return _from_model_file(path, architecture)
    if name.endswith(".onnx"):
        raise WeightsError(
            f"{path} is an exported model: it needs no import, use it with --model {path}"
        )
    raise WeightsError(f"{path} is of no known form; weights are read from {_FORMS}")


def _from_model_file(path: Path, architecture: Architecture | None) -> ModelWeights:
    weights = load_model(path)
    found = weights.architecture.name
    if architecture is not None and architecture.name != found:
        raise WeightsError(f"{path} holds a {found}, not a {architecture.name}")
    return weights


def _from_torch(parts: Mapping[str, Path], architecture: Architecture | None) -> ModelWeights:
    named = {
        f"{prefix}{name}": tensor
        for prefix, path in parts.items()
        for name, tensor in read_torch(path).items()
    }
    found, tensors = fit(named, architecture)
    return _weights(found, tensors, "PyTorch", *parts.values())


def _from_bundle(prefix: Path, architecture: Architecture | None) -> ModelWeights:
    found, tensors = fit(rename_checkpoint(read_bundle(prefix)), architecture)
    return _weights(found, tensors, "TensorFlow checkpoint", prefix)


def _from_tflite(path: Path, architecture: Architecture | None) -> ModelWeights:
    named, traits = rename_graph(read_graph(path))
    found, tensors = fit(named, architecture)
    if isinstance(found, MoViNetArchitecture):
        found = replace(found, **traits)
    return _weights(found, tensors, "TensorFlow Lite", path)


def _weights(
    architecture: Architecture, tensors: Mapping[str, Array], form: str, *paths: Path
) -> ModelWeights:
    return ModelWeights(
        architecture=architecture,
        tensors=tensors,
        preprocessing=plain_preprocessing(architecture),
        provenance={"format": form, "file": " and ".join(path.name for path in paths)},
    )


def _from_archive(path: Path, architecture: Architecture | None) -> ModelWeights:
    with tempfile.TemporaryDirectory(prefix="streamrec-") as folder:
        unpack(path, Path(folder))
        weights = _from_bundle(_prefix_in(Path(folder)), architecture)
    return replace(weights, provenance={**weights.provenance, "file": path.name})


def _prefix_in(folder: Path) -> Path:
    """Return the one checkpoint in a folder, or the one that its ``checkpoint`` file names."""
    found = sorted(p for p in folder.rglob(f"*{_INDEX}") if not p.name.startswith("."))
    prefixes = [path.with_name(path.name[: -len(_INDEX)]) for path in found]
    if len(prefixes) > 1:
        latest = {_latest(path.parent) for path in prefixes}
        prefixes = [path for path in prefixes if path in latest] or prefixes
    if len(prefixes) != 1:
        names = ", ".join(path.name for path in prefixes[:5]) or "none"
        raise WeightsError(f"{folder} must hold one checkpoint, found: {names}")
    return prefixes[0]


def _latest(folder: Path) -> Path | None:
    listing = folder / "checkpoint"
    if not listing.is_file() or listing.stat().st_size > _MAX_LATEST_BYTES:
        return None
    match = _LATEST.search(listing.read_text(encoding="utf-8", errors="replace"))
    return folder / match[1] if match else None
