"""What cannot work gives one line of error, the right exit code, and no half-written file."""

import json
import socket

import cv2
import numpy as np
import pytest

from tests.cli.conftest import ANY_PORT

OPTION, SOURCE, MODEL, OUTPUT = 2, 3, 4, 5


@pytest.fixture
def files(tmp_path, video):
    """A folder of things that are no videos."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("Not a video.\n" * 100)
    whole = video("whole.mp4", codec="mp4v").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "whole.mp4").unlink()
    return tmp_path


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.mp4", "no such file"),
        ("folder", "a directory"),
        ("empty.mp4", "empty (0 bytes)"),
        ("text.mp4", "not a video"),
        ("cut.mp4", "not a video"),
    ],
)
def test_a_file_that_is_no_video(process, files, model, name, reason):
    before = sorted(files.iterdir())
    record = files / "record.mp4"
    result = process(
        *("run", "--source", files / name, "--model", model),
        *("--publish", ANY_PORT, "--record", record),
    )
    result.fails(SOURCE, reason, name)
    assert result.err.count("\n") == 1 and result.out == ""
    assert sorted(files.iterdir()) == before


def test_a_video_that_breaks_off_is_seen_up_to_there(process, tmp_path, video, model):
    whole = video("whole.avi", frames=20).read_bytes()
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole[: len(whole) // 2])
    result = process("run", "--source", cut, "--model", model, "--publish", ANY_PORT, "--json")
    assert result.code == 0 and "error" not in result.err
    assert 5 < len(result.out.splitlines()) < 20


def test_a_name_of_two_lines_gives_one(cli, model):
    result = cli("run", "--source", "two\nlines.mp4", "--model", model, "--publish", ANY_PORT)
    result.fails(SOURCE, "two lines.mp4")


def test_an_unknown_scheme(cli, model):
    result = cli("run", "--source", "gopher://x", "--model", model, "--publish", ANY_PORT)
    result.fails(SOURCE, "gopher", "rtsp:")


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_a_closed_port(process, model, scheme):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"{scheme}://joe:secret@127.0.0.1:{closed.getsockname()[1]}/x"
        result = process("run", "--source", url, "--model", model, "--publish", ANY_PORT)
    result.fails(SOURCE, "nothing listens")
    assert result.err.count("\n") == 1 and "secret" not in result.err


def test_a_wrong_password(process, rtsp_server, model):
    url = f"rtsp://joe:wrong@{rtsp_server('joe', 'secret').address}/test"
    result = process("run", "--source", url, "--model", model, "--publish", ANY_PORT)
    result.fails(SOURCE, "user name or password refused")
    assert result.err.count("\n") == 1 and "wrong" not in result.err


@pytest.mark.parametrize(
    "command",
    [("run", "--source", "synthetic:", "--model"), ("models", "info"), ("models", "pull")],
)
def test_an_unknown_model_suggests_the_nearest(cli, command):
    options = ("--publish", ANY_PORT) if command[0] == "run" else ()
    cli(*command, "movinet-a0-steam", *options).fails(MODEL, "movinet-a0-stream")


@pytest.mark.parametrize("name", ["cut.onnx", "cut.safetensors", "cut.tar.gz", "cut.tflite"])
def test_corrupt_weights(cli, tmp_path, model, weights_file, name):
    path = tmp_path / name
    source = model if name.endswith(".onnx") else weights_file
    path.write_bytes(source.read_bytes()[:5000])
    cli("run", "--source", "synthetic:", "--model", path, "--publish", ANY_PORT).fails(MODEL, name)


@pytest.mark.parametrize("name", ["missing.onnx", "missing.safetensors", "folder/missing"])
def test_a_model_file_that_is_not_there(cli, tmp_path, name):
    path = tmp_path / name
    cli("run", "--source", "synthetic:", "--model", path, "--publish", ANY_PORT).fails(MODEL, name)


def test_an_export_of_corrupt_weights_leaves_nothing(cli, tmp_path, weights_file):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(weights_file.read_bytes()[:-1])
    cli("export", path, "--to", tmp_path / "out.onnx").fails(MODEL, "cut.safetensors")
    assert list(tmp_path.iterdir()) == [path]


def test_an_export_that_cannot_be_written_leaves_nothing(cli, tmp_path, weights_file):
    (tmp_path / "file").write_bytes(b"")
    cli("export", weights_file, "--to", tmp_path / "file" / "out.onnx").fails(OUTPUT, "out.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_wrong_number_of_labels(cli, tmp_path, home, weights_file):
    labels = tmp_path / "labels.txt"
    labels.write_text("one\ntwo\n")
    result = cli("models", "import", weights_file, "--as", "mine", "--labels", labels)
    result.fails(MODEL, "10 classes", "2 labels")
    assert list(home.rglob("*")) == []


def test_an_endpoint_in_use(cli, model):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        endpoint = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        result = cli("run", "--source", "synthetic:", "--model", model, "--publish", endpoint)
    result.fails(OUTPUT, endpoint, "in use")


@pytest.mark.parametrize("endpoint", ["5570", "tcp://0.0.0.0:5570", "udp://127.0.0.1:5570"])
def test_an_endpoint_that_is_not_allowed(cli, model, endpoint):
    result = cli("run", "--source", "synthetic:", "--model", model, "--publish", endpoint)
    result.fails(OUTPUT, endpoint)


@pytest.mark.parametrize("name", ["record.txt", "no/record.mp4", "folder.mp4"])
def test_a_recording_that_cannot_be_written(cli, tmp_path, model, name):
    (tmp_path / "folder.mp4").mkdir()
    result = cli(
        *("run", "--source", "synthetic:", "--model", model),
        *("--publish", ANY_PORT, "--record", tmp_path / name),
    )
    result.fails(OUTPUT, name)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.mp4"]


def test_a_recording_is_not_replaced_by_a_run_without_frames(cli, tmp_path, model):
    record = tmp_path / "record.mp4"
    record.write_bytes(b"earlier")
    result = cli(
        *("run", "--source", tmp_path / "missing.mp4", "--model", model),
        *("--publish", ANY_PORT, "--record", record),
    )
    result.fails(SOURCE)
    assert record.read_bytes() == b"earlier"


@pytest.mark.parametrize(
    ("flag", "value"), [("--top", 0), ("--threads", 0), ("--smooth-seconds", 0), ("--top", -1)]
)
def test_a_value_that_is_not_allowed(cli, model, flag, value):
    result = cli("run", "--source", "synthetic:", "--model", model, flag, value)
    result.fails(OPTION, flag, str(value))


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((1, 1, 3), np.uint8),
        ((4320, 7680, 3), np.uint8),
        ((48, 64), np.uint8),
        ((48, 64, 4), np.uint8),
        ((48, 64), np.uint16),
    ],
    ids=["1x1", "8K", "grey", "RGBA", "16 bits"],
)
def test_an_odd_picture_is_seen(cli, tmp_path, model, shape, dtype):
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), np.full(shape, 100, dtype))
    result = cli("run", "--source", path, "--model", model, "--publish", ANY_PORT, "--json")
    assert result.code == 0, result.err
    (line,) = result.out.splitlines()
    assert len(json.loads(line)["top"]) == 5
