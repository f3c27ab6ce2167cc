"""Answers as a table, for spreadsheets and other programs."""

import csv
from pathlib import Path

from streamrec.atomic import atomic_path
from streamrec.evaluation.answers import Answers

_HEAD = ("path", "start", "end", "group", "truth", "said")


def save_answers(path: Path, answers: Answers) -> None:
    """Write a row for each clip: where it is, its labels, the best class and all probabilities.

    Several labels are parted by ``|``, as in lists of clips.

    Raises:
        OutputError: the file cannot be written.
    """
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as lines,
    ):
        rows = csv.writer(lines)
        rows.writerow((*_HEAD, *answers.labels))
        best = answers.scores.argmax(1)
        for clip, said, scores in zip(answers.clips, best, answers.scores, strict=True):
            place = (
                clip.path,
                f"{clip.start_s:g}",
                "" if clip.end_s is None else f"{clip.end_s:g}",
            )
            truth = "|".join(clip.labels)
            shares = (f"{score:.6f}" for score in scores)
            rows.writerow((*place, clip.group or "", truth, answers.labels[said], *shares))
