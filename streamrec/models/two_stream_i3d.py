"""Two-stream I3D: colours and flow, each with a network of its own (arXiv 1705.07750)."""

from typing import ClassVar

import torch
from torch import Tensor

from streamrec.errors import OptionError
from streamrec.models.i3d import CHANNELS, FEATURES, I3D
from streamrec.models.network import ClipNetwork

VARIANT = "rgb+flow"


class TwoStreamI3D(ClipNetwork):
    """Three colour channels and two of flow, as ``I3D`` takes them; logits are added.

    Args:
        variant: ``VARIANT``.
        classes: number of classes.

    Raises:
        OptionError: no such variant.
    """

    classifiers: ClassVar[tuple[str, ...]] = ("rgb.logits.conv3d", "flow.logits.conv3d")

    def __init__(self, variant: str, classes: int) -> None:
        super().__init__()
        if variant != VARIANT:
            raise OptionError(f"unknown two-stream I3D variant {variant!r}; allowed: {VARIANT}")
        self.rgb = I3D("rgb", classes)
        self.flow = I3D("flow", classes)

    def features(self, video: Tensor) -> Tensor:
        """[N, 5, T, H, W], colours before flow -> [N, 2048], likewise."""
        colors, flow = video[:, : CHANNELS["rgb"]], video[:, CHANNELS["rgb"] :]
        return torch.cat((self.rgb.features(colors), self.flow.features(flow)), 1)

    def classify(self, features: Tensor) -> Tensor:
        """[N, 2048] -> the sum of both streams' logits, [N, classes]."""
        rgb = self.rgb.classify(features[:, :FEATURES])
        return rgb + self.flow.classify(features[:, FEATURES:])
