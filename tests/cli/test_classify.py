"""``streamrec classify``: what it prints and draws."""

import json

import cv2
import pytest

OPTION, SOURCE = 2, 3


def test_text_names_the_file_and_its_classes_best_first(cli, video, model):
    path = video()
    result = cli("classify", path, "--model", model, "--top", 3)
    assert (result.code, result.err) == (0, "")
    head, *lines = result.out.splitlines()
    assert head == f"{path}  (10 frames, 0.4 s, tiny)"
    shares = [float(line.split("%")[0]) for line in lines]
    assert len(lines) == 3 and shares == sorted(shares, reverse=True)
    assert all(line.split("%  ")[1].startswith("class ") for line in lines)


def test_json_has_one_object_a_file(cli, video, model):
    first, second = video("one.avi"), video("two.avi", frames=20)
    result = cli("classify", first, second, "--model", model, "--json", "--top", 10)
    answers = [json.loads(line) for line in result.out.splitlines()]
    assert [answer["file"] for answer in answers] == [str(first), str(second)]
    assert [answer["frames"] for answer in answers] == [10, 20]
    assert [answer["duration_s"] for answer in answers] == [0.4, 0.8]
    for answer in answers:
        assert answer["model"] == "tiny"
        assert {top["id"] for top in answer["top"]} == set(range(10))
        assert all(top["label"] == f"class {top['id']}" for top in answer["top"])
        assert sum(top["score"] for top in answer["top"]) == pytest.approx(1.0, abs=1e-4)


def test_a_file_that_cannot_be_read_does_not_keep_the_others_from_being_answered(
    cli, tmp_path, video, model
):
    missing, good = tmp_path / "missing.avi", video()
    result = cli("classify", missing, good, "--model", model, "--json")
    result.fails(SOURCE, "missing.avi")
    assert json.loads(result.out)["file"] == str(good)


def test_every_file_that_cannot_be_read_is_named(cli, tmp_path, video, model):
    names = ("one.avi", "two.avi", "three.avi")
    result = cli("classify", *(tmp_path / name for name in names), "--model", model)
    assert (result.code, result.out) == (SOURCE, "")
    lines = result.err.splitlines()
    assert len(lines) == 3 and all(name in line for name, line in zip(names, lines, strict=True))


def test_what_has_no_end_is_refused(cli, model):
    result = cli("classify", "synthetic:?live=1&seconds=inf", "--model", model)
    result.fails(OPTION, "no end", "`run`")


def test_a_model_of_whole_clips_answers_too(cli, video, base_file):
    result = cli("classify", video(), "--model", base_file, "--json")
    assert result.code == 0, result.err
    answer = json.loads(result.out)
    assert answer["frames"] == 10
    assert [top["label"] for top in answer["top"]] == [str(top["id"]) for top in answer["top"]]


@pytest.mark.parametrize("top", [0, -1])
def test_a_number_of_classes_that_makes_no_sense_is_refused(cli, video, model, top):
    cli("classify", video(), "--model", model, "--top", top).fails(OPTION, "--top", str(top))


def test_a_plot_is_drawn_beside_the_answer(cli, tmp_path, video, model):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    plot = tmp_path / "plot.png"
    result = cli("classify", video(), "--model", model, "--plot", plot)
    assert result.code == 0, result.err
    assert "10 frames" in result.out
    assert cv2.imread(str(plot)) is not None


def test_a_plot_is_of_one_file(cli, tmp_path, video, model):
    files, plot = (video("one.avi"), video("two.avi")), tmp_path / "plot.png"
    result = cli("classify", *files, "--model", model, "--plot", plot)
    result.fails(OPTION, "--plot", "got 2")
    assert result.out == "" and not plot.exists()
