import numpy as np
import pytest
from runtimes.native.kernels import empty_map, from_map, normal, rng, same_padding, to_map


def average(picture: np.ndarray, stride: int) -> np.ndarray:
    """3 x 3 mean of [channels, height, width] over what lies inside the picture."""
    (top, bottom), (left, right) = (same_padding(n, 3, stride) for n in picture.shape[1:])
    padded = np.pad(picture, ((0, 0), (top, bottom), (left, right)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    return np.nanmean(windows[:, ::stride, ::stride].astype(float), (3, 4))


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 2), (3, 2), (7, 8), (12, 5)])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("channels", [5, 16, 40])
def test_the_mean_is_over_pixels_inside_the_picture(kernels, channels, stride, size):
    picture = normal(rng(channels, stride, *size), channels, *size)
    rows, columns = (-(-n // stride) for n in size)
    (top, _), (left, _) = (same_padding(n, 3, stride) for n in size)
    blocked, out = to_map(picture.reshape(channels, -1)), empty_map(channels, rows * columns)
    kernels.average_pool(len(blocked), stride, *size, top, left, rows, columns, blocked, out)
    ours = from_map(out, channels).reshape(channels, rows, columns)
    np.testing.assert_allclose(ours, average(picture, stride), rtol=0, atol=1e-6)
