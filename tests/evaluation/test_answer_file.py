"""Answers as a table."""

import csv
from pathlib import Path

import numpy as np

from streamrec.dataset.clips import LabelledClip
from streamrec.evaluation.answer_file import save_answers
from streamrec.evaluation.answers import Answers


def test_a_row_has_the_clip_its_labels_and_all_probabilities(tmp_path):
    clips = [
        LabelledClip(path=Path("a, b.mp4"), labels=("ü", "x"), start_s=1.5, end_s=3.0, group="g"),
        LabelledClip(path=Path("c.mp4"), labels=("x",)),
    ]
    answers = Answers(
        model="m",
        labels=("x", "ü"),
        clips=clips,
        truth=np.array([[True, True], [True, False]]),
        scores=np.array([[0.75, 0.25], [0.125, 0.875]], np.float32),
    )
    save_answers(tmp_path / "answers.csv", answers)
    with (tmp_path / "answers.csv").open(encoding="utf-8", newline="") as lines:
        assert list(csv.reader(lines)) == [
            ["path", "start", "end", "group", "truth", "said", "x", "ü"],
            ["a, b.mp4", "1.5", "3", "g", "ü|x", "x", "0.750000", "0.250000"],
            ["c.mp4", "0", "", "", "x", "ü", "0.125000", "0.875000"],
        ]
