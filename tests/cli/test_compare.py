"""``streamrec compare``: what it prints and draws."""

import json
import sys

import cv2
import pytest

OPTION, SOURCE, MODEL = 2, 3, 4
SMALL = "movinet-t0-stream"
"""Published by nobody."""


@pytest.fixture
def lines(cli):
    """Run it with ``--json`` and return the models' objects, and the last one."""

    def run(*arguments):
        result = cli("compare", *arguments, "--json")
        assert result.code == 0, result.err
        *models, last = map(json.loads, result.out.splitlines())
        return models, last["agreement"]

    return run


def test_each_model_has_an_object_and_the_pairs_are_last(lines, video, model, base_file):
    path = video(frames=40)
    models, pairs = lines(path, "--model", model, "--model", base_file, "--label", "Class 3")
    assert [each["model"] for each in models] == ["tiny", "tiny-base"]
    tiny, base = models
    for each in models:
        assert each["untrained"] is False
        assert each["ms_per_prediction"] > each["ms_per_frame"] > 0
        assert each["peak_memory_bytes"] > 20e6 or sys.platform == "win32"
        assert each["parameters"] > 1000
        (file,) = each["files"]
        assert (file["file"], file["frames"], file["duration_s"]) == (str(path), 40, 1.6)
        assert len(file["top"]) == 3 and file["predictions"] > 0
    assert base["macs_per_prediction"] > base["parameters"]
    assert (tiny["judged"], tiny["files"][0]["knows_label"]) == (1, True)
    assert (base["judged"], base["files"][0]["knows_label"]) == (
        0,
        False,
    )  # its classes are 0, 1, ...
    assert base["first_right_s"] is None and base["files"][0]["top1"] is None
    assert pairs == []


def test_models_of_the_same_classes_are_compared(lines, tmp_path, video, model):
    twin = tmp_path / "twin.onnx"
    twin.write_bytes(model.read_bytes())
    _, pairs = lines(video(frames=40), "--model", model, "--model", twin)
    assert pairs == [{"models": ["tiny", "twin"], "share": 1.0}]


def test_the_table_fits_and_says_what_it_means(cli, tmp_path, video, model, base_file):
    twin = tmp_path / "twin.onnx"
    twin.write_bytes(model.read_bytes())
    models = [f"--model={name}" for name in (model, twin, base_file)]
    result = cli("compare", video("a.avi"), video("b.avi"), *models, "--label", "class 3")
    assert (result.code, result.err) == (0, "")
    rows = result.out.splitlines()
    assert max(map(len, rows)) <= 120
    assert sum("class " in row and "%" in row for row in rows) == 4
    (head,) = [row for row in rows if row.startswith("model ")]
    for word in ("top-1", "top-5", "/min", "frame", "prediction", "memory", "params"):
        assert word in head
    assert any("/2" in row and "MB" in row for row in rows)
    assert "tiny-base has no class 'class 3': not judged there" in rows
    assert "2 twin  100%" in rows


def test_models_of_one_name_are_called_as_they_were_given(lines, tmp_path, video, model):
    twin = tmp_path / model.name
    twin.write_bytes(model.read_bytes())
    models, _ = lines(video(), "--model", model, "--model", twin)
    assert [each["model"] for each in models] == [str(model), str(twin)]


def test_a_label_that_no_model_knows_is_told_with_the_nearest(cli, video, model):
    result = cli("compare", video(), "--model", model, "--label", "clas 3")
    assert "tiny has no class 'clas 3' (did you mean 'class 3'?): not judged there" in result.out


def test_a_narrow_terminal_shows_two_tables(cli, video, model, monkeypatch):
    monkeypatch.setattr("streamrec.cli.words.PAGE_WIDTH", 80)
    rows = cli("compare", video(), "--model", model).out.splitlines()
    assert sum(row.startswith("model ") for row in rows) == 2
    assert max(map(len, rows)) <= 80
    assert any(row.startswith("tiny ") and row.endswith(" M") for row in rows)


def test_models_without_weights_are_marked_and_not_judged(lines, cli, video):
    arguments = (video(frames=20), "--model", SMALL, "--untrained", "--label", "7")
    (model,), _ = lines(*arguments)
    assert model["untrained"] is True and model["judged"] == 0
    for each in (model, *model["files"]):
        assert each["flicker_per_minute"] is None and each["first_right_s"] is None
    table = cli("compare", *arguments).out
    assert f"{SMALL} (untrained)" in table and "what they say means nothing" in table


def test_a_model_that_fails_does_not_keep_the_others_from_being_shown(cli, video, model):
    result = cli("compare", video(), "--model", SMALL, "--model", model, "--json")
    result.fails(MODEL, SMALL)
    assert [json.loads(line).get("model") for line in result.out.splitlines()] == ["tiny", None]


def test_where_all_models_fail_nothing_is_shown(cli, video):
    result = cli("compare", video(), "--model", SMALL)
    result.fails(MODEL, SMALL)
    assert result.out == ""


def test_each_file_has_the_label_that_the_table_says(lines, tmp_path, video, model):
    table = tmp_path / "labels.csv"
    table.write_text("file,label\na.avi,class 3\nb.avi,juggling\n")
    files = (video("a.avi"), video("b.avi"), video("c.avi"))
    (tiny,), _ = lines(*files, "--model", model, "--labels", table, "--start", "0.1")
    assert [file["label"] for file in tiny["files"]] == ["class 3", "juggling", None]
    assert tiny["judged"] == 1


def test_each_file_has_a_picture(cli, tmp_path, video, model):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    files, plot = (video("a.avi"), video("b.avi")), tmp_path / "plot.png"
    result = cli("compare", *files, "--model", model, "--plot", plot)
    assert result.code == 0, result.err
    for name in ("plot-1.png", "plot-2.png"):
        assert cv2.imread(str(tmp_path / name)) is not None
    assert not plot.exists()


def test_a_picture_does_not_replace_a_film(cli, tmp_path, video, model):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    films = [tmp_path / "film-1.png", tmp_path / "film-2.png"]
    for film in films:
        film.write_bytes(video("a.avi").read_bytes())
    result = cli("compare", *films, "--model", model, "--plot", tmp_path / "film.png")
    result.fails(OPTION, "film-1.png", "source itself")


@pytest.mark.parametrize(
    "flags,said",
    [
        (("--top", "0"), "--top"),
        (("--start", "-1"), "--start"),
        (("--start", "nan"), "--start"),
        (("--labels", "missing.csv"), "missing.csv"),
        (("--window", "0"), "--window"),
        (("--model", "tiny", "--model", "tiny"), "tiny is given more than once"),
    ],
)
def test_options_that_make_no_sense_are_refused(cli, video, model, flags, said):
    result = cli("compare", video(), "--model", model, *flags)
    result.fails(OPTION, said)
    assert result.out == ""


def test_a_file_that_cannot_be_read_is_told_before_the_work(cli, tmp_path, video, model):
    result = cli("compare", video(), tmp_path / "missing.avi", "--model", model)
    result.fails(SOURCE, "missing.avi")
    assert result.out == ""


def test_what_has_no_end_is_refused(cli, model):
    result = cli("compare", "synthetic:?live=1&seconds=inf", "--model", model)
    result.fails(OPTION, "no end")


def test_it_runs_in_a_process_of_its_own_too(process, video, model):
    result = process("compare", video(), "--model", model, "--json")
    assert result.code == 0, result.err
    assert len(result.out.splitlines()) == 2
