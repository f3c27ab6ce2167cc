"""How accurate the published weights are, as their publishers state it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How often the right class is the first, and among the first five.

    Attributes:
        top1, top5: per cent; None where it is not stated.
        data: what it was measured on.
        source: who states it, and how it was measured.
    """

    top1: float
    top5: float | None
    data: str
    source: str


def _stated(
    data: str, source: str, figures: Mapping[str, tuple[float, float | None]]
) -> dict[str, Accuracy]:
    return {
        name: Accuracy(top1=top1, top5=top5, data=data, source=source)
        for name, (top1, top5) in figures.items()
    }


MOVINET = _stated(
    "Kinetics-600",
    "TensorFlow Model Garden, one clip of the whole video",
    {
        "movinet-a0-base": (72.28, None),
        "movinet-a1-base": (76.69, None),
        "movinet-a2-base": (78.62, None),
        "movinet-a3-base": (81.79, None),
        "movinet-a4-base": (83.48, None),
        "movinet-a5-base": (84.27, None),
        "movinet-a0-stream": (72.05, None),
        "movinet-a1-stream": (76.45, None),
        "movinet-a2-stream": (78.40, None),
        "movinet-a3-stream": (80.09, None),
        "movinet-a4-stream": (81.49, None),
        "movinet-a5-stream": (82.37, None),
    },
)
I3D = _stated(
    "Kinetics-400 test",
    "google-deepmind/kinetics-i3d; piergiaj/pytorch-i3d states the same results",
    {"i3d-rgb": (71.1, 89.3), "i3d-flow": (63.4, 84.9), "i3d-two-stream": (74.2, 91.3)},
)
TORCHVISION = _stated(
    "Kinetics-400",
    "torchvision, 5 clips of 16 frames a video at 15 frames/s",
    {"r3d-18": (63.200, 83.479), "mc3-18": (63.960, 84.130), "r2plus1d-18": (67.463, 86.175)},
) | _stated(
    "Kinetics-400",
    "torchvision, one clip of 128 frames at 15 frames/s, per clip",
    {"s3d": (68.368, 88.050)},
)
IMAGENET = _stated(
    "ImageNet-1k",
    "torchvision, one crop a picture",
    {"mobilenet-v2": (71.878, 90.286), "inception-v1": (69.778, 89.530)},
)
X3D = _stated(
    "Kinetics-400",
    "PyTorchVideo, 10 clips of 3 crops a video",
    {
        "x3d-xs": (69.12, 88.63),
        "x3d-s": (73.33, 91.27),
        "x3d-m": (75.94, 92.72),
        "x3d-l": (77.44, 93.31),
    },
)

_OKANKOP = "okankop/Efficient-3DCNNs; users could not reproduce it"
_MOBILENET3D_FIGURES = {
    "v1-0.5": (31.74, 87.61),
    "v1-1.0": (40.07, 90.81),
    "v1-1.5": (48.24, 91.28),
    "v1-2.0": (48.53, 92.56),
    "v2-0.2": (24.14, 86.43),
    "v2-0.45": (36.47, 90.21),
    "v2-0.7": (45.59, 93.34),
    "v2-1.0": (50.65, 94.59),
}
MOBILENET3D = _stated(
    "Kinetics-600",
    _OKANKOP,
    {f"mobilenet3d-{k}": (kinetics, None) for k, (kinetics, _) in _MOBILENET3D_FIGURES.items()},
) | _stated(
    "Jester",
    _OKANKOP,
    {f"mobilenet3d-{k}-jester": (jester, None) for k, (_, jester) in _MOBILENET3D_FIGURES.items()},
)
