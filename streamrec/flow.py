"""Optical flow between two pictures, and the network input made of it. Knows no runtime."""

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from streamrec.crop import centre
from streamrec.errors import OptionError, RuntimeMissingError
from streamrec.opencv import cv2
from streamrec.types import Array, Preprocessing, StreamSpec

Gray: TypeAlias = npt.NDArray[np.uint8]
"""One grey picture, uint8 [H, W]."""

Flow: TypeAlias = Callable[[Gray, Gray], Array]
"""Computes how far each pixel moves from one picture to the next: float32 [2, H, W], pixels.

First x, to the right, then y, downwards.
"""

FlowMethod = Literal["dis", "tvl1"]

_LUMA = {"rgb": (0.299, 0.587, 0.114), "bgr": (0.114, 0.587, 0.299)}  # ITU-R BT.601


def make_flow(method: FlowMethod) -> Flow:
    """Return what computes optical flow; it keeps buffers, so each thread makes its own.

    Args:
        method: ``tvl1``: total variation with L1 data term, as in the published inputs of I3D
            (Carreira and Zisserman 2017, arXiv 1705.07750); by OpenCV's contributed modules where
            they are installed, else by scikit-image. ``dis``: dense inverse search (Kroeger 2016,
            arXiv 1603.03590), for real time.

    Raises:
        OptionError: another method.
        RuntimeMissingError: TV-L1, with neither of its libraries installed.
    """
    if method == "dis":
        return _dis()
    if method != "tvl1":
        raise OptionError(f"unknown optical flow {method!r}; allowed: dis, tvl1")
    if hasattr(cv2, "optflow"):
        return _opencv_flow(cv2.optflow.DualTVL1OpticalFlow_create().calc)
    return _scikit_image_tvl1()


def _dis() -> Flow:
    """OpenCV's most accurate preset, less the propagation that smears flow over flat regions.

    On 20 pairs of frames of each of two real clips, 256 x 256 and cut to 20 pixels, where the flow
    is 4.9 and 3.2 pixels in the mean, it is 0.75 and 0.42 pixels away from scikit-image's TV-L1:
    with propagation 1.08 and 0.54, the fast preset 0.78 and 0.48. One core takes 6.5 ms a pair, 1.4
    by the fast preset, 0.4 s by scikit-image's TV-L1, and 1 to 1.7 s by OpenCV's.
    """
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    dis.setUseSpatialPropagation(False)
    return _opencv_flow(dis.calc)


def _opencv_flow(calc: Callable[[Gray, Gray, None], Array]) -> Flow:
    def flow(before: Gray, after: Gray) -> Array:
        return np.ascontiguousarray(calc(before, after, None).transpose(2, 0, 1))

    return flow


def _scikit_image_tvl1() -> Flow:
    try:
        from skimage.registration import optical_flow_tvl1
    except ImportError:
        raise RuntimeMissingError(
            "TV-L1 flow is computed by scikit-image: in the checkout, "
            'pip install ".[flow]"; or take dis'
        ) from None

    def flow(before: Gray, after: Gray) -> Array:
        rows_columns = optical_flow_tvl1(before, after, dtype=np.float32)
        return np.ascontiguousarray(rows_columns[::-1])

    return flow


def network_frame(
    spec: StreamSpec, x: Array, before: Array | None, flow: Flow
) -> tuple[Array | None, Array]:
    """Make what the network takes of one frame: the motion from the frame before.

    Args:
        spec: of a model that sees motion.
        x: the preprocessed frame, float32 [1, 3, H, W].
        before: the grey picture of the frame before; None: there was none.
        flow: computes the motion.

    Returns:
        The network's frame, float32 ``spec.frame_shape``, flow in [-1, 1]; None for the first
        frame, of which no motion is known. And the grey picture to pass with the next frame,
        float32 [1, 1, H, W] of whole numbers from 0 to 255.

    Raises:
        OptionError: the model sees colours only.
    """
    wanted = spec.flow
    if wanted is None:
        raise OptionError(f"{spec.name} sees colours only, no motion")
    picture = _gray(spec.preprocessing, x)
    if before is None:
        return None, picture
    seen = (slice(None), *centre(x.shape[2:], (wanted.height, wanted.width)))
    motion = flow(before[0, 0].astype(np.uint8), picture[0, 0].astype(np.uint8))[seen]
    scaled = np.clip(motion / np.float32(wanted.bound), -1, 1)
    return np.concatenate([x[0][seen], scaled]) if wanted.colors else scaled, picture


def _gray(preprocessing: Preprocessing, x: Array) -> Array:
    """Undo the normalisation, and weigh the colours as OpenCV does."""
    luma = 255 * np.array(_LUMA[preprocessing.color])
    scale, offset = luma * preprocessing.std, luma @ preprocessing.mean
    gray = np.tensordot(scale.astype(np.float32), x[0], axes=1) + np.float32(offset)
    return np.rint(gray).clip(0, 255)[None, None]
