"""The map of files."""

import sys

import cv2
import numpy as np
import pytest

from streamrec.errors import OptionError, RuntimeMissingError
from streamrec.inspection.feature_map import draw_map, positions
from streamrec.inspection.features import FileFeatures

pytest.importorskip("matplotlib", reason="the plot extra is not installed")
pytest.importorskip("sklearn", reason="the features extra is not installed")


def features(files: int) -> list[FileFeatures]:
    random = np.random.default_rng(0)
    picture = np.full((30, 40, 3), (255, 0, 0), np.uint8)
    return [
        FileFeatures(f"clips/$clip {i}$.mp4", random.random(8, np.float32), picture)
        for i in range(files)
    ]


def test_those_that_are_alike_lie_together():
    random = np.random.default_rng(0)
    centres = np.repeat(random.standard_normal((2, 64)), 10, axis=0)
    vectors = (centres + 0.05 * random.standard_normal(centres.shape)).astype(np.float32)
    places = positions(vectors)
    first, second = places[:10], places[10:]
    within = max(np.ptp(group, axis=0).max() for group in (first, second))
    assert np.linalg.norm(first.mean(0) - second.mean(0)) > within


def test_the_map_is_the_same_each_time_and_within_bounds():
    vectors = np.stack([each.vector for each in features(12)])
    places = positions(vectors)
    np.testing.assert_array_equal(places, positions(vectors))
    assert places.min() == 0.0 and places.max() == 1.0


@pytest.mark.parametrize("files", [3, 4, 40])
def test_every_file_is_drawn_by_its_picture(tmp_path, files):
    draw_map(features(files), "tiny", tmp_path / "map.png")
    blue = (cv2.imread(str(tmp_path / "map.png")) == (255, 0, 0)).all(-1)
    assert blue.sum() > 100 * files


def test_files_that_are_the_same_are_drawn_all_the_same(tmp_path):
    (one,) = features(1)
    draw_map([one] * 4, "tiny", tmp_path / "map.png")
    assert (tmp_path / "map.png").stat().st_size > 1000


def test_too_few_files_are_refused(tmp_path):
    with pytest.raises(OptionError, match="at least 3 files, got 2"):
        draw_map(features(2), "tiny", tmp_path / "map.png")


def test_without_scikit_learn_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.manifold", None)
    with pytest.raises(RuntimeMissingError, match=r"pip install .*\[features\]"):
        draw_map(features(3), "tiny", tmp_path / "map.png")
