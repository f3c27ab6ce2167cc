"""What a camera shows, by the times of its pictures and by what is in them."""

from itertools import islice, pairwise

import cv2
import numpy as np
import pytest

from streamrec.errors import DatasetError, SourceError
from streamrec.evaluation.live_footage import (
    NOISE,
    StillScenes,
    Videos,
    background_files,
    read_footage,
    readable,
    shots_of,
)
from tests.dataset.films import clip_of, film_of_greys, number_of

WHOLE = 20  # frames of a film, 2 s


def small(image: np.ndarray) -> np.ndarray:
    return image[::4, ::4]


@pytest.fixture
def greys(tmp_path):
    return film_of_greys(tmp_path / "greys.avi", WHOLE)


def numbers(shots) -> list[int]:
    return [number_of(shot.image) for shot in shots]


def times(shots) -> list[float]:
    return [pytest.approx(shot.time_s) for shot in shots]


def test_a_clip_keeps_the_rate_of_its_file_and_the_size_of_the_model(greys):
    footage = read_footage(clip_of(greys), small)
    assert numbers(footage.shots) == list(range(WHOLE))
    assert [i / 10 for i in range(WHOLE)] == times(footage.shots)
    assert footage.duration_s == pytest.approx(2.0)
    assert footage.interval_s == pytest.approx(0.1)
    assert footage.shots[0].image.shape == (8, 8, 3)


def test_a_piece_begins_at_its_own_zero(greys):
    shots = list(shots_of(clip_of(greys, start_s=0.5, end_s=0.8), small))
    assert numbers(shots) == [5, 6, 7]
    assert times(shots) == [0.0, 0.1, 0.2]


def test_a_clip_without_pictures_is_told(greys):
    with pytest.raises(SourceError, match="no pictures between"):
        read_footage(clip_of(greys, start_s=9.0), small)


def test_a_picture_is_a_short_clip(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((8, 8, 3), 70, np.uint8))
    footage = read_footage(clip_of(tmp_path / "a.png"), small)
    assert (len(footage.shots), footage.duration_s) == (1, pytest.approx(0.04))


def test_videos_follow_each_other_for_ever_without_a_gap(greys, tmp_path):
    short = film_of_greys(tmp_path / "short.avi", 3)
    shots = list(islice(Videos([clip_of(greys), clip_of(short)], small).endless(), 60))
    assert numbers(shots) == [*range(WHOLE), 0, 1, 2, *range(WHOLE), 0, 1, 2, *range(14)]
    assert [i / 10 for i in range(60)] == times(shots)


def test_an_action_comes_in_the_middle_of_a_video(greys, tmp_path):
    other = film_of_greys(tmp_path / "other.avi", 5)
    videos = Videos([clip_of(other), clip_of(greys)], small)
    before, after = videos.around(read_footage(clip_of(greys), small), 3, 0.5, 0.7)
    assert (numbers(before.shots), numbers(after.shots)) == ([0, 1, 2, 3, 4], list(range(5, 12)))
    assert [i / 10 for i in range(7)] == times(after.shots)
    assert (before.duration_s, after.duration_s) == (0.5, 0.7)


def test_a_still_scene_is_the_clip_s_own_first_and_last_picture_with_noise(greys):
    footage = read_footage(clip_of(greys, start_s=0.5, end_s=1.5), small)
    before, after = StillScenes((8, 8), 5.0).around(footage, 0, 0.3, 0.4)
    assert (numbers(before.shots), numbers(after.shots)) == ([5] * 3, [14] * 4)
    assert times(before.shots) == [0.0, 0.1, 0.2]
    noise = np.subtract(before.shots[0].image, before.shots[1].image, dtype=np.int16)
    assert noise.std() == pytest.approx(NOISE * 2**0.5, rel=0.3)


def test_the_wall_comes_at_the_rate_asked_for_and_is_always_the_same():
    one, other = (list(islice(StillScenes((8, 8), 5.0).endless(), 50)) for _ in range(2))
    assert {round(b.time_s - a.time_s, 6) for a, b in pairwise(one)} == {0.2}
    for shot, same in zip(one, other, strict=True):
        np.testing.assert_array_equal(shot.image, same.image)


def test_a_folder_gives_its_videos_and_leaves_the_rest(greys):
    (greys.parent / "list.csv").write_text("path,label\n")
    (greys.parent / "empty.mp4").touch()
    deeper = film_of_greys(greys.parent / "deeper" / "b.avi", 2)
    assert [clip.path for clip in background_files(greys.parent)] == [deeper, greys]


@pytest.mark.parametrize("name", ["missing.mp4", "."])
def test_what_has_no_video_is_told(tmp_path, name):
    with pytest.raises(DatasetError, match="no background can be read"):
        background_files(tmp_path / name)


def test_clips_that_cannot_be_read_are_no_background(greys, tmp_path):
    clips = [clip_of(tmp_path / "missing.avi"), clip_of(greys)]
    assert readable(clips) == clips[1:]
