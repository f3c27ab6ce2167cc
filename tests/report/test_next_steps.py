import os
import shlex
from pathlib import Path

import pytest

from streamrec.cli import make_parser
from streamrec.report.next_steps import after_evaluation, after_folds, after_training

MODEL = Path("my runs") / "it's.safetensors"


@pytest.mark.skipif(os.name == "nt", reason="quotes of another shell")
@pytest.mark.parametrize(
    "step",
    [
        *after_training(MODEL, "my clips"),
        *after_folds(str(MODEL), "my clips"),
        *after_evaluation(str(MODEL), "my clips", live=False),
    ],
)
def test_each_command_can_be_pasted(step):
    name, *words = shlex.split(step.command)
    assert name == "streamrec" and str(MODEL) in words
    make_parser(words[0]).parse_args(words)


def test_a_model_is_called_as_its_run_is():
    commands = " ".join(
        step.command for step in after_training(Path("runs/fight/fight.safetensors"), "d")
    )
    assert "--as fight" in commands and "--to fight.onnx" in commands


def test_endless_video_is_not_advised_to_those_who_have_it():
    assert len(after_evaluation("m", "d", live=True)) == 1
    assert "--live" in after_evaluation("m", "d", live=False)[0].command
