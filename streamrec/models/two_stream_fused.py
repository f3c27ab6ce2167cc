"""Two networks for pictures whose last feature maps meet in a convolution over space and time.

Carreira and Zisserman 2017, arXiv 1705.07750, section 2.3 ("3D-fused two-stream"), after
Feichtenhofer et al. 2016, arXiv 1604.06573. No weights are published. The paper leaves open the
stride of the pool, here 2, and what lies between it and the dense layer, here a mean; its number of
parameters, 39 million, fits a mean.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from streamrec.models.inception import BATCH_NORM_EPSILON, FEATURES, InceptionMaps
from streamrec.models.network import ClipNetwork
from streamrec.models.two_stream import FLOW_CHANNELS, SNIPPET_FRAMES, snippet

SNIPPETS = 5
"""Frames that are seen in colour, 10 frames apart; each with the flow of the 10 around it."""

_FUSED = 512


class FusedTwoStream(ClipNetwork):
    """Takes clips of 50 frames with five channels: colours, flow x, flow y.

    Args:
        variant: ``inception-v1``, the only one.
        classes: number of classes.
    """

    classifiers: ClassVar[tuple[str, ...]] = ("fc",)

    def __init__(self, variant: str, classes: int) -> None:
        super().__init__()
        self.spatial = InceptionMaps()
        self.temporal = InceptionMaps(FLOW_CHANNELS)
        self.fuse = nn.Sequential(
            nn.Conv3d(2 * FEATURES, _FUSED, 3, padding=1, bias=False),
            nn.BatchNorm3d(_FUSED, eps=BATCH_NORM_EPSILON),
            nn.ReLU(),
            nn.MaxPool3d(3, stride=2, padding=1),
        )
        self.fc = nn.Linear(_FUSED, classes)

    def features(self, video: Tensor) -> Tensor:
        """[N, 5, 50, H, W] -> [N, 512]."""
        starts = range(0, SNIPPETS * SNIPPET_FRAMES, SNIPPET_FRAMES)
        maps = torch.cat([self._maps(video, start) for start in starts], 2)
        return self.fuse(maps).mean((2, 3, 4))

    def classify(self, features: Tensor) -> Tensor:
        """[N, 512] -> logits [N, classes]."""
        return self.fc(features)

    def _maps(self, video: Tensor, start: int) -> Tensor:
        """Return the maps of one snippet, [N, 2048, 1, H', W']."""
        picture, flow = snippet(video, start)
        maps = torch.cat([self.spatial.maps(picture), self.temporal.maps(flow)], 1)
        return maps.unsqueeze(2)
