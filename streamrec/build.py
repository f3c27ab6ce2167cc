"""Options -> objects: the one file that names concrete parts."""

import hashlib
from collections.abc import Callable, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from streamrec.config import DEFAULT_MODEL, EMBEDDED_MODEL, ModelOptions
from streamrec.errors import (
    DownloadError,
    ModelError,
    OptionError,
    OutputError,
    RuntimeMissingError,
    WeightsError,
)
from streamrec.models.architecture import MoViNetArchitecture
from streamrec.models.registry import ENSEMBLES
from streamrec.recognizer import Recognizer
from streamrec.runtimes.base import ClipRuntime, Runtime
from streamrec.types import StreamSpec
from streamrec.weights.files import Progress
from streamrec.weights.store import Store

if TYPE_CHECKING:
    from streamrec.export.write import ExportReport
    from streamrec.models.movinet import MoViNet
    from streamrec.weights.model_weights import ModelWeights

EXPORT_REVISION = 3
"""Raised when the exporter writes other graphs for the same weights, so that caches are renewed."""

T = TypeVar("T")


def load(
    name: str = EMBEDDED_MODEL,
    *,
    runtime: str = "auto",
    precision: str = "fp32",
    device: str = "auto",
    threads: int = 1,
    progress: Progress | None = None,
) -> Recognizer:
    """Load a streaming model, fetching it if need be.

    Args:
        name: a model's name (``streamrec models list``), or a file: an exported ``.onnx``, or
            weights of any form that ``streamrec models import`` takes.
        runtime: ``native``, ``onnx``, ``torch``, or ``auto``.
        precision: ``fp32``, or ``bf16`` (native only).
        device: of the torch runtime: ``auto``, ``cpu``, ``cuda``, ...
        threads: threads within one step.
        progress: told of the bytes received while fetching, and their total where known.

    Returns:
        The recogniser, ready to watch streams.

    Raises:
        ModelError: the model is unknown, cannot be fetched or read, or cannot stream.
    """
    options = ModelOptions(
        runtime=runtime,  # type: ignore[arg-type]
        precision=precision,  # type: ignore[arg-type]
        device=device,
        threads=threads,
    )
    members = ENSEMBLES.get(name, (name,))
    return Recognizer(
        display_name(name), [_stream_runtime(member, options, progress) for member in members]
    )


def choose_model(
    options: ModelOptions, notice: Callable[[str], None], progress: Progress | None = None
) -> Recognizer:
    """Load the model that the options name; without a name, the default one.

    Where the default model cannot be had, ``notice`` is told why in one line and the embedded
    model takes its place.

    Raises:
        ModelError: as for ``load``.
    """
    try:
        return load(
            options.model or DEFAULT_MODEL,
            runtime=options.runtime,
            precision=options.precision,
            device=options.device,
            threads=options.threads,
            progress=progress,
        )
    except (DownloadError, OutputError, WeightsError) as error:
        if options.model is not None:
            raise
        notice(
            f"{error}. Taking the embedded model {EMBEDDED_MODEL} instead, which knows ten hand "
            "motions and nothing else"
        )
    runtime = "auto" if options.runtime == "torch" else options.runtime  # it has an ONNX file only
    return load(
        EMBEDDED_MODEL, runtime=runtime, precision=options.precision, threads=options.threads
    )


def load_clip(
    name: str, options: ModelOptions, progress: Progress | None = None
) -> Sequence[ClipRuntime]:
    """Load a model that sees whole clips, and its fellows if it is an ensemble.

    Raises:
        ModelError: as for ``load``.
    """
    return [_clip_runtime(member, options, progress) for member in ENSEMBLES.get(name, (name,))]


def is_clip_model(name: str) -> bool:
    """Tell whether a model sees whole clips and cannot stream, without loading it.

    Raises:
        ModelError: there is no such model.
    """
    name = ENSEMBLES.get(name, (name,))[0]
    if name == EMBEDDED_MODEL:
        return False
    if (path := as_file_path(name)) is None:
        return not _record(name).causal
    if path.suffix.lower() != ".onnx":
        return not _read(path).architecture.causal
    from streamrec.runtimes.onnx import open_session

    return open_session(path, 1)[1].kind == "clip"


def network(weights: "ModelWeights") -> "MoViNet":
    """Build the PyTorch network with these weights."""
    import torch

    from streamrec.models.movinet import MoViNet

    model = MoViNet(weights.architecture)
    tensors = {name: torch.from_numpy(array) for name, array in weights.tensors.items()}
    model.load_state_dict(tensors, strict=False)
    return model.eval()


def spec_of(weights: "ModelWeights", name: str) -> StreamSpec:
    """What the model says of itself; classes without names are called by their numbers."""
    record = weights.architecture
    return StreamSpec(
        name=name,
        labels=weights.labels or tuple(str(i) for i in range(record.classes)),
        fps=record.fps,
        preprocessing=weights.preprocessing,
        clip_frames=record.clip_frames,
        warmup_frames=record.receptive_field,
        horizon=record.horizon,
    )


def export(name: str, path: Path, progress: Progress | None = None) -> "ExportReport":
    """Write a model as ONNX: its step graph, or the clip graph of one that cannot stream.

    Raises:
        ModelError: the model cannot be had, or its export does not agree with it.
        OutputError: the file cannot be written.
    """
    from streamrec.export.write import export_clip, export_step

    if name in ENSEMBLES:
        raise ModelError(f"{name} is several models; export {' and '.join(ENSEMBLES[name])}")
    file = as_file_path(name)
    if name == EMBEDDED_MODEL or (file is not None and file.suffix.lower() == ".onnx"):
        raise ModelError(f"{name} is an ONNX file already; give a model name or weights")
    weights = _weights(name, progress)
    write = export_step if weights.architecture.causal else export_clip
    return write(network(weights), spec_of(weights, display_name(name)), weights.provenance, path)


def as_file_path(name: str) -> Path | None:
    """Return the path if ``name`` is meant as a file rather than as a model's name."""
    path = Path(name)
    looks_like_file = path.suffix.lower() in (".onnx", ".safetensors", ".tflite", ".gz", ".tgz")
    return path if looks_like_file or len(path.parts) > 1 or (name and path.is_dir()) else None


def display_name(name: str) -> str:
    """Return what predictions call a model: its name, or its file's without the suffix."""
    path = as_file_path(name)
    return name if path is None else path.name.split(".")[0]


def _stream_runtime(name: str, options: ModelOptions, progress: Progress | None) -> Runtime:
    if options.runtime in ("onnx", "torch") and options.precision != "fp32":
        raise OptionError(
            f"--precision {options.precision} is of the native runtime, got --runtime "
            f"{options.runtime}; take --runtime native or auto"
        )
    if options.runtime == "torch":
        from streamrec.runtimes.torch import TorchRuntime

        weights = _weights(name, progress)
        spec = spec_of(weights, display_name(name))
        return TorchRuntime(network(weights), spec, device=options.device, threads=options.threads)
    if name == EMBEDDED_MODEL:
        asset = files("streamrec") / "assets" / f"{EMBEDDED_MODEL}.onnx"
        with as_file(asset) as path:
            return _step_runtime(path, options)
    return _open_export(name, progress, lambda file: _step_runtime(file, options))


def _step_runtime(path: Path, options: ModelOptions) -> Runtime:
    if options.runtime == "onnx":
        from streamrec.runtimes.onnx import OnnxRuntime

        return OnnxRuntime(path, threads=options.threads)
    from streamrec.runtimes.choose import open_fastest, open_native

    if options.runtime == "native":
        return open_native(path, options.precision)
    return open_fastest(path, options.precision, options.threads)


def _clip_runtime(name: str, options: ModelOptions, progress: Progress | None) -> ClipRuntime:
    if options.runtime == "torch":
        from streamrec.runtimes.torch import TorchClip

        weights = _weights(name, progress)
        spec = spec_of(weights, display_name(name))
        return TorchClip(network(weights), spec, device=options.device, threads=options.threads)
    from streamrec.runtimes.onnx import OnnxClip

    return _open_export(name, progress, lambda file: OnnxClip(file, threads=options.threads))


def _open_export(name: str, progress: Progress | None, opened: Callable[[Path], T]) -> T:
    """Open the model's ONNX file; one from the cache that is damaged is written again."""
    path = _exported(name, progress)
    try:
        return opened(path)
    except WeightsError:
        if path == as_file_path(name):
            raise
        path.unlink(missing_ok=True)
        return opened(_exported(name, progress))


def _exported(name: str, progress: Progress | None) -> Path:
    """Return the model's ONNX file: itself, from the cache, or written now."""
    path, store = as_file_path(name), Store()
    if path is not None and path.suffix.lower() == ".onnx":
        return path
    if path is not None:
        folder, checksum = store.root / "exports", _checksum(path)
    else:
        checksum = store.pull(name, progress).sha256
        folder = store.folder(name)
    cached = folder / f"{checksum[:16]}-{EXPORT_REVISION}.onnx"
    if not cached.exists():
        export(name, cached)
        for other in folder.glob(f"{'?' * 16}-*.onnx") if path is None else ():
            if _outdated(other, cached):
                other.unlink(missing_ok=True)
    return cached


def _outdated(other: Path, cached: Path) -> bool:
    """Tell whether an export is of other weights or an older revision; newer ones stay."""
    (checksum, revision), (current, _) = (p.stem.split("-", 1) for p in (other, cached))
    kept = revision.isdecimal() and int(revision) >= EXPORT_REVISION
    return checksum != current or not kept


def _checksum(path: Path) -> str:
    """Identify weights that lie outside the store, and the name that they will be shown under."""
    from streamrec.weights.files import sha256_of

    parts = [path]
    if path.is_dir():  # a checkpoint's index has the checksums of its tensors
        parts = sorted([*path.rglob("*.index"), *path.rglob("checkpoint")])
    elif not path.exists() and (index := path.with_name(f"{path.name}.index")).exists():
        parts = [index]
    sums = "".join(sha256_of(part) for part in parts)
    return hashlib.sha256(f"{path.name}{sums}".encode()).hexdigest()


def _weights(name: str, progress: Progress | None) -> "ModelWeights":
    if name == EMBEDDED_MODEL:
        raise RuntimeMissingError(
            f"the embedded model {EMBEDDED_MODEL} is an ONNX file; take --runtime onnx or auto"
        )
    if (path := as_file_path(name)) is not None:
        if path.suffix.lower() == ".onnx":
            raise RuntimeMissingError(f"{path} is an ONNX file; take --runtime onnx or auto")
        return _read(path)
    store = Store()
    store.pull(name, progress)
    return store.load(name)


def _read(path: Path) -> "ModelWeights":
    from streamrec.weights.load import load_weights

    return load_weights(path)


def _record(name: str) -> MoViNetArchitecture:
    from streamrec.models.registry import MOVINETS

    store = Store()
    if name in MOVINETS and name not in store:
        return MOVINETS[name]
    return store.architecture(name)
