"""Networks for which no weights are published, with made-up weights that let every part matter."""

from pathlib import Path

import torch
from reference_clips import Reference
from torch import Tensor, fx, nn

CLASSES = 7


def filled(network: nn.Module) -> nn.Module:
    """Give a network the weights that belong to its names."""
    return Reference(Path(), "").fill(network)


def noise(*shape: int, seed: int = 0) -> Tensor:
    """Pixels in [-1, 1]."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def seen(network: nn.Module, video: Tensor) -> Tensor:
    """Tell which channels of which frames of [1, C, T, H, W] matter to the features, [C, T]."""
    video = video.clone().requires_grad_()
    network.features(video).square().sum().backward()
    return video.grad[0].abs().sum((-2, -1)) > 0


class Answer(nn.Module):
    """A network as one function of its input, as an export traces it."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network.classify(self.network.features(x))


def same_when_traced(network: nn.Module, x: Tensor) -> bool:
    """Tell whether the traced network gives the same numbers."""
    answer = Answer(network)
    return torch.equal(fx.symbolic_trace(answer)(x), answer(x))
