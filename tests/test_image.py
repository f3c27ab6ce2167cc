"""Arrays that users have become the one kind of picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from streamrec.errors import FrameError
from streamrec.image import as_image


def test_a_bgr_picture_is_passed_on_as_it_is():
    image = np.zeros((4, 5, 3), np.uint8)
    assert as_image(image) is image or np.shares_memory(as_image(image), image)


def test_rgb_is_turned_around_and_alpha_is_ignored():
    rgba = np.array([[[1, 2, 3, 99]]], np.uint8)
    assert as_image(rgba[:, :, :3], color="rgb").tolist() == [[[3, 2, 1]]]
    assert as_image(rgba, color="rgb").tolist() == [[[3, 2, 1]]]
    assert as_image(rgba).tolist() == [[[1, 2, 3]]]


@pytest.mark.parametrize("color", ["bgr", "rgb"])
@pytest.mark.parametrize("shape", [(1, 2), (1, 2, 1)])
def test_grey_is_repeated(color, shape):
    grey = np.array([7, 8], np.uint8).reshape(shape)
    assert as_image(grey, color).tolist() == [[[7, 7, 7], [8, 8, 8]]]


def test_floats_and_16_bit_become_8_bit():
    assert as_image(np.array([[0.0, 0.5, 1.0]]))[0, :, 0].tolist() == [0, 128, 255]
    assert as_image(np.array([[0, 0x80FF, 0xFFFF]], np.uint16))[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    "array",
    [
        np.full((2, 2, 3), np.nan, np.float32),
        np.full((2, 2, 3), np.inf, np.float32),
        np.full((2, 2, 3), 255.0),
        np.full((2, 2, 3), -0.1),
        np.zeros((2, 2, 3), np.int64),
        np.zeros((2, 2, 3), bool),
        np.zeros((3, 2, 2), np.uint8),
        np.zeros((1, 2, 2, 3), np.uint8),
        np.zeros((0, 2, 3), np.uint8),
        np.zeros(3, np.uint8),
        np.array(["picture"]),
        "picture",
        None,
    ],
)
def test_what_is_not_a_picture_is_refused(array):
    with pytest.raises(FrameError):
        as_image(array)


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.uint16, np.float16, np.float64, np.int32]),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
    ),
    st.sampled_from(["bgr", "rgb"]),
)
def test_an_array_becomes_a_picture_or_a_frame_error(array, color):
    try:
        image = as_image(array, color)
    except FrameError:
        return
    assert image.dtype == np.uint8 and image.shape == (*array.shape[:2], 3)
    assert image.flags.c_contiguous
