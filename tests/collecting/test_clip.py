"""The rate of a clip."""

import numpy as np
import pytest

from streamrec.collecting.clip import frame_rate, jpeg_of, write_clip
from streamrec.footage.ring import Shot
from streamrec.sources.open import open_source


@pytest.mark.parametrize(
    ("own_fps", "declared_fps", "fps"),
    [(29.6, 30.0, 30.0), (15.0, 30.0, 15.0), (12.0, None, 12.0), (1000.0, None, 240.0)],
    ids=["as declared", "in the dark", "unknown", "too fast"],
)
def test_the_rate_is_as_declared_unless_the_frames_say_otherwise(own_fps, declared_fps, fps):
    times_s = [number / own_fps for number in range(30)]
    assert frame_rate(times_s, declared_fps) == pytest.approx(fps)


def test_a_lost_frame_does_not_change_the_rate():
    assert frame_rate([0.0, 0.1, 0.2, 0.6, 0.7, 0.8], None) == pytest.approx(10.0)


@pytest.mark.parametrize(("declared_fps", "fps"), [(None, 25.0), (12.0, 12.0)])
def test_one_frame_has_no_rate_of_its_own(declared_fps, fps):
    assert frame_rate([5.0], declared_fps) == fps


def test_pictures_stay_almost_as_they_are(tmp_path):
    rows, columns = np.mgrid[0:240, 0:320]
    image = np.stack((rows, columns % 256, (rows + columns) // 3), 2).astype(np.uint8)
    shots = [Shot(number / 29.97, jpeg_of(image)) for number in range(30)]
    write_clip(tmp_path / "clip.mp4", shots, 29.97)
    with open_source(str(tmp_path / "clip.mp4")) as video:
        frames = list(video)
    assert len(frames) == 30 and video.fps == pytest.approx(29.97, abs=0.01)
    error = np.square(frames[-1].image.astype(float) - image).mean()
    assert 10 * np.log10(255**2 / error) > 33  # dB
