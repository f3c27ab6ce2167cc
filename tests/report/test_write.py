import base64
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import cv2
import numpy as np
import pytest

pytest.importorskip("jinja2", reason="the train extra is not installed")

from streamrec.dataset.clips import LabelledClip
from streamrec.report.page import PAGE
from streamrec.report.record import EvaluationRun, Table
from streamrec.report.write import write_evaluation, write_report

ODD = (
    "<script>alert(1)</script>",
    "\"quoted\" & 'so'",
    r"$\frac{",
    "打架",
    "ضرب",
    "\udcff",
    "a" * 99,
)


@pytest.fixture(scope="module")
def folder(made_run, tmp_path_factory):
    """A report; what the tests only look at."""
    folder = tmp_path_factory.mktemp("report")
    write_report(made_run(), folder)
    return folder


@pytest.fixture(scope="module")
def page(folder, read_page):
    return read_page(folder / PAGE)


def headings(page) -> str:
    return " / ".join(re.findall("<h2>(.*?)</h2>", page.source))


def test_every_part_is_there(page):
    assert headings(page) == (
        "Before you rely on it / What to do next / Where it goes wrong / What is taken for what / "
        "Class by class / Can its scores be believed? / How the training went / How fast it is / "
        "What it learnt from / Options"
    )


def test_folds_lead_to_a_training_of_all_clips(page):
    assert "streamrec train --data" in page.text and "streamrec run" not in page.text


def test_a_model_is_run_next(made_run, read_page, tmp_path):
    run = made_run(folds=(), judged_on="val", options={"data": "here/it.csv"})
    page = read_page(write_report(run, tmp_path))
    assert "evaluate --data 'runs/a run/clips.csv'" in page.text
    assert "streamrec run --source 0 --model" in page.text
    assert "--test 0.2" in page.text


def test_the_answer_comes_first(page):
    begin = page.text[: page.text.index("Before you rely on it")]
    assert "85.0%" in begin and "Accuracy on 20 clips that it did not learn from" in begin
    assert "95% interval 70.0% to 90.0%, by 12 groups" in begin
    assert "Always saying “ walk ” would be right on 50.0%" in begin
    assert "differ by 7.1%" in begin


def test_facts_of_the_run_are_told(page):
    for words in ("2 clips look the same", "a note", "3 min", "Temperature 1.5", "bro<ken>.mp4"):
        assert words in page.text
    assert "--label-smoothing 0.1" in page.text


def test_nothing_is_loaded_from_elsewhere(page):
    assert not page.of("script") and not page.of("link") and "url(" not in page.source
    for image in page.of("img"):
        assert image["src"].startswith(("data:image/png;base64,", "data:image/jpeg;base64,"))
    assert not [link for link in page.of("a") if urlsplit(link["href"]).netloc]
    assert "@import" not in page.source and not re.search(r"https?:", page.source)


def test_every_picture_has_words_and_is_not_blank(page):
    images = page.of("img")
    assert len(images) == 5 + 3  # charts, mistakes
    for image in images:
        data = np.frombuffer(base64.b64decode(image["src"].split(",")[1]), np.uint8)
        assert np.ptp(cv2.imdecode(data, cv2.IMREAD_COLOR)) > 100
        assert len(image["alt"]) > 10


def test_the_pictures_lie_beside_the_page(folder):
    names = {path.stem for path in folder.glob("*.png")}
    assert names == {"loss", "accuracy", "confusion", "classes", "reliability"}
    for name in names:
        assert np.ptp(cv2.imread(str(folder / f"{name}.png"))) > 100


def test_a_link_leads_to_the_clip(page, folder, video):
    links = {link["href"] for link in page.of("a")}
    assert [(folder / unquote(link)).resolve() for link in links] == [video.resolve()]


@pytest.mark.filterwarnings("error")
def test_names_are_shown_as_they_are(made_run, read_page, tmp_path):
    run = made_run(labels=ODD, clips=21, title="<b>&amp;", judged_on="test", folds=())
    page = read_page(write_report(run, tmp_path))
    assert not page.of("script")
    assert "<b>&amp;" in page.text
    for name in ODD:
        assert " ".join(name.split()).replace("\udcff", "?") in page.text


@pytest.mark.filterwarnings("error")
def test_600_classes_are_readable(made_run, read_page, tmp_path):
    run = made_run(labels=tuple(f"class {i}" for i in range(600)), clips=700)
    page = read_page(write_report(run, tmp_path))
    height, width = cv2.imread(str(tmp_path / "confusion.png")).shape[:2]
    assert height < 1800 and width < 1800
    assert "The 30 classes that are confused most, of 600" in page.text
    assert "The other 570 classes" in page.text


def test_a_class_that_nothing_judges_is_told(made_run, read_page, tmp_path):
    run = made_run(labels=("walk", "run", "never"), shown=("walk", "run"))
    page = read_page(write_report(run, tmp_path))
    assert "No clip that judges the model shows never" in page.text
    assert "no clip judges it" in page.text


def test_clips_that_cannot_be_read_leave_a_report(made_run, read_page, tmp_path):
    run = made_run()
    clips = [replace(clip, path=tmp_path / "gone.mp4") for clip in run.judged.answers.clips]
    judged = replace(run.judged, answers=replace(run.judged.answers, clips=clips))
    page = read_page(write_report(replace(run, judged=judged), tmp_path))
    assert page.text.count("no picture of it can be read") == 3


def test_a_model_without_mistakes_or_curves_or_extras(
    made_run, made_answers, made_judgement, read_page, tmp_path
):
    run = made_run(options={})
    right = made_judgement(made_answers(run.dataset.labels, run.dataset.of("val"), wrong=0))
    run = replace(
        run,
        judged=right,
        before=None,
        temperature=None,
        latency=(),
        folds=(),
        judged_on="val",
        curves=tmp_path / "empty.csv",
    )
    run.curves.touch()
    page = read_page(write_report(run, tmp_path))
    assert "the best class of every clip is right" in page.text and "No curves" in page.text


def test_clips_of_several_labels_have_no_confusion(
    made_answers, made_judgement, read_page, video, tmp_path
):
    labels = ("walk", "talk", "sit")
    clips = [LabelledClip(path=video, labels=labels[i % 3 : i % 3 + 2]) for i in range(9)]
    judged = made_judgement(made_answers(labels, clips))
    run = EvaluationRun(title="several", model="m", data="d", judged=judged)
    page = read_page(write_evaluation(run, tmp_path))
    assert "What is taken for what" not in headings(page)
    assert "Mean average precision on 9 clips" in page.text


def test_an_evaluation_of_clips(made_run, read_page, tmp_path):
    run = EvaluationRun(title="t", model="m", data="d", judged=made_run().judged)
    page = read_page(write_evaluation(run, tmp_path))
    assert "Accuracy on 20 clips (95% interval" in page.text
    assert "streamrec evaluate --data d --model m --live" in page.text
    assert not (tmp_path / "loss.png").exists()


def test_an_evaluation_of_endless_video_only(read_page, tmp_path):
    rows = [("50 frames", 0.8125, 3, None), ("<everlasting>", 1234.5, True, "never")]
    table = Table(title="Endless", head=("horizon", "a", "b", "c"), rows=rows, note="How <so>")
    run = EvaluationRun(title="t", model="m", data="d", tables=[table], facts={"runtime": "onnx"})
    page = read_page(write_evaluation(run, tmp_path))
    assert "50 frames 0.812 3 \N{EN DASH}" in page.text.replace("  ", " ")
    assert "<everlasting> 1234 yes never" in page.text and "How <so>" in page.text
    assert "--live" not in page.text and not page.of("img")


def test_a_folder_that_is_not_there_is_refused(made_run, tmp_path):
    from streamrec.errors import OutputError

    with pytest.raises(OutputError, match="no folder"):
        write_report(made_run(), Path(tmp_path / "none"))
