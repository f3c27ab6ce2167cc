"""A model's name -> its ONNX file: itself, from the cache, or written now."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from streamrec.config import EMBEDDED_MODEL
from streamrec.errors import ModelError, OptionError, WeightsError
from streamrec.model_source import (
    UNTRAINED,
    architecture_of,
    as_file_path,
    display_name,
    is_onnx_file,
    network,
    spec_of,
    weights_of,
)
from streamrec.models.architecture import MoViNetArchitecture
from streamrec.models.registry import ENSEMBLES
from streamrec.weights.files import Progress
from streamrec.weights.store import Store

if TYPE_CHECKING:
    from streamrec.export.write import ExportReport

EXPORT_REVISION = 4
"""Raised when the exporter writes other graphs for the same weights, so that caches are renewed."""

T = TypeVar("T")


def export(
    name: str, path: Path, *, window: int | None = None, progress: Progress | None = None
) -> "ExportReport":
    """Write a model as ONNX: its step graph, or the clip graph of one that sees windows.

    Args:
        name: the model.
        path: where to.
        window: frames of a clip; None: as trained.
        progress: told of the bytes received while fetching, and their total where known.

    Raises:
        ModelError: the model cannot be had, or its export does not agree with it.
        OptionError: a window that the network does not take.
        OutputError: the file cannot be written.
    """
    from streamrec.export.write import write_export

    if name in ENSEMBLES:
        raise ModelError(f"{name} is several models; export {' and '.join(ENSEMBLES[name])}")
    if name == EMBEDDED_MODEL or is_onnx_file(name):
        raise ModelError(f"{name} is an ONNX file already; give a model name or weights")
    if window is not None and architecture_of(name).causal:
        raise OptionError(f"{name} takes one frame after another and has no window: omit --window")
    weights = weights_of(name, progress)
    spec = spec_of(weights, display_name(name), window)
    return write_export(network(weights), spec, weights.provenance, path)


def open_export(
    name: str, window: int | None, progress: Progress | None, opened: Callable[[Path], T]
) -> T:
    """Open the model's ONNX file; one from the cache that is damaged is written again.

    Raises:
        ModelError: as for ``export``, or what ``opened`` raises.
    """
    path = _exported(name, window, progress)
    try:
        return opened(path)
    except WeightsError:
        if path == as_file_path(name):
            raise
        path.unlink(missing_ok=True)
        return opened(_exported(name, window, progress))


def _exported(name: str, window: int | None, progress: Progress | None) -> Path:
    path, store = as_file_path(name), Store()
    if path is not None and is_onnx_file(name):
        return path
    if path is None and isinstance(architecture_of(name), MoViNetArchitecture):
        window = None  # its clip graph takes any number of frames
    suffix = f"{EXPORT_REVISION}" if window is None else f"{EXPORT_REVISION}-{window}"
    if path is not None or name.startswith(UNTRAINED):
        folder = store.root / "exports"
        checksum = _checksum(path) if path is not None else name.removeprefix(UNTRAINED)
        cached = folder / f"{checksum}-{suffix}.onnx"
    else:
        record = store.pull(name, progress)
        folder = store.folder(name)
        cached = folder / f"{record.sha256[:16]}-{suffix}.onnx"
        _remove_outdated(folder, cached)
    if not cached.exists():
        export(name, cached, window=window)
    return cached


def _remove_outdated(folder: Path, current: Path) -> None:
    """Remove exports that are of other weights or an older revision; newer ones stay."""
    for other in folder.glob(f"{'?' * 16}-*.onnx"):
        checksum, revision = other.stem.split("-")[:2]
        kept = revision.isdecimal() and int(revision) >= EXPORT_REVISION
        if checksum != current.stem.split("-")[0] or not kept:
            other.unlink(missing_ok=True)


def _checksum(path: Path) -> str:
    """Identify weights that lie outside the store, and the name that they will be shown under."""
    from streamrec.weights.files import sha256_of

    parts = [path]
    if path.is_dir():  # a checkpoint's index has the checksums of its tensors
        parts = sorted([*path.rglob("*.index"), *path.rglob("checkpoint")])
    elif not path.exists() and (index := path.with_name(f"{path.name}.index")).exists():
        parts = [index]
    sums = "".join(sha256_of(part) for part in parts)
    return hashlib.sha256(f"{path.name}{sums}".encode()).hexdigest()[:16]
