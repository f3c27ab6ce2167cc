"""The benchmarks run, at a size that says nothing about speed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import random_model, spec_of, tiny_architecture

from streamrec.export.write import export_step

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A tiny exported model."""
    path = tmp_path_factory.mktemp("model") / "tiny.onnx"
    record = tiny_architecture()
    export_step(random_model(record), spec_of(record), {}, path)
    return path


def run(folder: Path, name: str, *arguments: object) -> list[dict]:
    """Run a benchmark; return the results that it wrote."""
    saved = folder / "figures.json"
    command = [sys.executable, BENCHMARKS / f"{name}.py", "--json", saved, *arguments]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    record = json.loads(saved.read_text())
    assert record.keys() == {"date", "machine", "versions", "results"}
    return record["results"]


def test_step_latency_times_both_runtimes(tmp_path):
    results = run(
        tmp_path, "step_latency", "--sizes", "t0", "--threads", 1, "--rounds", 1, "--steps", 2
    )
    assert [result["engine"] for result in results] == ["torch", "onnx"]
    assert all(0 < result["median_ms"] <= result["p95_ms"] for result in results)


def test_capture_to_publish_receives_predictions(tmp_path, model):
    (result,) = run(tmp_path, "capture_to_publish", "--model", model, "--seconds", 3)
    assert result["predictions"] > 0
    assert 0 < result["p50_ms"] <= result["p95_ms"] <= result["p99_ms"]


def test_flicker_falls_with_smoothing(tmp_path, model):
    (result,) = run(
        tmp_path, "flicker", "--model", model, "synthetic:?seconds=2&width=64&height=48"
    )
    assert result["exponential 1 s"] <= result["none"]
