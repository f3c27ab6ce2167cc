"""What a model says of whole clips."""

import numpy as np
import pytest

from streamrec.errors import DatasetError, LabelsError
from streamrec.evaluation.clips import ClipSource, answer
from tests.evaluation.color_model import (
    CLASSES,
    clip,
    color_recognizer,
    color_video,
    probabilities,
)

CLOSE = {"atol": 0.03}  # of colours that a video codec has seen


@pytest.fixture
def red(tmp_path):
    return color_video(tmp_path / "red.avi", ("red", 1.0))


def test_answers_are_probabilities_with_the_truth_in_the_models_order(tmp_path, red):
    blue = color_video(tmp_path / "blue.avi", ("blue", 1.0))
    clips = [clip(blue, "blue"), clip(red, "red")]
    answers, faults = answer(color_recognizer(), clips, ("blue", "red"))
    assert (answers.model, answers.labels, answers.clips, faults) == ("color", CLASSES, clips, [])
    assert answers.truth.tolist() == [[False, False, True], [True, False, False]]
    expected = [probabilities("blue"), probabilities("red")]
    np.testing.assert_allclose(answers.scores, expected, **CLOSE)


def test_many_views_see_the_whole_clip_and_one_view_its_middle(tmp_path):
    path = color_video(tmp_path / "a.avi", ("red", 1.0), ("green", 1.0), ("blue", 1.0))
    model = color_recognizer()  # of 5 frames at 5 a second: it answers after each second
    many, _ = answer(model, [clip(path, "red")], CLASSES)
    np.testing.assert_allclose(many.scores[0], probabilities("red", "green", "blue"), **CLOSE)
    one, _ = answer(model, [clip(path, "red")], CLASSES, views="single")
    np.testing.assert_allclose(one.scores[0], probabilities("green"), **CLOSE)


def test_only_the_piece_of_a_file_counts_that_the_clip_is(tmp_path):
    path = color_video(tmp_path / "a.avi", ("red", 1.0), ("green", 3.0), ("blue", 1.0))
    piece = clip(path, "green", start_s=1.0, end_s=4.0)
    with ClipSource(piece) as source:
        times_s = [frame.time_s for frame in source]
    assert (times_s[0], times_s[-1], len(times_s)) == (pytest.approx(1.0), pytest.approx(3.9), 30)
    for views in ("multi", "single"):
        answers, _ = answer(color_recognizer(), [piece], CLASSES, views=views)
        np.testing.assert_allclose(answers.scores[0], probabilities("green"), **CLOSE)


def test_one_view_of_a_clip_that_is_shorter_is_all_of_it(red):
    model = color_recognizer(clip_frames=50)
    answers, _ = answer(model, [clip(red, "red", end_s=9.0)], CLASSES, views="single")
    np.testing.assert_allclose(answers.scores[0], probabilities("red"), **CLOSE)


def test_case_of_labels_does_not_matter(red):
    answers, _ = answer(color_recognizer(), [clip(red, "Red")], ["Red"])
    assert answers.truth.tolist() == [[True, False, False]]


def test_a_clip_may_show_several_classes_or_none(red):
    clips = [clip(red, "red", "blue"), clip(red)]
    answers, _ = answer(color_recognizer(), clips, CLASSES)
    assert answers.truth.tolist() == [[True, False, True], [False, False, False]]


def test_labels_that_the_model_does_not_have_are_told_with_the_nearest(red):
    with pytest.raises(LabelsError, match=r"color does not know 'gren' \(nearest: 'green'\), 'x';"):
        answer(color_recognizer(), [clip(red, "red")], ["gren", "red", "x"])


def test_a_bad_file_is_left_out_and_told(tmp_path, red):
    bad = tmp_path / "bad.avi"
    bad.write_bytes(b"no video")
    late = clip(red, "red", start_s=5.0)
    clips = [clip(bad, "red"), clip(red, "red"), clip(tmp_path / "none.avi", "red"), late]
    seen = []
    answers, faults = answer(color_recognizer(), clips, CLASSES, progress=lambda: seen.append(1))
    assert answers.clips == [clips[1]]
    assert answers.scores.shape == (1, 3)
    assert [fault.clip for fault in faults] == [clips[0], clips[2], late]
    assert "not a video" in faults[0].reason and "no such file" in faults[1].reason
    assert "no pictures" in faults[2].reason
    assert len(seen) == 4


def test_where_every_file_is_bad_it_says_why(tmp_path):
    with pytest.raises(DatasetError, match=r"none of the 1 clips can be read.*no such file"):
        answer(color_recognizer(), [clip(tmp_path / "none.avi", "red")], CLASSES)
