"""C3D (Tran et al. 2015, arXiv 1412.0767) with batch norm."""

from typing import ClassVar

from torch import Tensor, nn

from streamrec.models.network import ClipNetwork

_DENSE_INPUT = 512 * 1 * 4 * 4
_DENSE = 4096


class C3D(ClipNetwork):
    """Eight 3 x 3 x 3 convolutions, five max pools, two dense layers, and the classifier.

    The first dense layer fixes the input: 9 to 16 frames of 112 x 112 come to 512 x 1 x 4 x 4. It
    was made for 16. Names and layers are those of okankop/Efficient-3DCNNs. They differ from

    - the paper, which has no batch norm, and whose first pool leaves time alone; here that pool
      looks at two frames, one frame apart, so that 16 become 15;
    - the variant of Carreira and Zisserman 2017 (arXiv 1705.07750, section 2.2), which has batch
      norm after the dense layers, too, and whose first pool halves the number of frames.

    Args:
        variant: ``batch-norm``, the only one.
        classes: number of classes.
    """

    classifiers: ClassVar[tuple[str, ...]] = ("fc.0",)

    def __init__(self, variant: str, classes: int) -> None:
        super().__init__()
        self.group1 = nn.Sequential(*_conv(3, 64), nn.MaxPool3d(2, (1, 2, 2)))
        self.group2 = nn.Sequential(*_conv(64, 128), nn.MaxPool3d(2))
        self.group3 = nn.Sequential(*_conv(128, 256), *_conv(256, 256), nn.MaxPool3d(2))
        self.group4 = nn.Sequential(*_conv(256, 512), *_conv(512, 512), nn.MaxPool3d(2))
        last_pool = nn.MaxPool3d((1, 2, 2), padding=(0, 1, 1))
        self.group5 = nn.Sequential(*_conv(512, 512), *_conv(512, 512), last_pool)
        self.fc1 = _dense(_DENSE_INPUT)
        self.fc2 = _dense(_DENSE)
        self.fc = nn.Sequential(nn.Linear(_DENSE, classes))

    def features(self, video: Tensor) -> Tensor:
        """[N, 3, T, 112, 112] -> [N, 4096]."""
        x = self.group3(self.group2(self.group1(video)))
        return self.fc2(self.fc1(self.group5(self.group4(x)).flatten(1)))

    def classify(self, features: Tensor) -> Tensor:
        """[N, 4096] -> logits [N, classes]."""
        return self.fc(features)


def _conv(channels_in: int, channels: int) -> tuple[nn.Module, nn.Module, nn.Module]:
    conv = nn.Conv3d(channels_in, channels, kernel_size=3, padding=1)
    return conv, nn.BatchNorm3d(channels), nn.ReLU(inplace=True)


def _dense(width_in: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width_in, _DENSE), nn.ReLU(inplace=True), nn.Dropout(0.5))
