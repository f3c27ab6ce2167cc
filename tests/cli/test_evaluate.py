"""``streamrec evaluate``: what it prints and writes."""

import csv
import json
import sys

import pytest

OPTION, DATA, MODEL, OUTPUT = 2, 3, 4, 5


@pytest.fixture
def clips(tmp_path, video):
    """Write a list of clips; a row is a file, its label, and its split."""

    def make(*rows):
        path = tmp_path / "clips.csv"
        with path.open("w", newline="") as lines:
            writer = csv.writer(lines)
            writer.writerow(("path", "label", "split"))
            writer.writerows((*row, "")[:3] for row in rows)
        for name in {row[0] for row in rows} - {"bad.avi"}:
            video(name, frames=30)
        return path

    return make


@pytest.fixture
def parts(cli, model):
    """Run it with ``--json`` and return the objects by their part, and what it told."""

    def run(data, *arguments):
        result = cli("evaluate", "--data", data, "--model", model, "--json", *arguments)
        assert result.code == 0, result.err
        found = [json.loads(line) for line in result.out.splitlines()]
        return {each.get("part", "live"): each for each in found}, result.err

    return run


def test_clips_are_judged_with_intervals(parts, clips):
    rows = [(f"{name}.avi", "class 1") for name in "abcd"]
    found, _ = parts(clips(*rows, ("e.avi", "Class 2")))
    judged = found["clips"]
    assert (judged["model"], judged["views"], judged["judged"]) == ("tiny", "multi", 5)
    assert 0 <= judged["top1"] <= judged["top5"] <= 1
    assert judged["intervals"]["top1"]["groups"] == 5
    assert {each["label"]: each["support"] for each in judged["classes"]} == {
        "class 1": 4,
        "class 2": 1,
    }
    wrong = sum(pair["clips"] for pair in judged["confusions"])
    assert wrong == pytest.approx(5 * (1 - judged["top1"]))
    assert found.keys() == {"clips"}


def test_clips_that_cannot_be_read_are_told_and_left_out(parts, clips, tmp_path):
    (tmp_path / "bad.avi").write_bytes(b"no video")
    found, err = parts(clips(("a.avi", "class 1"), ("bad.avi", "class 1")))
    assert found["clips"]["judged"] == 1
    assert "1 clip left out" in err and "bad.avi" in err


def test_the_validation_clips_are_judged_where_there_are_some(parts, clips):
    data = clips(("a.avi", "class 1", "train"), ("b.avi", "class 1", "val"))
    assert parts(data)[0]["clips"]["judged"] == 1
    assert parts(data, "--split", "all")[0]["clips"]["judged"] == 2


def test_a_split_that_is_not_there_is_refused(cli, clips, model):
    data = clips(("a.avi", "class 1", "train"))
    result = cli("evaluate", "--data", data, "--model", model)
    result.fails(DATA, "no clip", "split val", "1 train")


def test_the_tables_tell_figures_classes_confusions_and_events(cli, clips, model):
    rows = [(f"{name}.avi", "class 1") for name in "abcd"]
    data = clips(*rows, ("e.avi", "class 2"), ("f.avi", ""))
    options = ("--views", "both", "--event-precision", 0.8, "--on-score", 0.01, "--off-score", 0)
    result = cli("evaluate", "--data", data, "--model", model, *options)
    assert result.code == 0, result.err
    for part in (
        "5 clips: all of clips.csv",
        "whole clips",
        "one piece each",
        "mean per class",
        "95% intervals, by bootstrap over 5 groups",
        "mistaken most often",
        "of 1 clip of no class 1 raise an event (100%)",
        "AUROC",
        "scores at which events should start",
    ):
        assert part in result.out, result.out


def test_unknown_videos_are_seen_live(parts, clips, video, tmp_path):
    data = clips(("a.avi", "class 1"))
    folder = tmp_path / "unknown"
    folder.mkdir()
    (folder / "notes.txt").write_text("no video")
    for name in ("x.avi", "y.avi"):
        video(name, frames=30).rename(folder / name)
    found, _ = parts(data, "--unknown", folder, "--on-score", 0.01, "--off-score", 0)
    opened = found["open set"]
    assert (opened["clips"], opened["raised"], opened["share_raised"]) == (2, 2, 1.0)
    assert sum(opened["events"].values()) >= 2
    assert opened["hours"] == pytest.approx(2 * 30 / 25 / 3600)


def test_a_configuration_with_scores_can_be_served(cli, parts, clips, tmp_path):
    path, data = tmp_path / "cameras.yaml", clips(("a.avi", "class 1"), ("b.avi", "class 2"))
    found, err = parts(data, "--write-config", path, "--no-exclusive")
    labels = found["thresholds"]["labels"]
    assert {each["label"] for each in labels} == {"class 1", "class 2"}
    assert str(path) in err
    path.write_text(path.read_text().replace("cameras: {}", "cameras:\n  a: {source: '0'}"))
    checked = cli("config", "check", path)
    assert checked.code == 0, checked.err
    assert "no faults" in checked.err
    assert f"on_score: {labels[0]['on_score']}" in checked.out


def test_a_configuration_that_exists_is_refused_before_the_work(cli, clips, model, tmp_path):
    path = tmp_path / "cameras.yaml"
    path.write_text("mine")
    result = cli("evaluate", "--data", "none", "--model", model, "--write-config", path)
    result.fails(OUTPUT, "exists")


def test_the_folder_has_the_answers_and_a_page(cli, clips, model, tmp_path):
    folder = tmp_path / "out" / "here"
    data = clips(("a.avi", "class 1"), ("b.avi", "class 2"))
    options = ("--views", "both", "--to", folder, "--event-precision", 0.9)
    result = cli("evaluate", "--data", data, "--model", model, *options)
    assert result.code == 0, result.err
    assert "class 1" in (folder / "report.html").read_text(encoding="utf-8")
    for name in ("answers.csv", "answers-single.csv"):
        with (folder / name).open(newline="") as lines:
            rows = list(csv.DictReader(lines))
        assert [row["truth"] for row in rows] == ["class 1", "class 2"]
        assert sum(float(rows[0][f"class {i}"]) for i in range(10)) == pytest.approx(1, abs=1e-4)


def test_endless_video_is_measured_too(parts, clips):
    data = clips(("a.avi", "class 1"))
    found, _ = parts(data, "--live", "--ages", "0", "--horizons", "own", "--after", 1)
    assert found["live"]["rows"][0]["figures"]["clips"] == 1


def test_labels_that_the_model_lacks_are_told_with_the_nearest(cli, clips, model):
    result = cli("evaluate", "--data", clips(("a.avi", "klass 1")), "--model", model)
    result.fails(MODEL, "does not know 'klass 1' (nearest: 'class 1')")


@pytest.mark.parametrize(
    ("options", "code", "part"),
    [
        (("--event-precision", 0), OPTION, "--event-precision"),
        (("--unknown", "nowhere"), DATA, "--unknown"),
        (("--background-label", "nothing"), OPTION, "--background-label"),
        (("--live", "--ages", "soon"), OPTION, "--ages"),
        (("--live", "--horizons", "0"), OPTION, "--horizons"),
    ],
)
def test_what_cannot_be_is_refused(cli, clips, model, options, code, part):
    result = cli("evaluate", "--data", clips(("a.avi", "class 1")), "--model", model, *options)
    result.fails(code, part)


def test_a_data_set_that_is_not_there_is_refused(cli, model, tmp_path):
    cli("evaluate", "--data", tmp_path / "no", "--model", model).fails(DATA, "no such")


def test_without_torchmetrics_it_says_how_to_install_it(cli, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchmetrics.functional", None)
    cli("evaluate", "--data", "any").fails(MODEL, 'pip install ".[train]"')
