"""Small pictures: their size, their rate, and that they show the same."""

import cv2
import numpy as np
import pytest

from streamrec.sources.preview import MOST_HZ, Previews, shrunk


def picture(rows: int, columns: int) -> np.ndarray:
    """Bright at the left, red at the top."""
    image = np.zeros((rows, columns, 3), np.uint8)
    image[:] = np.linspace(255, 0, columns)[None, :, None]
    image[: rows // 2, :, 2] = 255
    return image


@pytest.mark.parametrize(
    ("camera", "most", "small"),
    [
        ((1080, 1920), 360, (360, 640)),
        ((720, 1280), 360, (360, 640)),
        ((1920, 1080), 360, (360, 202)),
        ((240, 320), 360, (240, 320)),
        ((121, 161), 360, (120, 160)),
        ((720, 1280), 361, (360, 640)),
        ((4, 4000), 360, (4, 4000)),
        ((4000, 4), 64, (64, 2)),
    ],
)
def test_pictures_are_as_high_as_asked_for_and_never_enlarged(camera, most, small):
    assert shrunk(picture(*camera), most).shape == (*small, 3)


def test_a_small_picture_shows_the_same_as_one_that_is_averaged_at_once():
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    image = cv2.resize(image, (1920, 1080), interpolation=cv2.INTER_CUBIC)
    averaged = cv2.resize(image, (640, 360), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk(image, 360).astype(int) - averaged).mean() < 1


def test_what_is_thinner_than_a_small_pixel_is_averaged_not_lost():
    image = np.zeros((1080, 1920, 3), np.uint8)
    image[:, ::8] = 255
    assert 0.8 * image.mean() < shrunk(image, 270).mean() < 1.2 * image.mean()


def test_a_preview_is_the_whole_picture_mirrored_where_asked_for():
    image = picture(480, 640)
    jpeg = Previews(120, mirror=True).push(image, 0.0, cut=True)
    seen = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert seen.shape == (120, 160, 3)
    assert np.abs(seen.astype(int) - shrunk(image, 120)[:, ::-1]).mean() < 4


@pytest.mark.parametrize("fps", [5, 10, 12.5, 25, 29.97, 60])
def test_no_more_come_than_ten_a_second_and_no_less_where_there_are_frames(fps):
    previews = Previews(16, mirror=False)
    times = 1.7e9 + np.arange(int(10 * fps)) / fps
    made = sum(bool(previews.push(picture(16, 16), time_s, cut=False)) for time_s in times)
    assert made == pytest.approx(10 * min(fps, MOST_HZ), abs=1)


def test_after_a_gap_a_step_back_or_a_cut_the_next_picture_comes_at_once():
    previews = Previews(16, mirror=False)
    moments = [(50.0, False), (50.01, True), (90.0, False), (90.03, False), (20.0, False)]
    made = [bool(previews.push(picture(16, 16), at, cut=cut)) for at, cut in moments]
    assert made == [True, True, True, False, True]
