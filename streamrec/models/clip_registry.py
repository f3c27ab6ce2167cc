"""The records of all models other than MoViNet.

Rates are those of the training clips: frames/s of the videos over the stride of the clips. Inputs
and sizes are those of the published weights, where there are any.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from streamrec.models.architecture import ClipArchitecture
from streamrec.types import FlowInput, Preprocessing

_KINETICS_400, _KINETICS_600, _JESTER, _IMAGENET = 400, 600, 27, 1000

# Carreira and Zisserman 2017, arXiv 1705.07750: 25 frames/s, short side 256, centre 224, [-1, 1].
_INCEPTION_INPUT = Preprocessing(
    height=224,
    width=224,
    resize="crop",
    resized=(256, 256),
    mean=(0.5, 0.5, 0.5),
    std=(0.5, 0.5, 0.5),
)
_WHOLE_PICTURE = replace(_INCEPTION_INPUT, height=256, width=256, resized=None)
_FLOW = FlowInput(height=224, width=224)
_COLORS_AND_FLOW = replace(_FLOW, colors=True)

# torchvision's video models.
_VIDEO_MEAN, _VIDEO_STD = (0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)
_VIDEO_INPUT = Preprocessing(
    height=112, width=112, resized=(128, 171), mean=_VIDEO_MEAN, std=_VIDEO_STD
)
_S3D_INPUT = replace(_VIDEO_INPUT, height=224, width=224, resized=(256, 256))

# torchvision's networks for pictures.
_IMAGENET_INPUT = Preprocessing(
    height=224,
    width=224,
    resize="crop",
    resized=(256, 256),
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
    antialias=True,
)

# Koepuekue et al. 2019, arXiv 1904.02422: blue-green-red in [0, 255] less a mean.
_ACTIVITYNET_MEAN = (114.7748 / 255, 107.7354 / 255, 99.4750 / 255)
_MOBILE_INPUT = Preprocessing(
    height=112,
    width=112,
    resize="crop",
    color="bgr",
    mean=_ACTIVITYNET_MEAN,
    std=(1 / 255, 1 / 255, 1 / 255),
    antialias=True,
)

# Feichtenhofer 2020, arXiv 2004.04730: frames and their stride at 30 frames/s, test crop.
_X3D: Mapping[str, tuple[int, int, int]] = {
    "xs": (4, 12, 182),
    "s": (13, 6, 182),
    "m": (16, 5, 256),
    "l": (16, 5, 356),
}


def _i3d() -> Iterator[ClipArchitecture]:
    rgb = ClipArchitecture(
        name="i3d-rgb",
        family="i3d",
        variant="rgb",
        classes=_KINETICS_400,
        preprocessing=_INCEPTION_INPUT,
        fps=25.0,
        clip_frames=64,
        min_frames=9,
    )
    flow = replace(rgb, name="i3d-flow", variant="flow", preprocessing=_WHOLE_PICTURE, flow=_FLOW)
    yield rgb
    yield flow
    yield replace(
        flow,
        name="i3d-two-stream",
        family="two_stream_i3d",
        variant="rgb+flow",
        flow=_COLORS_AND_FLOW,
    )


def _frame_by_frame() -> Iterator[ClipArchitecture]:
    """Networks for pictures, alone and with a memory."""
    frame = ClipArchitecture(
        name="inception-v1",
        family="inception",
        variant="v1",
        classes=_IMAGENET,
        preprocessing=replace(_INCEPTION_INPUT, antialias=True),
        fps=5.0,
        clip_frames=1,
        causal=True,
    )
    yield frame
    yield replace(
        frame,
        name="mobilenet-v2",
        family="mobilenet",
        variant="v2",
        preprocessing=_IMAGENET_INPUT,
    )
    yield replace(
        frame,
        name="cnn-lstm",
        family="cnn_lstm",
        variant="inception-v1",
        classes=_KINETICS_400,
        preprocessing=_INCEPTION_INPUT,
        clip_frames=25,
    )


def _older() -> Iterator[ClipArchitecture]:
    """The other systems that the I3D paper compares itself with."""
    pair = ClipArchitecture(
        name="two-stream",
        family="two_stream",
        variant="inception-v1",
        classes=_KINETICS_400,
        preprocessing=_WHOLE_PICTURE,
        flow=_COLORS_AND_FLOW,
        fps=25.0,
        clip_frames=10,
        min_frames=10,
        max_frames=10,
    )
    yield pair
    yield replace(
        pair,
        name="two-stream-fused",
        family="two_stream_fused",
        clip_frames=50,
        min_frames=50,
        max_frames=50,
    )
    yield ClipArchitecture(
        name="c3d",
        family="c3d",
        variant="batch-norm",
        classes=_KINETICS_400,
        preprocessing=_VIDEO_INPUT,  # the paper's size; no weights are published
        fps=25.0,
        clip_frames=16,
        min_frames=9,
        max_frames=16,
    )


def _torchvision() -> Iterator[ClipArchitecture]:
    for name, variant in (("r3d-18", "r3d"), ("mc3-18", "mc3"), ("r2plus1d-18", "r2plus1d")):
        yield ClipArchitecture(
            name=name,
            family="resnet3d",
            variant=variant,
            classes=_KINETICS_400,
            preprocessing=_VIDEO_INPUT,
            fps=15.0,
            clip_frames=16,
        )
    yield ClipArchitecture(
        name="s3d",
        family="s3d",
        variant="s3d",
        classes=_KINETICS_400,
        preprocessing=_S3D_INPUT,
        fps=15.0,
        clip_frames=128,
        min_frames=13,
    )


def _mobilenet3d() -> Iterator[ClipArchitecture]:
    for variant in (
        "v1-0.5",
        "v1-1.0",
        "v1-1.5",
        "v1-2.0",
        "v2-0.2",
        "v2-0.45",
        "v2-0.7",
        "v2-1.0",
    ):
        kinetics = ClipArchitecture(
            name=f"mobilenet3d-{variant}",
            family="mobilenet3d",
            variant=variant,
            classes=_KINETICS_600,
            preprocessing=_MOBILE_INPUT,
            fps=25.0,
            clip_frames=16,
            min_frames=1,
        )
        yield kinetics
        yield replace(
            kinetics,
            name=f"{kinetics.name}-jester",
            classes=_JESTER,
            preprocessing=replace(_MOBILE_INPUT, color="rgb"),
            fps=6.0,  # every second of 12 frames/s
        )


def _x3d() -> Iterator[ClipArchitecture]:
    for variant, (frames, stride, size) in _X3D.items():
        yield ClipArchitecture(
            name=f"x3d-{variant}",
            family="x3d",
            variant=variant,
            classes=_KINETICS_400,
            preprocessing=Preprocessing(
                height=size,
                width=size,
                resize="crop",
                mean=(0.45, 0.45, 0.45),
                std=(0.225, 0.225, 0.225),
            ),
            fps=30.0 / stride,
            clip_frames=frames,
            min_frames=frames,
        )


CLIP_ARCHITECTURES: Mapping[str, ClipArchitecture] = MappingProxyType(
    {
        record.name: record
        for family in (_i3d, _torchvision, _x3d, _mobilenet3d, _frame_by_frame, _older)
        for record in family()
    }
)
