"""What a causal network remembers from frame to frame, and the layers that use it.

A state maps names to tensors of at most four dimensions. A layer takes the whole state and
returns its own new entries; it never changes what it was given. A block of T frames gives exactly
what T single frames give.
"""

from collections.abc import Mapping
from typing import TypeAlias

import torch
from torch import Tensor, nn

from streamrec.nn.activation import activation
from streamrec.nn.conv import BATCH_NORM_EPSILON

TensorState: TypeAlias = Mapping[str, Tensor]

FRAMES_SEEN = "frames_seen"
"""Name of the counter of frames, float32 [N, 1, 1, 1]."""

MAX_COUNT = 2.0**24
"""Where the counter saturates: beyond it float32 cannot count by one."""


class Clock:
    """Where in its stream a block of frames stands: what running means and positions depend on.

    Attributes:
        position: float32 [N, T], frames seen before each frame; capped at ``horizon - 1``.
    """

    def __init__(self, frames_seen: Tensor, length: int, horizon: int | None) -> None:
        seen = frames_seen.reshape(-1, 1) + torch.arange(length, device=frames_seen.device)
        self.position = seen if horizon is None else seen.clamp(max=horizon - 1)
        self._matrix, self._carry = _averaging_matrix(1.0 / (self.position + 1.0))

    def running_mean(self, x: Tensor, mean: Tensor) -> Tensor:
        """``mean += (x - mean) / min(n, horizon)`` over [N, T, C], from ``mean`` [N, C]."""
        return torch.matmul(self._matrix, x) + self._carry[..., None] * mean[:, None]


def _averaging_matrix(rate: Tensor) -> tuple[Tensor, Tensor]:
    """Solve the running mean's recurrence: mean[t] = sum_k matrix[t, k] x[k] + carry[t] mean0."""
    batch, length = rate.shape
    rows: list[Tensor] = []
    row, carry = rate.new_zeros(batch, length), rate.new_ones(batch)
    carries: list[Tensor] = []
    unit = torch.eye(length, device=rate.device, dtype=rate.dtype)
    for t in range(length):
        keep = 1.0 - rate[:, t]
        row = row * keep[:, None] + rate[:, t, None] * unit[t]
        carry = carry * keep
        rows.append(row)
        carries.append(carry)
    return torch.stack(rows, 1), torch.stack(carries, 1)


class CausalTemporalConv(nn.Module):
    """Depthwise convolution over the last ``kernel`` frames, batch norm, activation.

    State: the last ``kernel - 1`` inputs, ``{name}_buffer_0`` the oldest, each [N, C, H, W].
    """

    def __init__(self, name: str, channels: int, kernel: int, act: str) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels, kernel), 1.0 / kernel))
        self.norm = nn.BatchNorm2d(channels, eps=BATCH_NORM_EPSILON)
        self.act_name = act
        self.act = activation(act)
        self.state_names = tuple(f"{name}_buffer_{i}" for i in range(kernel - 1))

    def initial_state(self, batch: int, height: int, width: int) -> TensorState:
        """Zeros: what the reference's buffers hold before the first frame."""
        shape = (batch, self.weight.shape[0], height, width)
        return {name: torch.zeros(shape) for name in self.state_names}

    def step(self, clip: Tensor, state: TensorState) -> tuple[Tensor, TensorState]:
        """[N, T, C, H, W] -> the same shape, and the new buffers."""
        length = clip.shape[1]
        past = [state[name][:, None] for name in self.state_names]
        full = torch.cat([*past, clip], dim=1)
        taps = self.weight.T[:, :, None, None]
        y = sum(full[:, i : i + length] * tap for i, tap in enumerate(taps))
        new = {name: full[:, length + i] for i, name in enumerate(self.state_names)}
        y = self.act(self.norm(y.flatten(0, 1)))
        return y.unflatten(0, clip.shape[:2]), new


class CausalSqueezeExcite(nn.Module):
    """Channel gates from this frame's mean and the running mean over all frames so far.

    State: ``{name}_pool``, the running mean, [N, C, 1, 1].
    """

    def __init__(
        self,
        name: str,
        channels: int,
        hidden: int,
        act: str,
        gate: str,
        *,
        positional_encoding: bool,
    ) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(2 * channels, hidden, 1)
        self.expand = nn.Conv2d(hidden, channels, 1)
        self.act_name, self.gate_name = act, gate
        self.act, self.gate = activation(act), activation(gate)
        self.position_scale = nn.Parameter(torch.zeros(())) if positional_encoding else None
        self.state_name = f"{name}_pool"

    def initial_state(self, batch: int) -> TensorState:
        """Return a mean of nothing: zeros."""
        return {self.state_name: torch.zeros(batch, self.expand.out_channels, 1, 1)}

    def step(self, clip: Tensor, state: TensorState, clock: Clock) -> tuple[Tensor, TensorState]:
        """[N, T, C, H, W] -> the gated clip, and the new running mean."""
        frame_mean = clip.mean((-2, -1))
        mean = clock.running_mean(frame_mean, state[self.state_name].flatten(1))
        z = torch.cat([mean, frame_mean], dim=-1)
        if self.position_scale is not None:
            z = z + self.position_scale * positional_encoding(clock.position, z.shape[-1])
        z = z.flatten(0, 1)[..., None, None]
        gate = self.gate(self.expand(self.act(self.reduce(z)))).unflatten(0, clip.shape[:2])
        return clip * gate, {self.state_name: mean[:, -1, :, None, None]}


def positional_encoding(position: Tensor, channels: int) -> Tensor:
    """Sines, then cosines, of the position: [N, T] -> [N, T, channels].

    ``angle[i] = position / 10000 ** (2 * floor(i / 2) / channels)``; sines of the even angles
    fill the first half, cosines of the odd ones the second.
    """
    index = torch.arange(channels, device=position.device)
    angle = position[..., None] / 10000.0 ** (2.0 * (index // 2) / channels)
    return torch.cat([torch.sin(angle[..., 0::2]), torch.cos(angle[..., 1::2])], dim=-1)


class ClipSqueezeExcite(nn.Module):
    """Channel gates from the mean over the whole clip, as in the base family."""

    def __init__(self, channels: int, hidden: int, act: str, gate: str) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, hidden, 1)
        self.expand = nn.Conv2d(hidden, channels, 1)
        self.act_name, self.gate_name = act, gate
        self.act, self.gate = activation(act), activation(gate)

    def forward(self, clip: Tensor) -> Tensor:
        """[N, T, C, H, W] -> the gated clip."""
        z = clip.mean((1, -2, -1))[..., None, None]
        return clip * self.gate(self.expand(self.act(self.reduce(z))))[:, None]
