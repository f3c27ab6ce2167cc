"""What to do with a model, as commands that can be pasted."""

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What a command does, and the command."""

    what: str
    command: str


def after_folds(start: str, data: str) -> list[NextStep]:
    """Return what to do after a cross-validation of training ``start`` on ``data``."""
    return [
        _step(
            "These models only tell how well such a training does. Train the one to use, with your "
            "other options but without --folds",
            *("train", "--data", data, "--model", start, "--out", "runs/final"),
        )
    ]


def after_training(result: Path, data: str) -> list[NextStep]:
    """Return what to do with the model in ``result``; ``data`` lists its clips, with splits."""
    model, name = str(result), result.stem
    return [
        _step("Watch it work on a camera", "run", "--source", "0", "--model", model, "--show"),
        _step(
            "Judge it on endless video, as a camera sends it, by the clips that taught it nothing: "
            "how soon it is right, how often it cries wolf",
            *("evaluate", "--data", data, "--model", model, "--live"),
        ),
        _step("Give it a name", "models", "import", model, "--as", name),
        _step("Export it for other programs", "export", model, "--to", f"{name}.onnx"),
    ]


def after_evaluation(model: str, data: str, *, live: bool) -> list[NextStep]:
    """Return what to do after an evaluation of ``model`` on ``data``."""
    steps = [_step("Watch it work on a camera", "run", "--source", "0", "--model", model, "--show")]
    if not live:
        command = ("evaluate", "--data", data, "--model", model, "--live")
        steps.insert(0, _step("Judge it on endless video, as a camera sends it", *command))
    return steps


def _step(what: str, *words: str) -> NextStep:
    join = subprocess.list2cmdline if os.name == "nt" else shlex.join
    return NextStep(what=what, command=join(["streamrec", *words]))
