"""Start-up: from the command to the first published prediction, in a fresh process each time."""

import os
import subprocess
import sys
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path

from models import random_weights
from options import Options
from timing import Row, Variant, interleave

from streamrec.weights.store import HOME_VARIABLE, Store

MODEL = "benchmark"
IMPORTS = "import cv2, msgspec, numpy, zmq"
BASELINE = "the libraries' imports"


class _Run:
    """``streamrec run`` on the embedded video; ended outside the time that is taken."""

    def __init__(self, home: Path, video: Path) -> None:
        options = ("--source", str(video), "--model", MODEL, "--publish", "tcp://127.0.0.1:*")
        self._command = (sys.executable, "-P", "-m", "streamrec.cli", "run", *options, "--json")
        self._environment = {**os.environ, HOME_VARIABLE: str(home)}
        self._process: subprocess.Popen[bytes] | None = None

    def first_prediction(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise SystemExit(f"no prediction from: {' '.join(self._command)}")

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def measure(options: Options) -> list[Row]:
    """Time starts with a cached model, bare imports and the bare interpreter by turns."""
    home = options.folder / "home"
    Store(home).add(MODEL, random_weights(options.models[0]))
    with as_file(files("streamrec") / "assets" / "demo.mp4") as video:
        run = _Run(home, video)
        run.first_prediction()  # it exports the model, which is cached from then on
        run.end()
        variants = [
            _variant("the interpreter", partial(_python, "pass")),
            _variant(BASELINE, partial(_python, IMPORTS)),
            Variant(
                facts={"until": "the first prediction"},
                group="start",
                step=run.first_prediction,
                prepare=run.end,
            ),
        ]
        try:
            return interleave(variants, rounds=options.rounds, steps=1, warm_up=0)
        finally:
            run.end()


def _variant(name: str, step: "partial[None]") -> Variant:
    baseline = name if name == BASELINE else ""
    return Variant(facts={"until": name}, group="start", step=step, baseline=baseline)


def _python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)
