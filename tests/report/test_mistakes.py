import base64
from dataclasses import replace

import cv2
import numpy as np
import pytest

from streamrec.dataset.clips import LabelledClip
from streamrec.report.mistakes import MOST, worst_mistakes

LABELS = ("walk", "run")


@pytest.fixture
def clips(video):
    return [LabelledClip(path=video, labels=(LABELS[i % 2],)) for i in range(20)]


def test_the_surest_mistake_comes_first(made_answers, clips, tmp_path):
    mistakes = worst_mistakes(made_answers(LABELS, clips, wrong=3), tmp_path)
    assert [(it.true, it.said) for it in mistakes] == [
        (("walk",), "run"),
        (("run",), "walk"),
        (("walk",), "run"),
    ]
    assert mistakes[0].score == pytest.approx(0.95) and mistakes[0].true_score == pytest.approx(
        0.05
    )
    assert mistakes[0].score > mistakes[1].score > mistakes[2].score


def test_there_is_an_end_to_mistakes(made_answers, clips, tmp_path):
    assert len(worst_mistakes(made_answers(LABELS, clips, wrong=20), tmp_path)) == MOST


def test_a_clip_of_no_class_is_no_mistake(made_answers, clips, tmp_path):
    clips[0] = replace(clips[0], labels=())
    assert len(worst_mistakes(made_answers(LABELS, clips, wrong=3), tmp_path)) == 2


def test_pictures_of_a_clip_stand_in_the_order_of_time(made_answers, clips, tmp_path):
    clips[0] = replace(clips[0], start_s=1.0, end_s=3.0)
    mistake = worst_mistakes(made_answers(LABELS, clips, wrong=1), tmp_path)[0]
    data = np.frombuffer(base64.b64decode(mistake.strip.split(",")[1]), np.uint8)
    strip = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    assert strip.shape[::-1] == mistake.size == (4 * 160 + 3 * 2, 120)
    squares = [strip[25:75, i * 162 : i * 162 + 160].mean(0) for i in range(4)]
    places = [(each > 200).nonzero()[0].mean() for each in squares]
    assert places[0] == pytest.approx(50, abs=5)  # after 1 s of 10 pixels, drawn 2.5 times as large
    assert places[0] < places[1] < places[2] < places[3]


def test_a_piece_is_named_and_linked(made_answers, clips, video, tmp_path):
    clips[0] = replace(clips[0], start_s=1.0, end_s=2.5)
    mistake = worst_mistakes(made_answers(LABELS, clips, wrong=1), tmp_path)[0]
    assert mistake.name == f"{video.name}@1-2.5" and mistake.link.endswith(".mp4#t=1,2.5")


def test_a_file_that_is_no_video_has_no_pictures(made_answers, clips, tmp_path):
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    clips[0] = replace(clips[0], path=text)
    assert worst_mistakes(made_answers(LABELS, clips, wrong=1), tmp_path)[0].strip == ""
