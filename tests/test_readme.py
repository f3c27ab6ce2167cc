"""What the README shows is true: its Python runs, and its commands and files are there."""

import re
import shlex
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from tiny_models import exported, trained

from streamrec.cli import make_parser

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
SHELL = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


def block(word: str) -> str:
    (found,) = [code for code in PYTHON if word in code]
    return found


@pytest.fixture
def folder(tmp_path, monkeypatch):
    clip = (files("streamrec") / "assets" / "demo.mp4").read_bytes()
    (tmp_path / "clip.mp4").write_bytes(clip)
    (tmp_path / "mine.onnx").write_bytes(exported(trained()))
    monkeypatch.chdir(tmp_path)


def test_the_first_example_recognises_a_clip_and_its_stream_goes_on(folder, capsys):
    names: dict = {}
    exec(block("open_source"), names)
    assert re.search(r"^[0-9.]+ s  circle clockwise  [0-9]+%$", capsys.readouterr().out, re.M)
    exec(block("restore"), names)
    assert names["stream"].save() == names["memory"]


def test_an_exported_file_runs_without_streamrec(folder):
    frames = [np.zeros((1, 3, 32, 32), np.float32)] * 3
    names: dict = {"frames": frames}
    exec(block("InferenceSession"), names)
    assert names["logits"].shape == (1, 10)
    assert names["state"]["frames_seen"].item() == 3


def test_the_commands_are_understood():
    shell = "\n".join(SHELL).replace("\\\n", " ")
    lines = [line.partition(" #")[0].partition(" > ")[0] for line in shell.splitlines()]
    commands = [line.split("streamrec ", 1)[1] for line in lines if line.startswith("streamrec ")]
    assert len(commands) >= 8
    for command in commands:
        make_parser().parse_args(shlex.split(command))


def test_the_map_names_files_that_are_there():
    tree = README.split("## Where things are")[1].split("```")[1]
    names = re.findall(r"\b([a-z_]+\.py|[a-z/]+/)(?=\s{2,})", tree)
    assert len(names) > 20
    for name in names:
        places = (ROOT / "streamrec" / name, ROOT / "streamrec/sources" / name, ROOT / name)
        assert any(place.exists() for place in places), name
