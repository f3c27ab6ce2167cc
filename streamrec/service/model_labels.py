"""What a camera's model is, as far as that can be told without fetching or loading it."""

import os
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path
from typing import TypeAlias

from streamrec.config import DEFAULT_MODEL, EMBEDDED_MODEL
from streamrec.errors import ModelError, WeightsError
from streamrec.event_rules import event_rules
from streamrec.model_source import UNTRAINED, architecture_of, as_file_path
from streamrec.models.registry import ENSEMBLES
from streamrec.runtimes.native.onnx_file import read_card
from streamrec.service.settings import CameraSettings
from streamrec.weights.labels import embedded_labels
from streamrec.weights.model_file import read_class_names
from streamrec.weights.published import PUBLISHED
from streamrec.weights.store import Store

LabelsOf: TypeAlias = Callable[[str], tuple[str, ...] | None]


def labels_at_hand(name: str) -> tuple[str, ...] | None:
    """Return a model's class names in score order, as they stand in a header or are published.

    Args:
        name: as ``streamrec.load`` takes it.

    Returns:
        None where only the weights tell them: of published ones without names, and of files of
        other formats than ONNX and our own safetensors.

    Raises:
        ModelError: there is no such model, or its header cannot be read.
    """
    name, store = ENSEMBLES.get(name, (name,))[0], Store()
    if name == EMBEDDED_MODEL:
        with as_file(files("streamrec") / "assets" / f"{EMBEDDED_MODEL}.onnx") as asset:
            return read_card(asset).spec.labels
    if name.startswith(UNTRAINED):
        return tuple(map(str, range(architecture_of(name).classes)))
    if (path := as_file_path(name)) is not None:
        return _labels_in(path)
    if name in PUBLISHED and name not in store:
        data_set = PUBLISHED[name].labels
        return None if data_set is None else embedded_labels(data_set)
    return store.class_names(name)


def model_of(camera: CameraSettings) -> str:
    """Return what a camera's model is called."""
    return camera.model.model or DEFAULT_MODEL


def require_model(camera: CameraSettings, labels_of: LabelsOf = labels_at_hand) -> None:
    """Check what can be told of a camera's model: that there is one, and its rules of events.

    Raises:
        ModelError: there is no such model, or its header cannot be read.
        OptionError: the rules name what is no label of the model.
    """
    labels = labels_of(model_of(camera))
    if labels is not None:
        event_rules(labels, camera.events)


def _labels_in(path: Path) -> tuple[str, ...] | None:
    if not any(os.access(place, os.F_OK) for place in (path, Path(f"{path}.index"))):
        raise WeightsError(f"there is no file {path}")
    match path.suffix.lower():
        case ".onnx":
            try:
                return read_card(path).spec.labels
            except OSError as error:
                raise ModelError(f"cannot read {path}: {error.strerror or error}") from None
        case ".safetensors":
            return read_class_names(path)
        case _:
            return None
