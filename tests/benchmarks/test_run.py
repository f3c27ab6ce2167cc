"""The benchmarks run, at a size that says nothing about speed."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / "benchmarks" / "run.py"
WITHOUT_INPUTS = ("step", "windows", "live", "cameras", "startup", "input-size", "streams", "age")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, RUN, *arguments]
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=100)


def measured(folder: Path, *arguments: object) -> dict[str, list[dict]]:
    """Run benchmarks; return the rows that were written, by benchmark."""
    saved = folder / "figures.json"
    engines = ("--engines", "onnx", "torch")
    done = run(*arguments, "--quick", *engines, "--json", saved)
    assert done.returncode == 0, done.stderr
    record = json.loads(saved.read_text())
    assert record.keys() == {"date", "machine", "versions", "options", "results"}
    return {name: result["rows"] for name, result in record["results"].items()}


@pytest.fixture(scope="module")
def figures(tmp_path_factory) -> dict[str, list[dict]]:
    """What all those write that need neither files nor further packages."""
    return measured(tmp_path_factory.mktemp("figures"), *WITHOUT_INPUTS, "--seconds", 2.5)


def test_without_names_all_benchmarks_are_listed():
    listed = run().stdout
    catalogue = import_module("catalogue")
    for name, benchmark in catalogue.BENCHMARKS.items():
        assert name in listed
        assert benchmark.description in listed


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("stepp",), "'stepp'; there are step, mobile"), (("step", "--readme"), "give --json FILE")],
)
def test_what_cannot_be_run_is_refused_at_once(arguments, told):
    done = run(*arguments)
    assert done.returncode == 2
    assert told in done.stderr


def test_what_lacks_an_input_is_left_out_and_says_what_to_give():
    done = run("mobile", "flicker")
    assert done.returncode == 1
    for name in ("mobile", "flicker"):
        assert f"{name}: left out: give --" in done.stderr


def test_a_file_holds_what_was_asked_for(figures):
    assert tuple(figures) == WITHOUT_INPUTS


def test_a_file_says_how_each_result_came_to_be(tmp_path):
    options = import_module("options")
    run_module, report = import_module("run"), import_module("report")
    args = run_module.make_parser().parse_args(
        ["memory", "--rounds", "3", "--engines", "native bf16", "onnx", "--litert", "/a/b.tflite"]
    )
    flags = "--engines 'native bf16' onnx --rounds 3"
    assert run_module.command("memory", args) == f"python benchmarks/run.py memory {flags}"
    assert run_module.command("step", args).endswith(f"{flags} --litert FILE.tflite ...")
    saved = tmp_path / "figures.json"
    result = report.Result("a command", (0.1, 0.9), [{"rss_mib": 1.0}])
    report.save(saved, {"memory": result}, options.read_flags(args, tmp_path))
    record = report.read(saved)
    assert record["options"]["litert"] == ["b.tflite"]
    assert record["options"]["rounds"] == 3
    assert record["results"]["memory"]["load"] == [0.1, 0.9]


def test_step_compares_engines_within_a_round(figures):
    rows = {row["engine"]: row for row in figures["step"]}
    assert rows.keys() == {"onnx", "torch"}
    assert rows["onnx"]["ratios"].keys() == {"torch"}
    assert all(0 < row["median_ms"] <= row["p95_ms"] for row in rows.values())


def test_windows_compares_a_prediction_of_each_model_with_a_step(figures):
    rows = figures["windows"]
    assert [(row["model"], row["engine"]) for row in rows] == [
        ("movinet-t0-stream", "onnx"),
        ("movinet-t0-stream", "torch"),
        ("mobilenet3d-v2-0.2", "onnx"),
        ("mobilenet3d-v2-0.2", "torch"),
    ]
    assert rows[0]["ratios"] == {}
    for row in rows[1:]:
        assert row["ratios"]["a step of movinet-t0-stream"]["median"] > 0
    assert rows[2]["sees"] == "16 x 112 x 112"
    assert rows[2]["million parameters"] == pytest.approx(0.96411)


def test_live_receives_predictions(figures):
    (row,) = figures["live"]
    assert row["predictions"] > 0
    assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]


def test_cameras_counts_processor_time_of_a_frame(figures):
    decode, *others = figures["cameras"]
    assert decode["cpu_ms_per_frame"] * decode["cameras_per_core"] == pytest.approx(1000 / 25)
    assert [row["ratios"].keys() for row in others] == [{"decode"}] * 2


def test_capture_hears_every_camera_of_a_real_service(tmp_path):
    for package in ("av", "psutil"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    done = run("capture", "--quick", "--cameras", 1, "--json", tmp_path / "figures.json")
    if "no RTSP server" in done.stderr:
        pytest.skip("no GStreamer RTSP server")
    (row,) = json.loads((tmp_path / "figures.json").read_text())["results"]["capture"]["rows"]
    assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
    assert row["lost"] == 0 and row["predictions_a_second"] > 0


def test_decode_compares_ways_to_the_same_pictures(tmp_path):
    pytest.importorskip("av", reason="PyAV is not installed")
    each, some, grab, *pyav = measured(tmp_path, "decode")["decode"]
    assert grab["ratios"].keys() == {each["way"], some["way"]}
    assert [row["grey_levels_off"] for row in (each, some, grab, pyav[0])] == [0.0] * 4
    assert [row["off_grid_ms"] for row in (each, grab, *pyav[:-1])] == [0.0] * (len(pyav) + 1)
    assert pyav[-1]["off_grid_ms"] > 100


def test_startup_reaches_a_prediction(figures):
    interpreter, imports, prediction = figures["startup"]
    assert prediction["until"] == "the first prediction"
    assert interpreter["ratios"].keys() == prediction["ratios"].keys() == {imports["until"]}


@pytest.mark.parametrize(("name", "fact"), [("input-size", "size"), ("streams", "streams")])
def test_scaling_compares_with_the_first_size(figures, name, fact):
    first, second = (row for row in figures[name] if row["engine"] == "onnx")
    assert first[fact] < second[fact]
    assert not first["ratios"]
    assert len(second["ratios"]) == 1


def test_age_compares_an_old_stream_with_fresh_ones(figures):
    young, old = figures["age"][:2]
    assert (young["frames"], old["frames"]) == ("the first 20", "after 20")
    assert old["ratios"].keys() == {"the first 20"}


def test_memory_grows_with_the_streams(tmp_path):
    pytest.importorskip("psutil", reason="psutil is not installed")
    rows = [row for row in measured(tmp_path, "memory")["memory"] if row["engine"] == "onnx"]
    assert [row["streams"] for row in rows] == ["before the model", "1", "2"]
    assert 0 < rows[0]["rss_mib"] < rows[1]["rss_mib"]


def test_mobile_names_the_real_clips(tmp_path, shared):
    pytest.importorskip("tflite", reason="the tflite extra is not installed")
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    data = shared / "data"
    trained = data / "models" / "movinet_a0_stream_int8.tflite"
    rows = measured(tmp_path, "mobile", "--trained", trained, "--clips", data / "clips")["mobile"]
    assert [row["right"] for row in rows] == ["8 of 8"] * 3
    litert, *ours = rows
    assert all(row["ratios"].keys() == {litert["engine"]} for row in ours)


def test_isolation_compares_threads_and_processes(tmp_path):
    pytest.importorskip("av")
    pytest.importorskip("psutil")
    rows = measured(tmp_path, "isolation", "--seconds", 1)["isolation"]
    assert [row["way"] for row in rows] == ["thread", "process"] * 2
    assert [row["capture_process_mib"] > 0 for row in rows] == [False, True] * 2
    assert all(row["cpu_ms_per_frame"] > 0 for row in rows)
