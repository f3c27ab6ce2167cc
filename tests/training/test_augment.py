"""How pictures are varied."""

from dataclasses import replace

import numpy as np
import pytest

from streamrec.config import AugmentOptions
from streamrec.preprocess import Preprocessor
from streamrec.training.augment import Augment, Variation, draw
from streamrec.types import Image, Preprocessing

PLAIN = Preprocessing(height=24, width=32)
OFF = AugmentOptions(crop=1.0, color=0.0, speed=1.0, flip=False)
MODELS = [
    PLAIN,
    replace(PLAIN, resize="crop", color="bgr", mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4)),
    replace(PLAIN, resized=(33, 40)),
    replace(PLAIN, resize="crop", resized=(30, 40), antialias=True),
]


def picture(seed: int = 0, size: tuple[int, int] = (90, 140)) -> Image:
    """Smooth colours."""
    rows, columns = np.mgrid[: size[0], : size[1]] / 20.0 + seed
    planes = np.sin(rows), np.cos(columns), np.sin(rows + columns)
    return (np.stack(planes, 2) * 100 + 128).astype(np.uint8)


def varied(variation: Variation, crop: float = 1.0, model: Preprocessing = PLAIN) -> np.ndarray:
    augment = Augment(model, crop)
    return augment([augment.reduce(picture())], variation)


@pytest.mark.parametrize("model", MODELS)
def test_without_variation_it_is_what_a_live_model_sees(model: Preprocessing) -> None:
    np.testing.assert_array_equal(varied(Variation(), 1.0, model), Preprocessor(model)(picture()))


@pytest.mark.parametrize("model", MODELS)
def test_a_crop_that_keeps_all_differs_by_interpolation_only(model: Preprocessing) -> None:
    difference = varied(Variation(), 0.5, model) - Preprocessor(model)(picture())
    assert np.abs(difference).mean() * min(model.std) < 0.01


def test_options_that_are_off_vary_when_only() -> None:
    drawn = draw(OFF, np.random.default_rng(1))
    assert replace(drawn, phase=0.0, start=0.5) == Variation()
    assert drawn.phase
    assert drawn.start != 0.5


def test_what_is_drawn_keeps_to_the_options() -> None:
    random = np.random.default_rng(0)
    drawn = [draw(AugmentOptions(crop=0.3, color=0.2, speed=2.0), random) for _ in range(500)]
    for name, low, high in [
        ("area", 0.3, 1.0),
        ("speed", 0.5, 2.0),
        ("aspect", 0.75, 4 / 3),
        ("brightness", 0.8, 1.2),
        ("contrast", 0.8, 1.2),
        ("saturation", 0.8, 1.2),
        ("phase", 0.0, 1.0),
        ("start", 0.0, 1.0),
        ("top", 0.0, 1.0),
        ("left", 0.0, 1.0),
    ]:
        values = [getattr(variation, name) for variation in drawn]
        margin = 0.05 * (high - low)
        assert low <= min(values) < low + margin, name
        assert high - margin < max(values) <= high, name
    assert 200 < sum(variation.mirrored for variation in drawn) < 300
    assert np.median([variation.speed for variation in drawn]) == pytest.approx(1.0, abs=0.1)


def test_a_crop_shows_that_part_of_the_picture() -> None:
    seen = varied(Variation(area=0.25, top=0.0, left=1.0), 0.25)
    quarter = Preprocessor(PLAIN)(picture()[:45, 70:])
    assert np.abs(seen - quarter).max() < 0.1
    assert np.abs(seen - quarter).mean() < 0.02


def test_a_flat_crop_is_no_larger_than_the_picture() -> None:
    assert varied(Variation(area=1.0, aspect=4 / 3)).shape == (1, 3, 24, 32)


def test_mirrored_is_left_for_right() -> None:
    np.testing.assert_array_equal(varied(Variation(mirrored=True)), varied(Variation())[..., ::-1])


def test_brightness_multiplies() -> None:
    np.testing.assert_allclose(
        varied(Variation(brightness=0.5)), varied(Variation()) / 2, atol=1 / 255
    )


def test_without_saturation_all_channels_are_grey() -> None:
    red, green, blue = varied(Variation(saturation=0.0))[0]
    np.testing.assert_array_equal(red, green)
    np.testing.assert_array_equal(red, blue)
    plain = varied(Variation())[0]
    np.testing.assert_allclose(red, np.tensordot((0.299, 0.587, 0.114), plain, 1), atol=1 / 255)


def test_contrast_is_the_distance_from_the_grey_of_the_whole_clip() -> None:
    augment = Augment(PLAIN)
    dark, bright = np.full((24, 32, 3), 50, np.uint8), np.full((24, 32, 3), 150, np.uint8)
    seen = augment([dark, bright], Variation(contrast=0.5)) * 255
    np.testing.assert_allclose(seen[0], 75, atol=1)
    np.testing.assert_allclose(seen[1], 125, atol=1)


def test_all_frames_of_a_clip_are_varied_alike() -> None:
    augment = Augment(PLAIN, 0.5)
    variation = draw(AugmentOptions(), np.random.default_rng(3))
    image = augment.reduce(picture())
    for x in augment([image] * 3, variation):
        np.testing.assert_array_equal(x, augment([image], variation)[0])
