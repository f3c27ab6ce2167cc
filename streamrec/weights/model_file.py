"""Our own weights file: safetensors, with everything else a model needs in its metadata."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from streamrec.atomic import atomic_path
from streamrec.errors import ModelError, OutputError, WeightsError
from streamrec.models.architecture import Architecture, ClipArchitecture, MoViNetArchitecture
from streamrec.types import Array, Preprocessing
from streamrec.weights.fit import check
from streamrec.weights.model_weights import ModelWeights

_KEY = "streamrec"
_FORMAT = 1
_MAX_METADATA = 4 << 20
_RECORDS: Mapping[str, type[Architecture]] = MappingProxyType(
    {"movinet": MoViNetArchitecture, "clip": ClipArchitecture}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """What the metadata hold, as JSON under the key ``streamrec``.

    Files from before there were other models than MoViNets do not state their ``kind``, nor those
    from before there were models of several labels whether they are ``multi_label``. Only what was
    trained with 8-bit rounding has ``ranges``.
    """

    architecture: msgspec.Raw
    labels: tuple[str, ...] | None
    preprocessing: Preprocessing
    provenance: dict[str, str]
    format: int = _FORMAT
    kind: str = "movinet"
    multi_label: bool = False
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)


def save_model(path: Path, weights: ModelWeights) -> None:
    """Write a model; the file appears at once and whole, or not at all.

    Raises:
        OutputError: the file cannot be written.
        WeightsError: the tensors do not fit the architecture.
    """
    tensors = check(weights.tensors, weights.architecture)
    header = _Header(
        architecture=msgspec.Raw(msgspec.json.encode(weights.architecture)),
        labels=weights.labels,
        preprocessing=weights.preprocessing,
        provenance=dict(weights.provenance),
        kind=_kind(weights.architecture),
        multi_label=weights.multi_label,
        ranges=dict(weights.ranges),
    )
    metadata = {"format": "np", _KEY: msgspec.json.encode(header).decode()}
    with atomic_path(path) as temporary:
        try:
            save_file(tensors, temporary, metadata)
        except SafetensorError as error:
            raise OutputError(f"cannot write {path}: {error}") from error


def load_model(path: Path) -> ModelWeights:
    """Read a model that ``save_model`` wrote.

    Raises:
        WeightsError: the file is missing, corrupt, of a newer format, or its weights do not fit
            its architecture.
        LabelsError: the labels do not fit the number of classes.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            header, architecture = _parse_header(path, file.metadata())
            tensors = {name: _float32(name, file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        if isinstance(error, ModelError):
            raise
        raise WeightsError(f"cannot read {path} as a safetensors file: {error}") from error
    return ModelWeights(
        architecture=architecture,
        tensors=check(tensors, architecture),
        labels=header.labels,
        preprocessing=header.preprocessing,
        provenance=header.provenance,
        multi_label=header.multi_label,
        ranges=header.ranges,
    )


def read_architecture(path: Path) -> Architecture:
    """Read the record of a model that ``save_model`` wrote, without its weights.

    Raises:
        WeightsError: the file is missing, corrupt or of a newer format.
    """
    return _read_header(path)[1]


def read_class_names(path: Path) -> tuple[str, ...]:
    """Read the class names of a model that ``save_model`` wrote; their numbers, if it has none.

    Raises:
        WeightsError: the file is missing, corrupt or of a newer format.
    """
    header, architecture = _read_header(path)
    return header.labels or tuple(map(str, range(architecture.classes)))


def _read_header(path: Path) -> tuple[_Header, Architecture]:
    try:
        with safe_open(path, framework="numpy") as file:
            return _parse_header(path, file.metadata())
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"cannot read {path} as a safetensors file: {error}") from error


def _kind(architecture: Architecture) -> str:
    return next(kind for kind, record in _RECORDS.items() if isinstance(architecture, record))


def _parse_header(path: Path, metadata: dict[str, str] | None) -> tuple[_Header, Architecture]:
    text = (metadata or {}).get(_KEY)
    if text is None:
        raise WeightsError(
            f"{path} has no streamrec metadata, so its architecture is not known; "
            "streamrec reads safetensors files that it wrote itself"
        )
    if len(text) > _MAX_METADATA:
        raise WeightsError(f"{path} has metadata of {len(text)} characters; at most 4 Mi are read")
    try:
        header = msgspec.json.decode(text, type=_Header)
        if header.format != _FORMAT or header.kind not in _RECORDS:
            raise WeightsError(
                f"{path} has a {header.kind} in format {header.format}; this version of streamrec "
                f"reads {' and '.join(_RECORDS)} in format {_FORMAT}"
            )
        return header, msgspec.json.decode(header.architecture, type=_RECORDS[header.kind])
    except msgspec.MsgspecError as error:
        raise WeightsError(f"{path}: its streamrec metadata cannot be read: {error}") from error


def _float32(name: str, value: Any) -> Array:
    if value.dtype not in (np.float32, np.float16):
        raise WeightsError(f"{name} is {value.dtype}; weights are float32 or float16")
    array: Array = value.astype(np.float32)
    return array
