"""Reads what PyTorch saved: tensors by name, and nothing that could run.

Knows no network. PyTorch is loaded when a file is read.
"""

import pickle
import re
import struct
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from streamrec.errors import WeightsError
from streamrec.types import Array

if TYPE_CHECKING:
    from torch import Tensor

SUFFIXES = (".pt", ".pth", ".pyth", ".pth.tar")
"""How the names of such files end."""

_HOLDERS = ("state_dict", "model_state", "model_state_dict", "model")
_WRAPPERS = ("module.", "model.", "backbone.", "net.")
_NUMPY_SCALARS = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.dtype")
_MAX_BYTES = 2 << 30
_SHOWN_ENTRIES = 5
_REFUSED = re.compile(r"GLOBAL ([\w.]+)")
_UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    struct.error,
    zipfile.BadZipFile,
)
"""What reading a damaged file comes to, depending on where it is damaged."""


class _NumpyScalar:
    """Takes the place of a number in a training log, which nobody reads."""

    def __init__(self, *parts: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


def read_torch(path: Path) -> dict[str, Array]:
    """Read the weights in a file of ``torch.save``, also one from before PyTorch 1.6.

    The file is a ``state_dict``, or a training checkpoint that holds one under ``state_dict``,
    ``model_state``, ``model_state_dict`` or ``model``. Names lose what wrappers such as
    ``DataParallel`` put before all of them (``module.``, ``model.``, ``backbone.``, ``net.``).
    Counters and other whole numbers are left out.

    Returns:
        float32 arrays by name.

    Raises:
        WeightsError: the file is missing, cut off, corrupt, compressed, has more than 2 GiB of
            weights or none, or holds objects other than tensors, containers, texts and numbers.
    """
    tensors = _tensors(_load(path), path)
    if sum(tensor.numel() for tensor in tensors.values()) * 4 > _MAX_BYTES:
        raise WeightsError(f"{path} holds more than 2 GiB of weights; it is refused")
    return {name: _as_array(tensor) for name, tensor in _unwrapped(tensors).items()}


def _load(path: Path) -> Any:
    import torch

    if not path.is_file():
        raise WeightsError(f"there is no file {path}")
    scalars: list[Any] = [(_NumpyScalar, name) for name in _NUMPY_SCALARS]
    try:
        with torch.serialization.safe_globals(scalars), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mapped = zipfile.is_zipfile(path)
            if mapped:
                _check_not_packed(path)
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except _UNREADABLE as error:
        raise WeightsError(f"cannot read {path}: {_reason(error)}") from error


def _check_not_packed(path: Path) -> None:
    """Refuse what was compressed afterwards: a small file could come to any size in memory."""
    with zipfile.ZipFile(path) as file:
        packed = [each for each in file.infolist() if each.compress_type != zipfile.ZIP_STORED]
    if packed:
        raise WeightsError(f"{path} was compressed after it was saved; take it as it was saved")


def _reason(error: Exception) -> str:
    if match := _REFUSED.search(str(error)):
        return f"it holds {match[1]}, which is no weight and might run code, so it is refused"
    return "it is no PyTorch checkpoint, is cut off, or holds more than weights"


def _tensors(content: Any, path: Path) -> "dict[str, Tensor]":
    """Return the weights by name, wherever in the checkpoint they are."""
    entries = content if isinstance(content, Mapping) else {}
    held = [entries[key] for key in _HOLDERS if isinstance(entries.get(key), Mapping)]
    state = held[0] if held else entries
    tensors = {str(name): value for name, value in state.items() if _is_weight(value)}
    if not tensors:
        names = ", ".join(repr(str(name)) for name in list(state)[:_SHOWN_ENTRIES])
        raise WeightsError(
            f"{path} holds no weights by name, but {names or type(content).__name__}; they are "
            f"looked for at the top and under {', '.join(_HOLDERS)}"
        )
    return tensors


def _is_weight(value: Any) -> bool:
    import torch

    if not isinstance(value, torch.Tensor) or value.is_nested or value.layout is not torch.strided:
        return False
    return value.device.type == "cpu" and value.is_floating_point()


def _unwrapped(tensors: "dict[str, Tensor]") -> "dict[str, Tensor]":
    for wrapper in _WRAPPERS:
        if all(name.startswith(wrapper) for name in tensors):
            inner = {name.removeprefix(wrapper): value for name, value in tensors.items()}
            return _unwrapped(inner)
    return tensors


def _as_array(tensor: "Tensor") -> Array:
    """Copy a tensor out of its file."""
    return np.array(tensor.detach().float().numpy())
