"""The compiled part, through its C interface: ``src/api.h`` says what each function does."""

import ctypes
from ctypes import POINTER, Structure, c_char_p, c_float, c_int32, c_void_p, sizeof
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from streamrec.errors import RuntimeMissingError

Floats = POINTER(c_float)

MODULE = "streamrec.runtimes.native._step"

ACTIVATIONS = (
    "none",
    "hard_swish",
    "relu6",
    "swish",
    "sigmoid",
    "hard_sigmoid",
    "hard_sigmoid_relu6",
)
"""In the order of their numbers in ``src/kernels.h``."""

MAX_KERNEL = 7
MAX_TAPS = 7
MAX_CHANNELS = 2048
"""What the kernels have room for, as in ``src/kernels.h``."""


class BlockConfig(Structure):
    """One bottleneck, field by field as in ``src/api.h``."""

    _fields_ = (
        *((name, c_int32) for name in ("inputs", "width", "outputs")),
        *((name, c_int32) for name in ("kernel", "stride", "taps")),
        ("hidden", c_int32),
        ("position_scale", c_float),
        *(
            (f"{layer}_{part}", Floats)
            for layer in ("expand", "space", "time", "reduce", "gate", "project", "skip")
            for part in ("weight", "bias")
        ),
    )


class NetworkConfig(Structure):
    """The whole network, field by field as in ``src/api.h``."""

    _fields_ = (
        *((name, c_int32) for name in ("height", "width")),
        *((name, c_int32) for name in ("stem", "project", "hidden", "classes")),
        *((name, c_int32) for name in ("activation", "gate", "head_activation")),
        *((name, c_int32) for name in ("horizon", "bf16", "block_count")),
        ("blocks", POINTER(BlockConfig)),
        *(
            (f"{layer}_{part}", Floats)
            for layer in ("stem", "project", "hidden", "classifier")
            for part in ("weight", "bias")
        ),
    )


def compiled_part() -> str | None:
    """Return the compiled part's file; None where it was not built."""
    spec = find_spec(MODULE)
    return None if spec is None else spec.origin


@cache
def native_code() -> ctypes.CDLL:
    """Load the compiled part.

    Raises:
        RuntimeMissingError: it was not built, or does not load.
    """
    path = compiled_part()
    if path is None:
        raise RuntimeMissingError(
            f"the native runtime was not built in {Path(__file__).parents[2]}; install a C++ "
            "compiler (GCC or Clang) and install streamrec again, or take --runtime onnx"
        )
    try:
        found = ctypes.CDLL(path)
    except OSError as error:
        raise RuntimeMissingError(
            f"the native runtime does not load: {error}; install streamrec again, or take "
            "--runtime onnx"
        ) from None
    try:
        _declare(found)
        built = tuple(found.streamrec_layout(part) for part in range(2))
    except AttributeError:
        built = ()
    if built != (sizeof(NetworkConfig), sizeof(BlockConfig)):
        raise RuntimeMissingError(
            f"{path} was built from other sources; install streamrec again, or take --runtime onnx"
        )
    return found


def _declare(found: ctypes.CDLL) -> None:
    arguments = {
        "streamrec_layout": ([c_int32], c_int32),
        "streamrec_targets": ([], c_int32),
        "streamrec_target_name": ([c_int32], c_char_p),
        "streamrec_multiplies_bf16": ([c_int32], c_int32),
        "streamrec_network": ([POINTER(NetworkConfig), c_int32], c_void_p),
        "streamrec_network_free": ([c_void_p], None),
        "streamrec_stream": ([c_void_p], c_void_p),
        "streamrec_stream_free": ([c_void_p], None),
        "streamrec_stream_read": ([c_void_p, c_int32, c_void_p], None),
        "streamrec_stream_write": ([c_void_p, c_int32, c_void_p], None),
        "streamrec_step": ([c_void_p, c_void_p, c_void_p], c_int32),
    }
    for name, (takes, gives) in arguments.items():
        function = getattr(found, name)
        function.argtypes, function.restype = takes, gives


def targets() -> list[str]:
    """Name the instruction sets that this machine can run, the best first.

    Raises:
        RuntimeMissingError: as for ``native_code``.
    """
    found = native_code()
    return [found.streamrec_target_name(i).decode() for i in range(found.streamrec_targets())]
