"""``streamrec train``: from the command line to a model and its report."""

import os
import signal
import subprocess
import sys
import time

import pytest
from safetensors.numpy import load_file

from streamrec.cli import main
from tests.training.made_data import color_list, model_file

SHORT = ("--epochs", "3", "--batch", "4", "--views", "2", "--rate", "0.05", "--val", "0.25")
SHORT += ("--threads", "1", "--device", "cpu")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("STREAMREC_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    return color_list(folder), model_file(folder)


def command(made, out, *more):
    data, model = made
    return ["train", "--data", str(data), "--model", str(model), "--out", str(out), *SHORT, *more]


def test_it_makes_a_model_and_a_report(tmp_path, made, capsys):
    assert main(command(made, tmp_path / "colors")) == 0
    said = capsys.readouterr().out
    assert "accuracy 1.000" in said
    assert "always saying 'blue' would reach 0.500" in said
    page = tmp_path / "colors" / "report" / "report.html"
    assert str(page) in said
    assert "clips.csv" in page.read_text()
    assert main(["classify", str(made[0].parent / "red1.avi"), "--model", _model(tmp_path)]) == 0
    assert "red" in capsys.readouterr().out.split("\n")[1]


def _model(folder):
    return str(folder / "colors" / "colors.safetensors")


def test_folds_are_told_with_their_spread(tmp_path, made, capsys):
    assert main(command(made, tmp_path / "folds", "--folds", "2")) == 0
    said = capsys.readouterr().out
    assert "over the folds" in said
    assert "fold 2: " in said


def test_options_come_from_a_file_and_flags_overrule_it(tmp_path, made, capsys):
    file = tmp_path / "train.yaml"
    file.write_text(f"data: {made[0]}\nmodel: {made[1]}\nepochs: 1000000\nval: 0.25\n")
    args = ["train", "--config", str(file), "--out", str(tmp_path / "run"), *SHORT]
    assert main(args) == 0
    assert "model:" in capsys.readouterr().out


def test_a_key_that_is_none_is_told_with_its_line(tmp_path, made, capsys):
    file = tmp_path / "train.yaml"
    file.write_text("epochs: 3\nlearning_rate: 0.1\n")
    assert main(["train", "--config", str(file), "--out", str(tmp_path / "run")]) == 2
    assert f"{file}:2:1: learning_rate is no key here" in capsys.readouterr().err


def test_what_must_be_given_is_told(tmp_path, capsys):
    assert main(["train", "--out", str(tmp_path)]) == 2
    assert "--data is missing" in capsys.readouterr().err


def test_a_file_that_is_left_out_is_told(tmp_path, capsys):
    made = color_list(tmp_path), model_file(tmp_path)
    (tmp_path / "red0.avi").write_bytes(b"no video")
    assert main(command(made, tmp_path / "run")) == 0
    assert "left out: " in capsys.readouterr().err


def test_a_missing_model_is_told_without_a_traceback(tmp_path, made, capsys):
    assert main(command((made[0], "nothing.safetensors"), tmp_path / "run")) == 4
    assert capsys.readouterr().err.splitlines()[-1] == (
        "streamrec: error: there is no file nothing.safetensors"
    )


def test_who_stops_it_is_told_how_it_goes_on(tmp_path, made, capsys, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("streamrec.training.run.learn", interrupted)
    assert main(command(made, tmp_path / "run")) == 130
    assert capsys.readouterr().err.splitlines()[-1] == (
        "stopped; the same command with --resume goes on"
    )


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_two_devices_learn_together(tmp_path, made):
    more = ("--devices", "2", "--batch", "1", "--trained", "head")
    assert _run(command(made, tmp_path / "two", *more)).wait(timeout=200) == 0
    assert (tmp_path / "two" / "two.safetensors").exists()
    assert (tmp_path / "two" / "curves.csv").read_text().count("val,loss") == 3
    assert len(list((tmp_path / "two" / "tensorboard").iterdir())) == 1


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_process_that_is_killed_goes_on_bit_for_bit(tmp_path, made):
    whole, killed = tmp_path / "a" / "run", tmp_path / "b" / "run"
    long = ("--epochs", "40")
    _run(command(made, whole, *long)).wait(timeout=200)
    process = _run(command(made, killed, *long))
    _await(killed / "checkpoint.pt", process)
    process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    process.wait(timeout=10)
    assert not (killed / "run.safetensors").exists()
    assert _run(command(made, killed, *long, "--resume")).wait(timeout=200) == 0
    models = [load_file(folder / "run.safetensors") for folder in (whole, killed)]
    assert all((models[0][name] == models[1][name]).all() for name in models[0])


def _run(args):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-m", "streamrec.cli", *args], env=environment)


def _await(path, process, timeout_s=150):
    end_s = time.monotonic() + timeout_s
    while not path.exists() and process.poll() is None and time.monotonic() < end_s:
        time.sleep(0.01)
    assert path.exists()
