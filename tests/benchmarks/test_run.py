"""The benchmarks run, at a size that says nothing about speed."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / "benchmarks" / "run.py"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, RUN, *arguments]
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=100)


def measured(folder: Path, name: str, *arguments: object) -> list[dict]:
    """Run a benchmark; return the rows that it wrote."""
    saved = folder / "figures.json"
    done = run(name, "--quick", "--json", saved, *arguments)
    assert done.returncode == 0, done.stderr
    record = json.loads(saved.read_text())
    assert record.keys() == {"date", "machine", "versions", "results"}
    assert record["results"].keys() == {name}
    return record["results"][name]


def test_without_names_all_benchmarks_are_listed():
    listed = run().stdout
    catalogue = import_module("catalogue")
    for name, benchmark in catalogue.BENCHMARKS.items():
        assert name in listed
        assert benchmark.description in listed


def test_an_unknown_name_is_refused_with_those_that_are_there():
    done = run("stepp")
    assert done.returncode == 2
    assert "'stepp'" in done.stderr
    assert "step, mobile" in done.stderr


def test_the_readme_is_not_written_without_a_file_of_figures():
    done = run("step", "--readme")
    assert done.returncode == 2
    assert "--json" in done.stderr


@pytest.mark.parametrize("name", ["mobile", "flicker"])
def test_what_lacks_an_input_is_left_out_and_says_what_to_give(name):
    done = run(name)
    assert done.returncode == 1
    assert f"{name}: left out: give --" in done.stderr


def test_step_compares_engines_within_a_round(tmp_path):
    rows = {row["engine"]: row for row in measured(tmp_path, "step", "--engines", "onnx", "torch")}
    assert rows.keys() == {"onnx", "torch"}
    assert rows["onnx"]["ratios"].keys() == {"torch"}
    assert all(0 < row["median_ms"] <= row["p95_ms"] for row in rows.values())


def test_clip_compares_a_window_with_a_step(tmp_path):
    rows = measured(tmp_path, "clip")
    assert [(row["engine"], row["frames"]) for row in rows] == [
        (engine, frames) for engine in ("onnx", "torch") for frames in (3, 1)
    ]
    assert all(len(row["ratios"]) == (row["frames"] == 3) for row in rows)


def test_live_receives_predictions(tmp_path):
    (row,) = measured(tmp_path, "live")
    assert row["predictions"] > 0
    assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]


def test_cameras_counts_processor_time_of_a_frame(tmp_path):
    decode, *others = measured(tmp_path, "cameras", "--seconds", 0.4)
    assert decode["cpu_ms_per_frame"] * decode["cameras_per_core"] == pytest.approx(1000 / 25)
    assert [row["ratios"].keys() for row in others] == [{"decode"}] * 2


def test_startup_reaches_a_prediction(tmp_path):
    rows = measured(tmp_path, "startup", "--rounds", 1)
    assert [row["until"] for row in rows][-1] == "the first prediction"
    assert rows[0]["median_ms"] < rows[-1]["median_ms"]


def test_memory_grows_with_the_streams(tmp_path):
    pytest.importorskip("psutil", reason="psutil is not installed")
    rows = measured(tmp_path, "memory", "--engines", "onnx")
    assert [row["streams"] for row in rows] == ["before the model", "1", "2"]
    assert 0 < rows[0]["rss_mib"] < rows[1]["rss_mib"]


@pytest.mark.parametrize(("name", "fact"), [("input-size", "size"), ("streams", "streams")])
def test_scaling_compares_with_the_first_size(tmp_path, name, fact):
    first, second = measured(tmp_path, name, "--engines", "onnx")
    assert first[fact] < second[fact]
    assert not first["ratios"]
    assert len(second["ratios"]) == 1


def test_age_compares_an_old_stream_with_fresh_ones(tmp_path):
    young, old = measured(tmp_path, "age", "--engines", "onnx")
    assert (young["frames"], old["frames"]) == ("the first 20", "after 20")
    assert old["ratios"].keys() == {"the first 20"}


def test_mobile_names_the_real_clips(tmp_path, shared):
    pytest.importorskip("tflite", reason="the tflite extra is not installed")
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    data = shared / "data"
    trained = data / "models" / "movinet_a0_stream_int8.tflite"
    litert, onnx = measured(
        tmp_path, "mobile", "--trained", trained, "--clips", data / "clips", "--engines", "onnx"
    )
    assert (litert["right"], onnx["right"]) == ("8 of 8", "8 of 8")
    assert onnx["ratios"].keys() == {litert["engine"]}
