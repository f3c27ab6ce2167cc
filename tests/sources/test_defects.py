"""Pictures that no camera took."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.opencv import cv2
from streamrec.sources.defects import DefectCheck
from streamrec.types import Defect

SIZE = (172, 172)
FROZEN_S = 10.0


def noise(mean: float, spread: float, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).normal(mean, spread, (*SIZE, 3))
    return values.clip(0, 255).astype(np.uint8)


def flat(value: int) -> np.ndarray:
    return np.full((*SIZE, 3), value, np.uint8)


def look(image: np.ndarray) -> Defect | None:
    return DefectCheck(FROZEN_S).push(image, 0.0)


@pytest.mark.parametrize("image", [flat(0), flat(16), flat(2) + (noise(128, 50) > 128)])
def test_a_black_picture_is_found(image):
    assert look(image) is Defect.BLACK


@pytest.mark.parametrize("mean", [0, 2, 8])
def test_a_night_with_noise_is_not_black(mean):
    assert look(noise(mean, 2.0)) is None


def test_a_single_lamp_makes_a_night():
    image = flat(0)
    image[40:44, 100:104] = 90
    assert look(image) is None


@pytest.mark.parametrize("grey", [128, 130])
@pytest.mark.parametrize("rows", [slice(0, 172), slice(60, 172), slice(0, 40)])
def test_grey_that_a_decoder_painted_is_found(grey, rows):
    image = noise(100, 40)
    image[rows] = grey
    assert look(image) is Defect.GREY


def test_the_grey_of_yuv_is_what_is_looked_for():
    yuv = np.full((172 * 3 // 2, 172), 128, np.uint8)
    assert look(cv2.cvtColor(yuv, cv2.COLOR_YUV2BGR_I420)) is Defect.GREY


def test_fog_and_infrared_are_not_grey():
    shading = np.linspace(120, 140, 172)[None, :, None]
    fog = noise(0, 1.0).astype(float) + np.random.default_rng(1).normal(0, 1, (*SIZE, 1)) + shading
    assert look(fog.astype(np.uint8)) is None
    infrared = np.repeat(noise(129, 12)[..., :1], 3, axis=2)
    assert look(infrared) is None


def test_a_flat_wall_of_another_colour_is_not_grey():
    assert look(np.broadcast_to(np.uint8([120, 130, 140]), (*SIZE, 3)).copy()) is None


def frozen_at(times, frozen_s=FROZEN_S):
    """Times at which one picture, pushed at all of them, is called frozen."""
    check, image = DefectCheck(frozen_s), noise(100, 30)
    return [time_s for time_s in times if check.push(image, time_s) is Defect.FROZEN]


def test_a_picture_that_stays_is_frozen_from_the_limit_on():
    assert frozen_at([0.0, 5.0, 10.0, 10.2, 20.0]) == [10.2, 20.0]
    assert frozen_at([0.0, 5.0, 1e6], frozen_s=0.0) == []


def test_one_value_that_changes_ends_a_freeze():
    check, image = DefectCheck(FROZEN_S), noise(100, 30)
    check.push(image, 0.0)
    assert check.push(image, 11.0) is Defect.FROZEN
    image[0, 0, 0] += 1  # in place, as one who reuses memory does
    assert check.push(image, 12.0) is None
    assert check.push(image, 22.5) is Defect.FROZEN


def test_another_size_is_another_picture():
    check, image = DefectCheck(FROZEN_S), noise(100, 30)
    check.push(image, 0.0)
    assert check.push(image[:100], 11.0) is None


def test_no_picture_is_changed():
    image = noise(100, 30)
    before = image.copy()
    look(image)
    np.testing.assert_array_equal(image, before)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 255), st.floats(0, 80), st.integers())
def test_any_picture_is_judged(height, width, mean, spread, seed):
    rng = np.random.default_rng(abs(seed))
    image = rng.normal(mean, spread, (height, width, 3)).clip(0, 255).astype(np.uint8)
    found = look(image)
    assert found is not Defect.FROZEN
    assert found is not Defect.BLACK or image.max() < 25


@pytest.mark.parametrize(
    "clip",
    ["mmaction2_tests_test.mp4", "carving_ice_rpi.mp4", "fight_surv/noFight/nofi062.mp4"],
)
def test_nothing_is_wrong_with_real_pictures(shared, clip):
    capture = cv2.VideoCapture(str(shared / "data" / "clips" / clip))
    check, found = DefectCheck(FROZEN_S), []
    fps = capture.get(cv2.CAP_PROP_FPS)
    for index in range(150):
        ok, image = capture.read()
        if ok and image.any():  # one clip does begin with a black picture
            found.append(check.push(cv2.resize(image, SIZE), index / fps))
    capture.release()
    assert len(found) >= 40
    assert set(found) == {None}
