"""A training as it stands: what it takes to go on after it was killed."""

import pickle
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from streamrec.atomic import atomic_path
from streamrec.errors import WeightsError

Weights = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Standing:
    """How far a training has come.

    Attributes:
        step: steps that were taken.
        lowest: the lowest validation loss; ``since``: epochs since then.
        over: whether it has ended.
        seen: loss and accuracy of each step of the present epoch.
        tail, average, optimizer: their states; ``best``: the averaged weights at the lowest loss.
    """

    step: int = 0
    lowest: float = float("inf")
    since: int = 0
    over: bool = False
    seen: list[tuple[float, float]] = field(default_factory=list)
    tail: Weights = field(default_factory=dict)
    average: Weights = field(default_factory=dict)
    optimizer: Weights = field(default_factory=dict)
    best: Weights = field(default_factory=dict)


def save_standing(standing: Standing, path: Path) -> None:
    """Write how far a training has come; the file is always whole.

    Raises:
        OutputError: it cannot be written.
    """
    whole = BytesIO()  # PyTorch does not say why it cannot write a file
    torch.save({name: getattr(standing, name) for name in Standing.__slots__}, whole)
    with atomic_path(path) as temporary:
        temporary.write_bytes(whole.getbuffer())


def load_standing(path: Path, device: torch.device) -> Standing:
    """Read what ``save_standing`` wrote, running none of its content.

    Raises:
        WeightsError: it is damaged.
    """
    try:
        return Standing(**torch.load(path, map_location=device, weights_only=True))
    except (
        OSError,
        RuntimeError,
        EOFError,
        TypeError,
        ValueError,
        pickle.UnpicklingError,
    ) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsError(f"{path} cannot be read: {reason}; begin with another --out") from None
