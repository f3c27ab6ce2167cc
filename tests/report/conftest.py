import csv
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from streamrec.dataset.clips import Dataset, LabelledClip
from streamrec.evaluation.answers import Answers
from streamrec.evaluation.bootstrap import Interval
from streamrec.report.curves import COLUMNS
from streamrec.report.record import Fold, Judgement, Latency, TrainingRun

VOID = {"img", "meta", "br", "link", "hr", "input"}


class Page(HTMLParser):
    """What a page holds; a tag that is not closed is an error."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="session")
def read_page() -> Callable[[Path], Page]:
    return Page


@pytest.fixture(scope="session")
def video(tmp_path_factory) -> Path:
    """A film of 3 s: a white square that wanders over blue."""
    path = tmp_path_factory.mktemp("film") / "a #1 & b's 100%.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (64, 48))
    for i in range(30):
        frame = np.full((48, 64, 3), (200, 60, 20), np.uint8)
        frame[10:30, i : i + 20] = 255
        writer.write(frame)
    writer.release()
    return path


def answers_of(labels: tuple[str, ...], clips: list[LabelledClip], wrong: int = 3) -> Answers:
    """Answers that are right but for some: each of those is taken for the next class."""
    truth = np.array([[label in clip.labels for label in labels] for clip in clips])
    said = truth.argmax(1)
    said[:wrong] = (said[:wrong] + 1) % len(labels)
    sure = np.linspace(0.95, 0.93, len(clips), dtype=np.float32)
    scores = np.repeat((1 - sure[:, None]) / max(len(labels) - 1, 1), len(labels), axis=1)
    scores[np.arange(len(clips)), said] = sure
    return Answers(model="m", labels=labels, clips=clips, truth=truth, scores=scores)


@pytest.fixture(scope="session")
def made_answers() -> Callable[..., Answers]:
    return answers_of


@pytest.fixture(scope="session")
def made_judgement() -> Callable[..., Judgement]:
    pytest.importorskip("torchmetrics", reason="the train extra is not installed")
    from streamrec.evaluation.metrics import figures_of

    def make(answers: Answers) -> Judgement:
        interval = Interval(low=0.7, high=0.9, level=0.95, groups=12)
        return Judgement(answers=answers, figures=figures_of(answers), intervals={"top1": interval})

    return make


def write_curves(path: Path, *, learnt: float = 0.9, steps: int = 10) -> Path:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for step in range(1, steps + 1):
            rows.writerow((step, 0, "train", "loss", 1 / step))
            rows.writerow((step, 0, "train", "accuracy", learnt))
            rows.writerow((step, 0, "val", "loss", 1 / step + 0.1))
            rows.writerow((step, 0, "val", "accuracy", 0.8))
    return path


@pytest.fixture(scope="session")
def made_run(tmp_path_factory, video, made_judgement) -> Callable[..., TrainingRun]:
    """Make the record of a run with these labels; each of 20 clips to judge it is the film."""

    folder = tmp_path_factory.mktemp("curves")

    def make(labels=("walk", "run"), clips=20, shown=None, learnt=0.9, **changes) -> TrainingRun:
        shown = shown or labels
        made = [
            LabelledClip(
                path=video,
                labels=(shown[i % len(shown)],),
                split="val" if i < clips else "train",
                group=str(i),
            )
            for i in range(2 * clips)
        ]
        dataset = Dataset(name="clips & <co>", labels=labels, clips=tuple(made))
        judged = made_judgement(answers_of(labels, made[:clips]))
        values = {
            "title": "a <run> & more",
            "model": "movinet-a0-stream",
            "result": Path("runs/a run/model.safetensors"),
            "dataset": dataset,
            "skipped": {Path("bro<ken>.mp4"): "no frame can be decoded"},
            "options": {"epochs": 3, "label_smoothing": 0.1, "swap": "", "flip": True},
            "facts": {"took": "3 min"},
            "curves": write_curves(folder / "curves.csv", learnt=learnt),
            "judged": judged,
            "before": judged.figures,
            "temperature": 1.5,
            "fps": 5.0,
            "latency": [Latency(engine="native", step_ms=4.0)],
            "folds": [Fold(clips=10, score=0.8), Fold(clips=10, score=0.9)],
            "judged_on": "folds",
            "warnings": ["2 clips look the same"],
            "notes": ["a note"],
        }
        return TrainingRun(**values | changes)

    return make
