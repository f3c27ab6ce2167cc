"""Model input, checked against what a model takes."""

from streamrec.errors import FrameError
from streamrec.types import Array, Preprocessing, StreamSpec


def check_frame(x: Array, size: Preprocessing) -> None:
    """Check one frame.

    Raises:
        FrameError: not [1, 3, H, W] of the model's size.
    """
    if x.shape != (1, 3, size.height, size.width):
        raise FrameError(
            f"model input is float32 [1, 3, {size.height}, {size.width}], "
            f"got {x.dtype} {list(x.shape)}"
        )


def check_clip(x: Array, spec: StreamSpec) -> None:
    """Check a whole clip of network frames.

    Raises:
        FrameError: not [T, C, H, W] of the model's size, or without frames.
    """
    if x.ndim != 4 or x.shape[1:] != spec.frame_shape or not len(x):
        shape = ", ".join(map(str, spec.frame_shape))
        raise FrameError(f"model input is float32 [T, {shape}], got {x.dtype} {list(x.shape)}")
