"""MoViNet: mobile video networks, whole clips or one frame at a time.

Knows nothing of cameras, files or other runtimes. Semantics: the reference implementation in the
TensorFlow Model Garden; Kondratyuk et al. 2021, arXiv 2103.11511.
"""

from collections.abc import Iterator
from math import ceil
from typing import ClassVar

import torch
from torch import Tensor, nn

from streamrec.errors import ModelError
from streamrec.models.architecture import Block, MoViNetArchitecture, se_width
from streamrec.nn.activation import activation
from streamrec.nn.conv import ConvNorm, DepthwiseConv3d, StridedSkip
from streamrec.nn.stream import (
    FRAMES_SEEN,
    MAX_COUNT,
    CausalSqueezeExcite,
    CausalTemporalConv,
    ClipSqueezeExcite,
    Clock,
    TensorState,
)


class Bottleneck(nn.Module):
    """Expand, convolve over space and time, gate, project, add to the skip."""

    def __init__(
        self,
        name: str,
        arch: MoViNetArchitecture,
        block: Block,
        channels_in: int,
        channels_out: int,
        stride: int,
    ) -> None:
        super().__init__()
        width, act = block.expand, arch.activation
        self.stride = stride
        self.expand = ConvNorm(channels_in, width, act=act)
        self.spatial: ConvNorm | DepthwiseConv3d
        self.temporal: CausalTemporalConv | None = None
        self.attention: CausalSqueezeExcite | ClipSqueezeExcite | None = None
        if arch.causal:
            self.spatial = ConvNorm(width, width, block.kernel_space, stride, act, depthwise=True)
            if block.kernel_time > 1:
                self.temporal = CausalTemporalConv(name, width, block.kernel_time, act)
        else:
            self.spatial = DepthwiseConv3d(
                width, block.kernel_time, block.kernel_space, stride, act
            )
        if arch.se_ratio is not None:
            hidden = se_width(width, arch.se_ratio)
            self.attention = (
                CausalSqueezeExcite(
                    name,
                    width,
                    hidden,
                    act,
                    arch.gate,
                    positional_encoding=arch.positional_encoding,
                )
                if arch.causal
                else ClipSqueezeExcite(width, hidden, act, arch.gate)
            )
        self.project = ConvNorm(width, channels_out)
        self.residual_scale = nn.Parameter(torch.zeros(()))
        same = stride == 1 and channels_in == channels_out
        self.skip = None if same else StridedSkip(channels_in, channels_out, stride)

    def initial_state(self, batch: int, height: int, width: int) -> TensorState:
        """Zeros for this block's buffers; ``height`` and ``width`` after its stride."""
        state: dict[str, Tensor] = {}
        if self.temporal is not None:
            state.update(self.temporal.initial_state(batch, height, width))
        if isinstance(self.attention, CausalSqueezeExcite):
            state.update(self.attention.initial_state(batch))
        return state

    def step(self, clip: Tensor, state: TensorState, clock: Clock) -> tuple[Tensor, TensorState]:
        """[N, T, C_in, H, W] -> [N, T, C_out, H', W'], and this block's new state."""
        new: dict[str, Tensor] = {}
        y = self.spatial(self.expand(clip))
        if self.temporal is not None:
            y, buffers = self.temporal.step(y, state)
            new.update(buffers)
        if isinstance(self.attention, CausalSqueezeExcite):
            y, pool = self.attention.step(y, state, clock)
            new.update(pool)
        return self._residual(y, clip), new

    def forward(self, clip: Tensor) -> Tensor:
        """Run the base family: [N, T, C_in, H, W] -> [N, T, C_out, H', W']."""
        y = self.spatial(self.expand(clip))
        return self._residual(y if self.attention is None else self.attention(y), clip)

    def _residual(self, y: Tensor, clip: Tensor) -> Tensor:
        skip = clip if self.skip is None else self.skip(clip)
        return skip + self.residual_scale * self.project(y)


class Head(nn.Module):
    """1 x 1 convolution, mean over space and time, two dense layers.

    State: ``head_pool``, the running mean over all frames, [N, C, 1, 1].
    """

    STATE = "head_pool"

    def __init__(self, arch: MoViNetArchitecture) -> None:
        super().__init__()
        self.project = ConvNorm(arch.groups[-1].width, arch.project, act=arch.activation)
        self.hidden = nn.Linear(arch.project, arch.hidden)
        self.act = activation(arch.head_activation)
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(arch.hidden, arch.classes)

    def initial_state(self, batch: int) -> TensorState:
        """Return a mean of nothing: zeros."""
        return {self.STATE: torch.zeros(batch, self.hidden.in_features, 1, 1)}

    def pool(self, clip: Tensor, state: TensorState, clock: Clock) -> tuple[Tensor, TensorState]:
        """[N, T, C, H, W] -> the running mean after each frame [N, T, C], and the last one."""
        frame_mean = self.project(clip).mean((-2, -1))
        mean = clock.running_mean(frame_mean, state[self.STATE].flatten(1))
        return mean, {self.STATE: mean[:, -1, :, None, None]}

    def classify(self, pooled: Tensor) -> Tensor:
        """[..., C] -> logits [..., classes]."""
        logits: Tensor = self.classifier(self.dropout(self.act(self.hidden(pooled))))
        return logits

    def forward(self, clip: Tensor) -> Tensor:
        """Run the base family: [N, T, C, H, W] -> logits [N, classes]."""
        return self.classify(self.project(clip).mean((1, -2, -1)))


class MoViNet(nn.Module):
    """One member of the family, as its record says.

    ``step`` carries the state of a causal network from frame to frame; ``forward`` runs a clip.

    Attributes:
        classifiers: names of the layers whose rows are the classes.
    """

    classifiers: ClassVar[tuple[str, ...]] = ("head.classifier",)

    def __init__(self, architecture: MoViNetArchitecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.stem = ConvNorm(3, architecture.stem, 3, 2, architecture.activation)
        self.blocks = nn.ModuleList(_bottlenecks(architecture))
        self.head = Head(architecture)

    def initial_state(
        self, batch: int = 1, height: int | None = None, width: int | None = None
    ) -> TensorState:
        """Return the state of ``batch`` streams that have seen nothing.

        Args:
            batch: number of streams.
            height: input height in pixels; default: the record's image size.
            width: input width, likewise.

        Raises:
            ModelError: the network is not causal.
        """
        if not self.architecture.causal:
            raise ModelError(
                f"{self.architecture.name} sees the future and has no stream state; "
                "give it whole clips, or take a stream model"
            )
        size = self.architecture.image_size
        height, width = ceil((height or size) / 2), ceil((width or size) / 2)
        state: dict[str, Tensor] = {FRAMES_SEEN: torch.zeros(batch, 1, 1, 1)}
        for block in self._bottlenecks():
            height, width = ceil(height / block.stride), ceil(width / block.stride)
            state.update(block.initial_state(batch, height, width))
        state.update(self.head.initial_state(batch))
        device = self.head.hidden.weight.device
        return {name: value.to(device) for name, value in state.items()}

    def step(self, x: Tensor, state: TensorState) -> tuple[Tensor, TensorState]:
        """Take one frame, or a block of frames, of each stream.

        Args:
            x: float32 RGB in [0, 1], one frame [N, 3, H, W] or a block [N, T, 3, H, W].
            state: what ``initial_state`` or the step before gave; it is not changed.

        Returns:
            Logits [N, classes], or [N, T, classes] for a block, and the next state.
        """
        pooled, following = self._observe(x, state)
        logits = self.head.classify(pooled)
        return (logits if x.ndim == 5 else logits[:, 0]), following

    def advance(self, x: Tensor, state: TensorState) -> TensorState:
        """Return the state that ``step`` gives, without the work that only its logits need."""
        return self._observe(x, state)[1]

    def _observe(self, x: Tensor, state: TensorState) -> tuple[Tensor, TensorState]:
        """Return what the head classifies after each frame, [N, T, C], and the next state."""
        clip = x if x.ndim == 5 else x[:, None]
        seen = state[FRAMES_SEEN]
        clock = Clock(seen, clip.shape[1], self.architecture.horizon)
        new: dict[str, Tensor] = {FRAMES_SEEN: (seen + clip.shape[1]).clamp(max=MAX_COUNT)}
        y = self.stem(clip)
        for block in self._bottlenecks():
            y, entries = block.step(y, state, clock)
            new.update(entries)
        pooled, entries = self.head.pool(y, state, clock)
        new.update(entries)
        return pooled, new

    def forward(self, clip: Tensor) -> Tensor:
        """Run whole clips, float32 RGB in [0, 1], [N, T, 3, H, W].

        Returns:
            Causal: logits after each frame, [N, T, classes]. Base: of the clip, [N, classes].
        """
        if self.architecture.causal:
            return self.step(clip, self.initial_state(len(clip), *clip.shape[-2:]))[0]
        y = self.stem(clip)
        for block in self._bottlenecks():
            y = block(y)
        logits: Tensor = self.head(y)
        return logits

    def _bottlenecks(self) -> Iterator[Bottleneck]:
        for block in self.blocks:
            assert isinstance(block, Bottleneck)
            yield block


def _bottlenecks(arch: MoViNetArchitecture) -> Iterator[Bottleneck]:
    channels = arch.stem
    for group_index, group in enumerate(arch.groups):
        for layer_index, block in enumerate(group.blocks):
            name = f"block{group_index}_layer{layer_index}"
            stride = group.stride if layer_index == 0 else 1
            yield Bottleneck(name, arch, block, channels, group.width, stride)
            channels = group.width
