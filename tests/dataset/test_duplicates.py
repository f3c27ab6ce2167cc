from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from streamrec.dataset.clips import LabelledClip
from streamrec.dataset.duplicates import find_duplicates
from streamrec.dataset.scan import scan
from tests.dataset.films import clip_of, dataset_of, film, street

CUT = 13  # frames


def pairs(*clips: LabelledClip) -> set[frozenset[str]]:
    found = find_duplicates(scan(dataset_of(*clips), 5.0))
    return {frozenset({pair.first.path.stem, pair.second.path.stem}) for pair in found}


@pytest.fixture
def original(tmp_path: Path) -> LabelledClip:
    return clip_of(film(tmp_path / "original.avi", street(0), 20.0), "a", split="train")


COPIES = {
    "smaller": [cv2.resize(image, (60, 44)) for image in street(0)],
    "brighter": [cv2.convertScaleAbs(image, alpha=0.9, beta=20) for image in street(0)],
    "without its begin": street(0)[CUT:],
    "without its end": street(0)[:-CUT],
    "noisier": [
        cv2.add(image, np.random.default_rng(1).integers(0, 12, image.shape, np.uint8))
        for image in street(0)
    ],
}


@pytest.mark.parametrize("how", COPIES)
def test_copies_are_found(tmp_path, original, how):
    copy = clip_of(film(tmp_path / "copy.avi", COPIES[how], 20.0), "a", split="val")
    assert pairs(original, copy) == {frozenset({"original", "copy"})}


def test_other_clips_of_the_same_camera_are_no_copies(tmp_path, original):
    others = [clip_of(film(tmp_path / f"{i}.avi", street(i), 20.0), "a") for i in range(1, 9)]
    assert pairs(original, *others) == set()


def test_still_pictures_are_copies_if_they_are_the_same(tmp_path, original):
    image = street(0)[0]
    names = {"one": image, "two": cv2.resize(image, (80, 60)), "other": street(3)[0]}
    for name, picture in names.items():
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    clips = [clip_of(tmp_path / f"{name}.png", "a") for name in names]
    assert pairs(*clips) == {frozenset({"one", "two"})}


def test_clips_of_one_group_are_not_told(tmp_path, original):
    copy = clip_of(film(tmp_path / "copy.avi", street(0), 20.0), "a", group="g")
    assert pairs(replace(original, group="g"), copy) == set()


def test_pairs_across_splits_are_told_first(tmp_path, original):
    film(tmp_path / "copy.avi", street(0)[:-CUT], 20.0)
    same = clip_of(film(tmp_path / "same.avi", street(0), 20.0), "b", split="train")
    copy = clip_of(tmp_path / "copy.avi", "a", split="val")
    found = find_duplicates(scan(dataset_of(original, same, copy), 5.0))
    assert [pair.across_splits for pair in found] == [True, True, False]
    assert [pair.contradicts for pair in found].count(True) == 2


def test_one_clip_has_no_copies(original):
    assert pairs(original) == set()


def test_copies_of_one_group_with_different_labels_are_told(tmp_path, original):
    copy = clip_of(film(tmp_path / "copy.avi", street(0), 20.0), "b", group="g")
    (found,) = find_duplicates(scan(dataset_of(replace(original, group="g"), copy), 5.0))
    assert found.contradicts
