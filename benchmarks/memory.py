"""Resident memory of a process that serves one model, with 1, 8 and 64 streams.

Run as a script, it is that process: ``memory.py ENGINE MODEL FOLDER COUNT...``.
"""

import json
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from engines import ENGINES, Step, opened, streaming
from models import random_model
from options import MissingError, Options
from timing import Row

STEPS = 3
"""Of each stream, so that all memory that it will ever need is in use."""


def measure(options: Options) -> list[Row]:
    """Return the resident memory of each engine's process.

    Raises:
        MissingError: psutil, which reads it on every system, is not installed.
    """
    if find_spec("psutil") is None:
        raise MissingError("psutil is not installed: pip install psutil")
    name = options.models[0]
    model = random_model(name, options.folder)
    there = [engine for engine, _ in opened(model, 1, streaming(options.engines))]
    return [row for engine in there for row in _fresh_process(engine, name, options)]


def _fresh_process(engine: str, model: str, options: Options) -> list[Row]:
    arguments = (engine, model, options.folder, *options.streams)
    command = (sys.executable, __file__, *map(str, arguments))
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    rows: list[Row] = json.loads(done.stdout)
    return rows


def serve(engine: str, name: str, folder: Path, counts: list[int]) -> list[Row]:
    """Be the process: load the model, begin streams, and tell the memory at each count."""
    rows: list[Row] = [{"engine": engine, "streams": "before the model", "rss_mib": _rss_mib()}]
    model = random_model(name, folder)
    start = ENGINES[engine].open(model, 1)
    frame = np.zeros((1, *model.spec.frame_shape), np.float32)
    running: list[Step] = []
    for count in counts:
        running += [start() for _ in range(count - len(running))]
        for step in running:
            for _ in range(STEPS):
                step(frame)
        rows.append({"engine": engine, "streams": str(count), "rss_mib": _rss_mib()})
    return rows


def _rss_mib() -> float:
    resident: int = import_module("psutil").Process().memory_info().rss
    return resident / 2**20


if __name__ == "__main__":
    counts = [int(count) for count in sys.argv[4:]]
    print(json.dumps(serve(sys.argv[1], sys.argv[2], Path(sys.argv[3]), counts)))
