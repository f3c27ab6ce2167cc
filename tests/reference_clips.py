"""The weights and inputs that the reference figures of the clip models were made with.

Weights are made up from their names, inputs from sines, so that anyone can make them again.
"""

import json
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import nn

MOBILE_MEAN = np.array([114.7748, 107.7354, 99.4750])


def made_up(key: str, shape: tuple[int, ...]) -> np.ndarray:
    """The weight called ``key`` (without a ``module.`` prefix)."""
    if key.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    random = np.random.default_rng(zlib.crc32(key.encode()))
    if key.endswith("running_var"):
        value = 0.5 + random.random(shape)
    elif key.endswith(("running_mean", ".bias")):
        value = 0.1 * random.standard_normal(shape)
    elif len(shape) == 1:
        value = (0.5 + random.random(shape)) * (0.15 if key.endswith("norm_c.weight") else 1.0)
    else:
        value = random.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))
        value *= 0.1 if key.endswith("norm_b.1.block.2.weight") else 1.0
    return value.astype(np.float32)


def waves(channels: int, frames: int, height: int, width: int) -> np.ndarray:
    """A moving pattern in [0, 1], float64 [C, T, H, W]."""
    c, t, h, w = np.ogrid[:channels, :frames, :height, :width]
    return 0.5 + 0.5 * np.sin(0.11 * h + 0.07 * w + 0.9 * t + 2 * c)


def scaled(name: str, u: np.ndarray) -> np.ndarray:
    """The pattern in the range that a reference network takes."""
    if name.startswith("i3d"):
        u = 2 * u - 1
    elif name.startswith("x3d"):
        u = (u - 0.45) / 0.225
    elif not name.startswith("tv_"):
        u = 255 * u - MOBILE_MEAN[:, None, None, None]
    return u.astype(np.float32)


@dataclass(frozen=True)
class Reference:
    """The figures of one network."""

    folder: Path
    name: str

    @cached_property
    def facts(self) -> dict:
        return json.loads((self.folder / "index.json").read_text())[self.name]

    @cached_property
    def figures(self) -> dict[str, np.ndarray]:
        return dict(np.load(self.folder / f"{self.name}.npz"))

    @cached_property
    def keys(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of all entries of the reference's ``state_dict``."""
        facts = json.loads((self.folder / self.facts["keys_file"]).read_text())
        return {key: tuple(shape) for key, shape in facts["keys"]}

    def clip(self, *, reverse: bool = False) -> torch.Tensor:
        """The input that ``logits`` belong to, [1, T, C, H, W], or ``logits_alt``."""
        shape = self.facts["input"]
        if len(shape) == 4:  # a picture
            u = waves(3, 6, *shape[-2:])[:, 5:] if reverse else waves(3, 1, *shape[-2:])
        else:
            u = waves(*shape[1:])
            u = u[:, ::-1] if reverse else u
        clip = scaled(self.name, u).transpose(1, 0, 2, 3)
        return torch.from_numpy(np.ascontiguousarray(clip))[None]

    def fill(self, network: nn.Module) -> nn.Module:
        """Give a network the made-up weights."""
        state = {
            key: torch.from_numpy(np.asarray(made_up(key, tuple(value.shape))))
            for key, value in network.state_dict().items()
        }
        network.load_state_dict(state)
        return network.eval()
