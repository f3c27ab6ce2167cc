"""Files of published layouts, as PyTorch and its users write them, for tests."""

import io
import pickle
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from streamrec.models.architecture import Architecture
from streamrec.weights.untrained import untrained

COUNTER = ".num_batches_tracked"


def state_dict(architecture: Architecture, *, counters: bool = True) -> dict[str, torch.Tensor]:
    """Random weights under the published names, with batch norm's step counters or without."""
    state = {n: torch.from_numpy(x.copy()) for n, x in untrained(architecture).tensors.items()}
    norms = [name.removesuffix(".running_var") for name in state if name.endswith(".running_var")]
    return state | {f"{norm}{COUNTER}": torch.tensor(7) for norm in norms if counters}


def data_parallel(state: dict[str, torch.Tensor]) -> dict[str, object]:
    """A training checkpoint of a network that several devices shared."""
    momentum = {0: {"momentum_buffer": torch.ones(3)}}
    return {
        "epoch": 33,
        "arch": "mobilenetv2",
        "state_dict": {f"module.{name}": tensor for name, tensor in state.items()},
        "optimizer": {"state": momentum, "param_groups": [{"lr": 0.1, "params": [0]}]},
        "best_prec1": np.float64(45.6),
    }


def saved(content: object, *, legacy: bool = False) -> bytes:
    """What ``torch.save`` writes; ``legacy``: wrote before PyTorch 1.6."""
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()


def write(path: Path, content: object, *, legacy: bool = False) -> Path:
    """Write what ``torch.save`` writes."""
    path.write_bytes(saved(content, legacy=legacy))
    return path


def saved_by_python_2(state: Mapping[str, torch.Tensor]) -> bytes:
    """What PyTorch 0.3 wrote under Python 2, whose names are bytes."""
    items = b"".join(
        b"](" + _text(name) + _tensor(str(key), tensor) + b"e"
        for key, (name, tensor) in enumerate(state.items())
    )
    content = b"\x80\x02ccollections\nOrderedDict\n](" + items + b"e\x85R."
    keys = [str(key) for key in range(len(state))]
    header = [0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True}]
    return b"".join(
        (
            *(pickle.dumps(part, 2) for part in header),
            content,
            pickle.dumps(keys, 2),
            *(struct.pack("<q", x.numel()) + x.numpy().tobytes() for x in state.values()),
        )
    )


def _text(text: str) -> bytes:
    return b"U" + bytes((len(text),)) + text.encode()


def _integer(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def _tensor(key: str, tensor: torch.Tensor) -> bytes:
    size, stride = (
        b"(" + b"".join(map(_integer, values)) + b"t" for values in (tensor.shape, tensor.stride())
    )
    place = _text(key) + _text("cuda:0") + _integer(tensor.numel()) + b"N"
    storage = b"(" + _text("storage") + b"ctorch\nFloatStorage\n" + place + b"tQ"
    return b"ctorch._utils\n_rebuild_tensor\n(" + storage + _integer(0) + size + stride + b"tR"
