import cv2
import numpy as np
import pytest

from streamrec.dataset.contact_sheet import MAX_ROWS, save_contact_sheet
from streamrec.dataset.scan import scan
from streamrec.errors import OutputError
from tests.dataset.films import clip_of, dataset_of, film, film_of_greys

RED = (0, 0, 255)


def test_it_shows_frames_over_time(tmp_path):
    greys = film_of_greys(tmp_path / "greys.avi", frames=25)
    dataset = dataset_of(clip_of(greys, "a"))
    save_contact_sheet(dataset, scan(dataset, 5.0), tmp_path / "sheet.png")
    row = cv2.imread(str(tmp_path / "sheet.png"))[-50, :, 0]
    shades = np.unique(row[row < 225])
    assert np.abs(shades[:, None].astype(int) - np.arange(0, 250, 50)).min(axis=0).max() <= 3


def test_every_class_is_shown_and_broken_clips_are_not(tmp_path):
    red = film(tmp_path / "red.avi", [np.full((32, 32, 3), RED, np.uint8)] * 5)
    greys = film_of_greys(tmp_path / "greys.avi")
    clips = [clip_of(greys, "$a$"), clip_of(red, "手"), clip_of(tmp_path / "none.mp4", "a")]
    dataset = dataset_of(*clips, clip_of(greys))
    save_contact_sheet(dataset, scan(dataset, 5.0), tmp_path / "sheet.png")
    sheet = cv2.imread(str(tmp_path / "sheet.png")).astype(int)
    assert ((sheet[:, :, 2] - sheet[:, :, 1]) > 150).sum() > 4000
    assert sheet.shape[0] == 34 + 3 * (34 + 18 + 84 + 8)


def test_it_stays_small_whatever_the_data_set(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((8, 8, 3), np.uint8))
    clips = [clip_of(tmp_path / "a.png", f"class {i}") for i in range(MAX_ROWS + 9)]
    dataset = dataset_of(*clips)
    save_contact_sheet(dataset, scan(dataset, 5.0), tmp_path / "sheet.png")
    assert cv2.imread(str(tmp_path / "sheet.png")).shape[0] < 6000


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    dataset = dataset_of(clip_of(film_of_greys(tmp_path / "greys.avi"), "a"))
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"):
        save_contact_sheet(dataset, scan(dataset, 5.0), tmp_path / "file" / "sheet.png")
