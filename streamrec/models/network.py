"""What the networks of all models but MoViNet share."""

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn

from streamrec.nn.stream import TensorState


class ClipNetwork(nn.Module):
    """Takes whole clips. Its ``state_dict`` names are the published ones.

    Attributes:
        classifiers: names of the layers whose rows are the classes.
        unused: beginnings of published names that inference does not need.
        features: a method, or a layer: [N, C, T, H, W] -> what the classifier sees, [N, features].
    """

    classifiers: ClassVar[tuple[str, ...]]
    unused: ClassVar[tuple[str, ...]] = ()
    features: Callable[[Tensor], Tensor]

    @abstractmethod
    def classify(self, features: Tensor) -> Tensor:
        """[N, features] -> logits [N, classes]."""

    def forward(self, clip: Tensor) -> Tensor:
        """Run whole clips, float32 [N, T, C, H, W]; return logits [N, classes]."""
        return self.classify(self.features(clip.transpose(1, 2)))


class FrameNetwork(nn.Module):
    """Sees one frame at a time and remembers nothing: its state is empty.

    Attributes:
        classifiers, unused: as for ``ClipNetwork``.
        features: a method, or a layer: [N, C, H, W] -> what the classifier sees, [N, features].
    """

    classifiers: ClassVar[tuple[str, ...]]
    unused: ClassVar[tuple[str, ...]] = ()
    features: Callable[[Tensor], Tensor]

    @abstractmethod
    def classify(self, features: Tensor) -> Tensor:
        """[N, features] -> logits [N, classes]."""

    def initial_state(self, batch: int = 1) -> TensorState:
        """Return the state of streams that have seen nothing: there is none."""
        return {}

    def step(self, x: Tensor, state: TensorState) -> tuple[Tensor, TensorState]:
        """Take one frame, [N, C, H, W]; return logits [N, classes], and the state."""
        return self.classify(self.features(x)), state

    def advance(self, x: Tensor, state: TensorState) -> TensorState:
        """Take one frame whose logits nobody reads."""
        return state

    def forward(self, clip: Tensor) -> Tensor:
        """Run whole clips, [N, T, C, H, W]; return logits after each frame, [N, T, classes]."""
        logits = [self.step(frame, {})[0] for frame in clip.unbind(1)]
        return torch.stack(logits, 1)
