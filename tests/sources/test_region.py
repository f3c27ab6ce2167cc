"""The part of the picture that is looked at."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.errors import OptionError
from streamrec.sources.region import LEAST_AREA, OUTSIDE, Region

TRIANGLE = Region.parse("0,0 1,0 0,1")


def picture(height: int = 60, width: int = 80) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 100, (height, width, 3), np.uint8)


def test_no_text_is_the_whole_picture():
    image = picture()
    assert Region.parse(" ").corners == ()
    assert np.shares_memory(Region.parse("").apply(image), image)
    np.testing.assert_array_equal(Region.parse("").apply(image), image)


@pytest.mark.parametrize("text", ["0.25,0.5 0.75,1", "0.75,1 0.25,0.5", "0.75,0.5\t0.25,1.0"])
def test_a_box_is_cut_out_whatever_the_order_of_its_corners(text):
    image = picture()
    part = Region.parse(text).apply(image)
    assert np.shares_memory(part, image)
    np.testing.assert_array_equal(part, image[30:60, 20:60])


def test_around_a_polygon_all_is_grey():
    image = picture()
    before = image.copy()
    seen = TRIANGLE.apply(image)
    np.testing.assert_array_equal(seen[:25, :30], image[:25, :30])
    assert (seen[35:, 45:] == OUTSIDE).all()
    np.testing.assert_array_equal(image, before)


def test_a_polygon_lies_in_its_box():
    image = picture()
    seen = Region.parse("0.5,0.5 1,0.5 0.5,1").apply(image)
    assert seen.shape == (30, 40, 3)
    np.testing.assert_array_equal(seen[:12, :15], image[30:42, 40:55])


def test_a_mask_has_the_size_that_is_wanted_and_half_of_it_is_a_triangle():
    mask = TRIANGLE.mask(172, 172)
    assert mask is not None
    assert (mask.shape, mask.dtype) == ((172, 172), np.uint8)
    assert (mask > 0).mean() == pytest.approx(0.5, abs=0.01)
    assert Region.parse("0,0 1,1").mask(172, 172) is None


def test_a_mask_that_others_see_too_cannot_be_written_to():
    mask = TRIANGLE.mask(10, 10)
    with pytest.raises(ValueError, match="read-only"):
        mask[0] = 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.1,0.2", "at least two corners"),
        ("0.1,0.2 0.9", "'0.9' is no corner"),
        ("0.1,0.2 0.9,1,1", "is no corner"),
        ("a,b c,d", "'a,b' is no corner"),
        ("0.1, 0.2 0.9,1", "'0.1,' is no corner"),
        ("0,0 1.1,1", "shares from 0 to 1, got 1.1,1"),
        ("0,0 nan,1", "shares from 0 to 1, got nan,1"),
        ("-0.1,0 1,1", "shares from 0 to 1"),
        ("10,20 300,400", "shares from 0 to 1"),
        ("0.5,0 0.5,1", "at least 0.001 of the picture, got 0"),
        ("0,0 1,1 1,0 0,1", "order of the outline"),
        ("0,0 0.5,0.5 1,1", "at least 0.001"),
    ],
)
def test_what_is_no_region_is_refused(text, said):
    with pytest.raises(OptionError, match=said):
        Region.parse(text)


@given(st.text(alphabet="0123456789.,- einaf\n", max_size=40))
def test_any_text_is_a_region_or_an_option_error(text):
    try:
        region = Region.parse(text)
    except OptionError:
        return
    assert len(region.corners) != 1


shares = st.floats(0.0, 1.0)
sizes = st.integers(1, 300)


@st.composite
def regions(draw) -> Region:
    corners = draw(st.lists(st.tuples(shares, shares), min_size=2, max_size=6))
    try:
        return Region(tuple(corners))
    except OptionError:
        return Region(((0.3, 0.4), (0.35, 0.9)))


@given(regions(), sizes, sizes)
def test_no_region_of_any_picture_is_empty(region, height, width):
    rows, columns = region.bounds(height, width)
    assert 0 <= rows.start < rows.stop <= height
    assert 0 <= columns.start < columns.stop <= width
    seen = region.apply(np.zeros((height, width, 3), np.uint8))
    assert seen.shape == (rows.stop - rows.start, columns.stop - columns.start, 3)
    assert (seen == 0).any()


@given(regions())
def test_what_is_written_is_read_back(region):
    text = " ".join(f"{x!r},{y!r}" for x, y in region.corners)
    assert Region.parse(text) == region


@given(regions(), sizes, sizes)
def test_bounds_are_within_a_pixel_of_the_corners(region, height, width):
    rows, columns = region.bounds(height, width)
    xs, ys = zip(*region.corners, strict=True)
    found = [rows.start, rows.stop, columns.start, columns.stop]
    wanted = [min(ys) * height, max(ys) * height, min(xs) * width, max(xs) * width]
    assert np.abs(np.subtract(found, wanted)).max() <= 1.0


def test_least_area_is_a_box_of_45_pixels_of_full_hd():
    assert np.sqrt(LEAST_AREA * 1920 * 1080) == pytest.approx(45, abs=1)


def test_corners_are_checked_without_opencv():
    code = (
        "import sys; from streamrec.sources.region import Region; Region.parse('0,0 1,0 0,1');"
        "sys.exit('cv2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
