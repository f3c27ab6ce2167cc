"""Two networks for pictures, one of a frame and one of its motion, that answer together.

Simonyan and Zisserman 2014, arXiv 1406.2199, with Inception-v1 as in Carreira and Zisserman 2017,
arXiv 1705.07750, section 2.3. No weights are published.
"""

from math import log
from typing import ClassVar

import torch
from torch import Tensor

from streamrec.models.inception import FEATURES, Inception
from streamrec.models.network import ClipNetwork

SNIPPET_FRAMES = 10
"""Frames whose flow the motion network sees at once."""

FLOW_CHANNELS = 2 * SNIPPET_FRAMES

_COLORS = 3


def snippet(video: Tensor, start: int) -> tuple[Tensor, Tensor]:
    """Return what the two networks see of 10 frames of [N, 5, T, H, W], from ``start`` on.

    Returns:
        The colours of the frame in the middle, ``start + 5``, [N, 3, H, W]; and the flow of all
        ten, [N, 20, H, W]: x and y of the first frame, x and y of the second, and so on.
    """
    moments = range(start, start + SNIPPET_FRAMES)
    flow = torch.cat([video[:, _COLORS:, moment] for moment in moments], 1)
    return video[:, :_COLORS, start + SNIPPET_FRAMES // 2], flow


class TwoStream(ClipNetwork):
    """Takes clips of 10 frames with five channels: colours, flow x, flow y.

    What is averaged are the probabilities (softmax) of the two networks, as in the paper of 2014;
    the logits are the logarithms of these averages.

    Args:
        variant: ``inception-v1``, the only one.
        classes: number of classes.
    """

    classifiers: ClassVar[tuple[str, ...]] = ("spatial.fc", "temporal.fc")

    def __init__(self, variant: str, classes: int) -> None:
        super().__init__()
        self.spatial = Inception("v1", classes)
        self.temporal = Inception("v1", classes, FLOW_CHANNELS)

    def features(self, video: Tensor) -> Tensor:
        """[N, 5, 10, H, W] -> of the frame, then of the motion, [N, 2048]."""
        picture, flow = snippet(video, 0)
        return torch.cat([self.spatial.features(picture), self.temporal.features(flow)], 1)

    def classify(self, features: Tensor) -> Tensor:
        """[N, 2048] -> logits [N, classes]."""
        spatial = self.spatial.classify(features[:, :FEATURES]).log_softmax(1)
        temporal = self.temporal.classify(features[:, FEATURES:]).log_softmax(1)
        both = torch.cat([spatial.unsqueeze(1), temporal.unsqueeze(1)], 1)
        return both.logsumexp(1) - log(2)
