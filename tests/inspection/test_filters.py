"""The pictures of first filters."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from streamrec.inspection.filters import draw_filters, first_filters, mosaic
from streamrec.models.clip_registry import CLIP_ARCHITECTURES
from streamrec.weights.untrained import untrained
from tests.support import tiny_architecture


def test_filters_of_clips_have_moments():
    weights = untrained(CLIP_ARCHITECTURES["r3d-18"])
    (filters,) = first_filters(weights)
    assert filters.layer == "stem.0"
    assert filters.values.shape == (64, 3, 3, 7, 7)
    published = weights.tensors["stem.0.weight"]
    np.testing.assert_array_equal(filters.values[5, 2], published[5, :, 2])


def test_filters_of_a_stack_of_flow_are_x_and_y_of_each_moment():
    weights = untrained(CLIP_ARCHITECTURES["two-stream"])
    spatial, temporal = first_filters(weights)
    assert spatial.values.shape == (64, 1, 3, 7, 7)
    assert temporal.values.shape == (64, 10, 2, 7, 7)
    published = weights.tensors[f"{temporal.layer}.weight"]
    np.testing.assert_array_equal(temporal.values[0, 4], published[0, 8:10])


def test_filters_that_see_blue_first_are_shown_in_the_order_of_pictures():
    weights = untrained(CLIP_ARCHITECTURES["mobilenet3d-v2-0.2"])
    assert weights.preprocessing.color == "bgr"
    (shown,) = first_filters(weights)
    (plain,) = first_filters(
        replace(weights, preprocessing=replace(weights.preprocessing, color="rgb"))
    )
    np.testing.assert_array_equal(shown.values[:, :, 0], plain.values[:, :, 2])


def test_the_filters_of_a_stream_are_those_of_its_stem():
    weights = untrained(tiny_architecture())
    (filters,) = first_filters(weights)
    np.testing.assert_array_equal(filters.values[:, 0], weights.tensors["stem.conv.weight"])


def test_a_filter_is_drawn_on_its_own_scale_with_grey_for_zero():
    filters = np.zeros((2, 1, 3, 3, 3), np.float32)
    filters[0, 0, 0, 0, 0], filters[1, 0, 2, 2, 2] = 1e-3, -50.0
    picture = mosaic(filters)
    colours = {tuple(pixel) for pixel in picture.reshape(-1, 3).tolist()}
    assert colours == {(0.5, 0.5, 0.5), (1.0, 0.5, 0.5), (0.5, 0.5, 0.0), (1.0, 1.0, 1.0)}
    assert tuple(picture[0, 0]) == (1.0, 0.5, 0.5)


def test_moments_stand_side_by_side():
    filters = np.zeros((1, 4, 3, 7, 7), np.float32)
    filters[0, 3] = 1.0
    picture = mosaic(filters)
    middle = picture[picture.shape[0] // 3]
    assert tuple(middle[0]) == (0.5, 0.5, 0.5)
    assert middle.shape[0] > 4 * 7
    blocks = (middle == 0.5).all(-1)
    assert int((np.diff(blocks.astype(int)) == -1).sum()) == 3


def test_flow_is_red_and_blue():
    filters = np.zeros((1, 1, 2, 7, 7), np.float32)
    filters[0, 0, 1] = 1.0
    assert tuple(mosaic(filters)[0, 0]) == (0.5, 0.5, 1.0)


@pytest.mark.parametrize("name", ["two-stream", "movinet"])
def test_a_picture_is_written(tmp_path, name):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    record = tiny_architecture() if name == "movinet" else CLIP_ARCHITECTURES[name]
    draw_filters(untrained(record), "a $name", tmp_path / "out.png")
    assert cv2.imread(str(tmp_path / "out.png")).std() > 10
