"""Preprocessing, against numbers worked out by hand."""

import numpy as np
import pytest
import torch
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


def test_the_input_is_the_centre_of_the_resized_picture():
    image = np.random.default_rng(0).integers(0, 256, (37, 61, 3), np.uint8)
    x = Preprocessor(Preprocessing(8, 10, resized=(12, 21)))(image)
    whole = Preprocessor(Preprocessing(12, 21))(image)
    assert x.flags.c_contiguous
    assert np.array_equal(x, whole[:, :, 2:10, 6:16])  # (21 - 10) / 2 = 5.5, to the even one


def test_crop_keeps_the_aspect_ratio_of_the_resized_picture():
    image = np.random.default_rng(0).integers(0, 256, (40, 90, 3), np.uint8)
    x = Preprocessor(Preprocessing(10, 10, resize="crop", resized=(20, 30)))(image)
    assert np.array_equal(x, Preprocessor(Preprocessing(10, 10, resized=(20, 30)))(image[:, 15:75]))


@pytest.mark.parametrize("shape", [(240, 320), (360, 202), (90, 120)])
def test_it_is_torchvisions_recipe_for_video(shape):
    """Bilinear without antialiasing to 128 x 171, rounded, the centre 112 x 112 of it."""
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    x = Preprocessor(Preprocessing(112, 112, resized=(128, 171)))(image)
    expected = _interpolated(image, (128, 171))[:, 8:120, 30:142]
    assert np.abs(x[0] * 255 - expected).max() < 1.01


def test_it_is_the_short_side_and_then_the_centre():
    """As in the I3D paper: 200 x 300 to 256 x 384, the centre 224 x 224 of it."""
    image = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    x = Preprocessor(Preprocessing(224, 224, resize="crop", resized=(256, 256)))(image)
    expected = _interpolated(image, (256, 384))[:, 16:240, 80:304]
    assert np.abs(x[0] * 255 - expected).max() < 1.01


def _interpolated(image: np.ndarray, size: tuple[int, int], antialias: bool = False) -> np.ndarray:
    planes = torch.tensor(image[:, :, ::-1].copy()).permute(2, 0, 1)[None].float()
    resized = torch.nn.functional.interpolate(
        planes, size, mode="bilinear", align_corners=False, antialias=antialias
    )
    return resized[0].round().numpy()


def test_an_antialiased_shrink_averages():
    grey = np.array([[0, 30, 60, 90, 120, 240]], np.uint8)
    x = Preprocessor(Preprocessing(1, 2, antialias=True))(np.repeat(grey[:, :, None], 3, axis=2))
    assert np.allclose(x[0, 0], np.array([[30, 150]]) / 255, atol=1e-6)


def test_antialiasing_changes_no_picture_that_grows():
    image = np.random.default_rng(0).integers(0, 256, (20, 40, 3), np.uint8)
    for size in ((30, 60), (30, 20)):
        smooth = Preprocessor(Preprocessing(*size, antialias=True))(image)
        assert np.array_equal(smooth, Preprocessor(Preprocessing(*size))(image))


def test_antialiasing_comes_near_to_the_triangle_filter(shared):
    """The filter of Pillow, and of PyTorch's antialiasing, on a real frame: a grey level apart."""
    from streamrec.sources.file import FileSource

    with FileSource(shared / "data" / "clips" / "tfjs_pose_squats.mp4") as source:
        image = np.ascontiguousarray(source.read().image[:720])
    expected = _interpolated(image, (112, 112), antialias=True)
    averaged, sampled = (
        np.abs(
            Preprocessor(Preprocessing(112, 112, antialias=antialias))(image)[0] * 255 - expected
        )
        for antialias in (True, False)
    )
    assert averaged.mean() < 1.5 and averaged.max() < 40
    assert averaged.mean() < sampled.mean() / 2


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
