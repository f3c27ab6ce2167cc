"""``streamrec export``: what it writes and says."""

import json
import re

import pytest

OPTION, MODEL = 2, 4


def test_a_report_says_what_was_written(cli, tmp_path, weights_file):
    path = tmp_path / "out.onnx"
    result = cli("export", weights_file, "--to", path)
    assert (result.code, result.err) == (0, "")
    head, inputs, outputs, parity = result.out.splitlines()
    assert re.fullmatch(rf"{re.escape(str(path))}: \d+\.\d MB, ONNX opset \d+", head)
    assert re.fullmatch(r"input  \w+ \[1, 3, 32, 32\], and \d+ states", inputs)
    assert re.fullmatch(r"output logits \[1, 10\], and \d+ states", outputs)
    difference = re.fullmatch(r"agrees with PyTorch within (\S+) over \d+ frames", parity)
    assert float(difference[1]) < 1e-3


def test_what_was_written_gives_the_scores_of_the_original(cli, tmp_path, video, weights_file):
    path = tmp_path / "tiny.onnx"
    assert cli("export", weights_file, "--to", path).code == 0
    exported, original = (
        json.loads(cli("classify", video(), "--model", model, "--json").out)["top"]
        for model in (path, weights_file)
    )
    assert exported == original


def test_a_stored_model_is_exported_by_its_name(cli, tmp_path, weights_file):
    assert cli("models", "import", weights_file, "--as", "mine").code == 0
    assert cli("export", "mine", "--to", tmp_path / "out.onnx").code == 0
    assert (tmp_path / "out.onnx").is_file()


def test_a_model_of_whole_clips_is_exported_as_what_it_is(cli, tmp_path, video, base_file):
    path = tmp_path / "base.onnx"
    result = cli("export", base_file, "--to", path)
    assert result.code == 0, result.err
    assert "input  clip [frames, 3, 32, 32]" in result.out
    assert "states" not in result.out
    assert json.loads(cli("classify", video(), "--model", path, "--json").out)["frames"] == 10


def test_a_window_is_of_models_that_see_windows(cli, tmp_path, weights_file):
    out = tmp_path / "out.onnx"
    cli("export", weights_file, "--window", "8", "--to", out).fails(OPTION, "has no window")
    result = cli("export", "untrained:mobilenet3d-v2-0.2", "--window", "2", "--to", out)
    assert result.code == 0, result.err
    assert "input  clip [2, 3, 112, 112]" in result.out


@pytest.mark.parametrize("window", ["0", "-1", "100000000"])
def test_an_absurd_window_is_refused(cli, tmp_path, base_file, window):
    failed = cli("export", base_file, "--window", window, "--to", tmp_path / "out.onnx")
    failed.fails(OPTION, "--window of tiny-base is 1 to 1024 frames")
    assert list(tmp_path.iterdir()) == []


def test_eight_bits_are_for_stream_models(cli, tmp_path, base_file, video):
    arguments = ("--int8", "--calibrate", video(), "--to", tmp_path / "out.onnx")
    cli("export", base_file, *arguments).fails(OPTION, "--int8 is for stream models")


@pytest.mark.parametrize("name", ["out", "out.pt", "out.onnx.bak"])
def test_the_file_must_be_named_as_what_it_is(cli, tmp_path, weights_file, name):
    cli("export", weights_file, "--to", tmp_path / name).fails(OPTION, "--to", name)
    assert list(tmp_path.iterdir()) == []


def test_the_embedded_model_is_an_export_already(cli, tmp_path):
    cli("export", "gestures", "--to", tmp_path / "out.onnx").fails(MODEL, "gestures", "ONNX")


def test_a_mean_of_models_names_its_members(cli, tmp_path):
    result = cli("export", "movinet-a6-stream", "--to", tmp_path / "out.onnx")
    result.fails(MODEL, "movinet-a4-stream and movinet-a5-stream")


def test_eight_bits_say_what_they_cost(cli, tmp_path, video, weights_file):
    path = tmp_path / "small.onnx"
    result = cli("export", weights_file, "--to", path, "--int8", "--calibrate", video())
    assert (result.code, result.err) == (0, "")
    *_, size, accuracy, speed = result.out.splitlines()
    assert re.fullmatch(r"int8: \d+\.\d MB; over \d+ frames of the calibration clip:", size)
    assert re.fullmatch(r"same best class in [\d.]+%, a probability differs by \S+ .*", accuracy)
    assert re.fullmatch(r"[\d.]+ ms a frame, [\d.]+ ms in float32", speed)
    assert cli("classify", video(), "--model", path).code == 0


@pytest.mark.parametrize("flags", [("--int8",), ("--calibrate", "clip.mp4")])
def test_eight_bits_need_clips_and_clips_are_for_eight_bits(cli, tmp_path, weights_file, flags):
    result = cli("export", weights_file, "--to", tmp_path / "out.onnx", *flags)
    result.fails(OPTION, "--int8 goes with --calibrate")
    assert not (tmp_path / "out.onnx").exists()
