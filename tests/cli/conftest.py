"""The real command, in this process or in one of its own, with a tiny model and a store of its own.

In this process it costs milliseconds; in its own, a second, but signals and the noise of native
libraries show.
"""

import logging
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
import torch

from streamrec.cli import main
from streamrec.export.write import write_export
from streamrec.weights.model_file import save_model
from streamrec.weights.model_weights import ModelWeights, plain_preprocessing
from streamrec.weights.untrained import untrained
from tests.support import random_model, spec_of, tiny_architecture

COMMAND = (sys.executable, "-m", "streamrec.cli")
ANY_PORT = "tcp://127.0.0.1:*"


class Result(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str

    def fails(self, code: int, *parts: str) -> None:
        """Assert that it ended with ``code`` and one line of error, which has all ``parts``."""
        errors = [line for line in self.err.splitlines() if line.startswith("streamrec: error: ")]
        assert self.code == code, self.err
        assert len(errors) == 1 and self.err.rstrip().endswith(errors[0]), self.err
        assert "Traceback" not in self.err
        for part in parts:
            assert part in errors[0]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store."""
    folder = tmp_path / "home"
    monkeypatch.setenv("STREAMREC_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    """Leave the log as it was."""
    log = logging.getLogger("streamrec")
    handlers, level = list(log.handlers), log.level
    yield
    log.handlers, log.level = handlers, level


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Leave the handling of signals as it was, and let children be interrupted."""
    before = {kind: signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for kind, handler in before.items():
        signal.signal(kind, handler)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run a command in this process."""

    def run(*arguments: object) -> Result:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Result(code, *capsys.readouterr())

    return run


@pytest.fixture
def process() -> Callable[..., Result]:
    """Run a command in a process of its own."""

    def run(*arguments: object) -> Result:
        command = [*COMMAND, *map(str, arguments)]
        ended = subprocess.run(command, capture_output=True, timeout=60)
        return Result(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    return run


@pytest.fixture(scope="session")
def weights() -> ModelWeights:
    """A tiny model that can be exported."""
    architecture = tiny_architecture()
    tensors = random_model(architecture).state_dict().items()
    return ModelWeights(
        architecture=architecture,
        tensors={name: x.numpy() for name, x in tensors if x.dtype == torch.float32},
        labels=spec_of(architecture).labels,
        preprocessing=plain_preprocessing(architecture),
    )


@pytest.fixture(scope="session")
def weights_file(tmp_path_factory: pytest.TempPathFactory, weights: ModelWeights) -> Path:
    """It, in our own form."""
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_model(path, weights)
    return path


@pytest.fixture(scope="session")
def base_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that sees whole clips, in our own form."""
    path = tmp_path_factory.mktemp("weights") / "tiny-base.safetensors"
    weights = untrained(tiny_architecture("base"))
    save_model(path, replace(weights, provenance={"source": "a test"}))
    return path


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It, exported."""
    architecture = tiny_architecture()
    path = tmp_path_factory.mktemp("model") / "tiny.onnx"
    write_export(random_model(architecture), spec_of(architecture), {}, path)
    return path


@pytest.fixture
def video(tmp_path: Path) -> Callable[..., Path]:
    """Make a small video of noise."""

    def make(name: str = "clip.avi", codec: str = "MJPG", frames: int = 10) -> Path:
        path = tmp_path / name
        random = np.random.default_rng(0)
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 25.0, (64, 48))
        for _ in range(frames):
            writer.write(random.integers(0, 256, (48, 64, 3), np.uint8))
        writer.release()
        return path

    return make
