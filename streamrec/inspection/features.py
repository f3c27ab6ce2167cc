"""What a network makes of a video before it decides: the vector that its classifier sees."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from streamrec.classify import FileWatch
from streamrec.errors import SourceReadError
from streamrec.flow import FlowMethod, make_flow
from streamrec.grid_inputs import GridInputs
from streamrec.nn.stream import TensorState
from streamrec.runtimes.base import Runtime
from streamrec.runtimes.torch import SteppingModule, TorchClip, TorchRuntime
from streamrec.runtimes.window import WindowRuntime
from streamrec.sources.base import Source
from streamrec.types import Array, Image, StreamSpec


@dataclass(frozen=True, slots=True, eq=False)
class FileFeatures:
    """What a network makes of a file.

    Attributes:
        file: its name.
        vector: float32 [features].
        picture: one from the middle of the file.
    """

    file: str
    vector: Array = field(repr=False)
    picture: Image = field(repr=False)


class FeatureNetwork(nn.Module):
    """A network that gives what its classifiers see, [N, features], in place of logits.

    Of several classifiers, what they see is put together; what one sees at several places of a
    video is averaged.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self._seen: list[Tensor] = []
        for name in cast("tuple[str, ...]", network.classifiers):
            network.get_submodule(name).register_forward_pre_hook(self._see)

    def _see(self, classifier: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        x = inputs[0] if isinstance(classifier, nn.Linear) else inputs[0].movedim(1, -1)
        self._seen.append(x.flatten(1, -2).mean(1) if x.ndim > 2 else x)

    def _features(self) -> Tensor:
        features = torch.cat(self._seen, dim=1)
        self._seen.clear()
        return features

    def forward(self, clip: Tensor) -> Tensor:
        """Run whole clips, [N, T, C, H, W]."""
        self.network(clip)
        return self._features()

    def initial_state(self, batch: int = 1) -> TensorState:
        """Return the state of streams that have seen nothing."""
        return cast("SteppingModule", self.network).initial_state(batch)

    def step(self, x: Tensor, state: TensorState) -> tuple[Tensor, TensorState]:
        """Take one frame, [N, 3, H, W]; return features and the next state."""
        _, following = cast("SteppingModule", self.network).step(x, state)
        return self._features(), following

    def advance(self, x: Tensor, state: TensorState) -> TensorState:
        """Take one frame whose features nobody reads."""
        return cast("SteppingModule", self.network).advance(x, state)


def feature_runtime(
    network: nn.Module, spec: StreamSpec, *, device: str = "auto", flow: FlowMethod = "dis"
) -> Runtime:
    """Run a network for its features: at each frame, or in windows that follow one another.

    Args:
        network: with its weights.
        spec: what the model says of itself.
        device: a device of PyTorch's; ``auto``: the first GPU, else the CPU.
        flow: optical flow, where the model sees it, one of ``streamrec.flow``.

    Raises:
        RuntimeMissingError: the device is not there.
    """
    features = FeatureNetwork(network)
    if not spec.windowed:
        return TorchRuntime(features, spec, device=device)
    clip = TorchClip(features, spec, device=device)
    return WindowRuntime(clip, hop=spec.clip_frames, make_flow=partial(make_flow, flow))


def file_features(runtime: Runtime, source: Source, *, file: str) -> FileFeatures:
    """Watch a file with a runtime of ``feature_runtime``.

    Returns:
        Of a model that carries a state, the features after the last frame. Of any other, the mean
        over its frames or windows: the last window ends with the file, and a file that is shorter
        than a window is looped to its length.

    Raises:
        SourceReadError: the file has no pictures, or one where motion is seen, or fails while it is
            read.
    """
    watch = FileWatch(None)
    seen = list(_seen(runtime, source, watch))
    if not watch.frames:
        raise SourceReadError(f"{file} has no pictures in it")
    if not seen:
        name = runtime.spec.name
        raise SourceReadError(f"{file} is too short: {name} sees motion between frames")
    carries_state = not runtime.spec.windowed and runtime.initial_state()
    vector: Array = seen[-1] if carries_state else np.stack(seen).mean(0)
    _, picture = watch.thumbnails[len(watch.thumbnails) // 2]
    return FileFeatures(file, vector, picture)


def _seen(runtime: Runtime, source: Source, watch: FileWatch) -> Iterator[Array]:
    inputs, stream = GridInputs(runtime.spec, source.fps), runtime.start()
    for frame in source:
        watch.take(frame)
        for _, x in inputs.push(frame):
            if (features := stream.step(x)) is not None:
                yield features
    if (features := stream.finish()) is not None:
        yield features
