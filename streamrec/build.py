"""Options -> objects: the one file that names concrete runtimes."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, cast

from streamrec.config import DEFAULT_MODEL, EMBEDDED_MODEL, ModelOptions, WindowOptions
from streamrec.errors import DownloadError, OptionError, OutputError, WeightsError
from streamrec.exports import open_export
from streamrec.model_source import (
    architecture_of,
    display_name,
    is_onnx_file,
    network,
    spec_of,
    weights_of,
)
from streamrec.models.registry import ENSEMBLES
from streamrec.recognizer import Recognizer
from streamrec.runtimes.base import ClipRuntime, Runtime
from streamrec.weights.files import Progress

if TYPE_CHECKING:
    from streamrec.runtimes.torch import SteppingModule


def load(
    name: str = EMBEDDED_MODEL,
    *,
    runtime: str = "auto",
    precision: str = "fp32",
    device: str = "auto",
    threads: int = 1,
    window: int | None = None,
    hop: int | None = None,
    clip_stride: int = 1,
    flow: str = "dis",
    progress: Progress | None = None,
) -> Recognizer:
    """Load a model, fetching it if need be.

    Args:
        name: a model's name (``streamrec models list``), or a file: an exported ``.onnx``, or
            weights of any form that ``streamrec models import`` takes; ``untrained:NAME`` is an
            architecture with random weights, to try its speed.
        runtime: ``native``, ``onnx``, ``torch``, or ``auto``.
        precision: ``fp32``, or ``bf16`` (native only).
        device: of the torch runtime: ``auto``, ``cpu``, ``cuda``, ...
        threads: threads within one step.
        window: frames of a clip, of models that see whole clips; None: as trained.
        hop: frames from one of their predictions to the next; None: a quarter of the window.
        clip_stride: they take every so many frames of their own rate.
        flow: optical flow, where the model sees it: ``dis``, or ``tvl1`` as published.
        progress: told of the bytes received while fetching, and their total where known.

    Returns:
        The recogniser, ready to watch streams.

    Raises:
        ModelError: the model is unknown, or cannot be fetched or read.
        OptionError: a value that is not allowed.
    """
    options = ModelOptions(
        runtime=runtime,  # type: ignore[arg-type]
        precision=precision,  # type: ignore[arg-type]
        device=device,
        threads=threads,
    )
    windows = WindowOptions(window=window, hop=hop, clip_stride=clip_stride, flow=flow)  # type: ignore[arg-type]
    return load_model(name, options, windows, progress)


def load_model(
    name: str, options: ModelOptions, windows: WindowOptions, progress: Progress | None = None
) -> Recognizer:
    """Load the model of that name, whatever ``options.model`` says; see ``load``.

    Raises:
        ModelError, OptionError: as for ``load``.
    """
    members = ENSEMBLES.get(name, (name,))
    return Recognizer(
        display_name(name), [_runtime(member, options, windows, progress) for member in members]
    )


def choose_model(
    options: ModelOptions,
    windows: WindowOptions,
    notice: Callable[[str], None],
    progress: Progress | None = None,
) -> Recognizer:
    """Load the model that the options name; without a name, the default one.

    Where the default model cannot be had, ``notice`` is told why in one line and the embedded
    model takes its place. It is told of random weights, too.

    Raises:
        ModelError: as for ``load``.
    """
    try:
        recognizer = load_model(options.model or DEFAULT_MODEL, options, windows, progress)
    except (DownloadError, OutputError, WeightsError) as error:
        if options.model is not None:
            raise
        notice(
            f"{error}. Taking the embedded model {EMBEDDED_MODEL} instead, which knows ten hand "
            "motions and nothing else"
        )
    else:
        if not recognizer.spec.trained:
            notice(f"{recognizer.name}: random weights; what it says means nothing, its cost does")
        return recognizer
    if options.runtime == "torch":  # the embedded model is an ONNX file
        options = replace(options, runtime="auto")
    return load_model(EMBEDDED_MODEL, options, WindowOptions())


def _runtime(
    name: str, options: ModelOptions, windows: WindowOptions, progress: Progress | None
) -> Runtime:
    if options.runtime in ("onnx", "torch") and options.precision != "fp32":
        raise OptionError(
            f"--precision {options.precision} is of the native runtime, got --runtime "
            f"{options.runtime}; take --runtime native or auto"
        )
    windowed = sees_windows(name)
    if not windowed and windows != replace(WindowOptions(), flow=windows.flow):
        raise OptionError(
            f"{display_name(name)} takes one frame after another; --window, --hop and "
            "--clip-stride are of models that see windows: omit them"
        )
    if windowed and (options.runtime == "native" or options.precision != "fp32"):
        raise OptionError(
            "the native runtime steps stream models only; for one that sees windows take --runtime "
            "onnx, torch or auto, in fp32"
        )
    if options.runtime == "torch":
        return _torch_runtime(name, options, windows, progress)
    if name == EMBEDDED_MODEL:
        asset = files("streamrec") / "assets" / f"{EMBEDDED_MODEL}.onnx"
        with as_file(asset) as path:
            return _step_runtime(path, options)
    if windowed:
        return open_export(
            name, windows.window, progress, lambda file: _onnx_windows(file, options, windows)
        )
    return open_export(name, None, progress, lambda file: _step_runtime(file, options))


def sees_windows(name: str) -> bool:
    """Tell whether a model sees windows, without loading it; of an ensemble, the first member.

    Raises:
        ModelError: there is no such model, or it cannot be read.
    """
    name = ENSEMBLES.get(name, (name,))[0]
    if name == EMBEDDED_MODEL:
        return False
    if not is_onnx_file(name):
        return not architecture_of(name).causal
    from streamrec.runtimes.native.onnx_file import read_card

    return read_card(Path(name)).kind == "clip"


def _torch_runtime(
    name: str, options: ModelOptions, windows: WindowOptions, progress: Progress | None
) -> Runtime:
    from streamrec.runtimes.torch import TorchClip, TorchRuntime

    weights = weights_of(name, progress)
    model, spec = network(weights), spec_of(weights, display_name(name), windows.window)
    if spec.windowed:
        clip = TorchClip(model, spec, device=options.device, threads=options.threads)
        return _windows(clip, windows)
    stepping = cast("SteppingModule", model)
    return TorchRuntime(stepping, spec, device=options.device, threads=options.threads)


def _step_runtime(path: Path, options: ModelOptions) -> Runtime:
    if options.runtime == "onnx":
        from streamrec.runtimes.onnx import OnnxRuntime

        return OnnxRuntime(path, threads=options.threads)
    from streamrec.runtimes.choose import open_fastest, open_native

    if options.runtime == "native":
        return open_native(path, options.precision)
    return open_fastest(path, options.precision, options.threads)


def _onnx_windows(path: Path, options: ModelOptions, windows: WindowOptions) -> Runtime:
    from streamrec.runtimes.onnx import OnnxClip

    clip = OnnxClip(path, threads=options.threads)
    if windows.window is not None and clip.card.frames not in (None, windows.window):
        raise OptionError(
            f"{path.name} was exported for clips of {clip.card.frames} frames, got --window "
            f"{windows.window}; export it with that window"
        )
    return _windows(clip, windows)


def _windows(clip: ClipRuntime, windows: WindowOptions) -> Runtime:
    from streamrec.runtimes.window import WindowRuntime

    flow = None
    if clip.spec.flow is not None:
        from streamrec.flow import make_flow

        flow = partial(make_flow, windows.flow)
        flow()  # says what is missing before there is a stream
    return WindowRuntime(
        clip, window=windows.window, hop=windows.hop, stride=windows.clip_stride, make_flow=flow
    )
