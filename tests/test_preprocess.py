"""Preprocessing, against numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.preprocess import Preprocessor
from streamrec.types import Preprocessing

BGR = np.array([[[0, 51, 255], [0, 51, 255]]], np.uint8)


def test_rgb_is_the_default_order_and_the_range_is_0_to_1():
    x = Preprocessor(Preprocessing(1, 2))(BGR)
    assert x.dtype == np.float32 and x.flags.c_contiguous
    assert x == pytest.approx(np.array([1.0, 1.0, 0.2, 0.2, 0.0, 0.0]).reshape(1, 3, 1, 2))


def test_mean_and_std_apply_to_the_channel_they_are_named_for():
    spec = Preprocessing(1, 2, mean=(0.5, 0.2, 0.1), std=(0.25, 1.0, 0.5))
    assert Preprocessor(spec)(BGR)[0, :, 0, 0] == pytest.approx([2.0, 0.0, -0.2], abs=1e-6)
    spec = Preprocessing(1, 2, color="bgr", mean=(0.5, 0.2, 0.1), std=(0.25, 1.0, 0.5))
    assert Preprocessor(spec)(BGR)[0, :, 0, 0] == pytest.approx([-2.0, 0.0, 1.8], abs=1e-6)


def test_golden_frame_bilinear_with_half_pixel_centres():
    """4x4 to 2x2 samples at 0.5 and 2.5: the mean of the four pixels around each point."""
    grey = np.array(
        [[0, 40, 80, 120], [40, 80, 120, 160], [80, 120, 160, 200], [120, 160, 200, 240]], np.uint8
    )
    x = Preprocessor(Preprocessing(2, 2))(np.repeat(grey[:, :, None], 3, axis=2))
    expected = np.array([[40, 120], [120, 200]]) / 255
    assert np.allclose(x, np.broadcast_to(expected, (1, 3, 2, 2)), atol=1e-6)


def test_a_large_shrink_samples_and_does_not_average():
    """6 pixels to 2, as the published pipeline does: centres at 1.0 and 4.0."""
    grey = np.array([[0, 30, 60, 90, 120, 240]], np.uint8)
    x = Preprocessor(Preprocessing(1, 2))(np.repeat(grey[:, :, None], 3, axis=2))
    assert np.allclose(x[0, 0], np.array([[30, 120]]) / 255, atol=1e-6)


def test_it_is_bilinear_sampling_of_the_whole_picture(shared):
    """Against the textbook formula in floating point, on a real frame."""
    from streamrec.sources.file import FileSource

    with FileSource(shared / "data" / "clips" / "carving_ice_rpi.mp4") as source:
        image = source.read().image
    x = Preprocessor(Preprocessing(172, 172))(image)
    expected = _bilinear(image[:, :, ::-1] / 255, 172).transpose(2, 0, 1)
    assert np.abs(x[0] - expected).max() < 1.5 / 255


def _bilinear(image: np.ndarray, size: int) -> np.ndarray:
    for axis in (0, 1):
        n = image.shape[axis]
        at = np.clip((np.arange(size) + 0.5) * n / size - 0.5, 0, n - 1)
        low = np.floor(at).astype(int)
        weight = (at - low).reshape([-1 if i == axis else 1 for i in range(3)])
        high = np.minimum(low + 1, n - 1)
        image = np.take(image, low, axis) * (1 - weight) + np.take(image, high, axis) * weight
    return image


def test_crop_keeps_the_centre_and_stretch_keeps_everything():
    columns = np.array([10, 20, 30, 40, 50, 60], np.uint8)
    wide = np.repeat(np.tile(columns, (2, 1))[:, :, None], 3, axis=2)
    crop = Preprocessor(Preprocessing(2, 2, resize="crop"))
    assert np.allclose(crop(wide)[0, 0] * 255, [[30, 40], [30, 40]])
    assert np.allclose(crop(wide.transpose(1, 0, 2))[0, 0] * 255, [[30, 30], [40, 40]])
    stretch = Preprocessor(Preprocessing(2, 2))
    assert np.allclose(stretch(wide)[0, 0] * 255, [[20, 50], [20, 50]])


def test_two_calls_do_not_share_memory():
    preprocess = Preprocessor(Preprocessing(4, 4))
    first = preprocess(np.zeros((4, 4, 3), np.uint8))
    preprocess(np.full((4, 4, 3), 255, np.uint8))
    assert not first.any()


@pytest.mark.parametrize("resize", ["stretch", "crop"])
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 1000, 3), (1000, 1, 3), (4320, 7680, 3)])
def test_any_picture_fits(resize, shape):
    x = Preprocessor(Preprocessing(17, 19, resize=resize))(np.full(shape, 255, np.uint8))
    assert x.shape == (1, 3, 17, 19) and np.all(x == 1.0)


@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    target=st.tuples(st.integers(1, 30), st.integers(1, 30)),
)
def test_a_crop_is_as_large_as_it_can_be_and_of_the_right_shape(height, width, target):
    crop = Preprocessor(Preprocessing(*target, resize="crop"))._framed(
        np.zeros((height, width, 3), np.uint8)
    )
    assert crop.shape[0] == height or crop.shape[1] == width
    aspect = target[1] / target[0]
    assert abs(crop.shape[1] - crop.shape[0] * aspect) <= max(1.0, aspect)
