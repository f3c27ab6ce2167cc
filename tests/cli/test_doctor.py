"""``streamrec doctor``."""

import json
import platform
import socket
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
from rich.console import Console

from streamrec import __version__
from streamrec.cli import doctor
from streamrec.cli import main as command_line
from streamrec.cli.doctor import Probe, report, try_out
from streamrec.cli.probes import PROBES, Finding, main
from streamrec.runtimes.native import compiled_part, targets
from streamrec.runtimes.native.binding import native_code
from streamrec.types import DEFAULT_ENDPOINT
from streamrec.weights.untrained import untrained


@pytest.fixture(scope="module")
def findings(model, tmp_path_factory):
    """One look at this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STREAMREC_HOME", str(tmp_path_factory.mktemp("home")))
        return {finding.topic: finding for finding in doctor.examine(str(model))}


def test_the_machine_is_named(findings):
    assert __version__ in findings["system"].detail
    assert platform.python_version() in findings["system"].detail
    assert "torch" in findings["packages"].detail and "pyzmq" in findings["packages"].detail


def test_the_libraries_work(findings):
    for topic in ("opencv", "torch", "zeromq", "models"):
        assert findings[topic].status == "ok", findings[topic]
    assert "FFmpeg yes" in findings["opencv"].detail


def test_the_embedded_model_runs(findings):
    assert findings["onnx"].status == "ok", findings["onnx"]


def test_the_native_runtime_names_the_instruction_set_it_takes(findings):
    if compiled_part() is None:
        pytest.skip("the native runtime was not built")
    assert findings["native"].status == "ok", findings["native"]
    assert f"takes {targets()[0]}" in findings["native"].detail


@pytest.mark.parametrize(
    ("platform", "way"),
    [
        ("linux", "apt-get install g++"),
        ("freebsd14", "C++ compiler"),
        ("darwin", "xcode-select --install"),
        ("win32", "none is needed"),
    ],
)
def test_a_native_runtime_that_was_not_built_comes_with_the_way_to_it(monkeypatch, platform, way):
    monkeypatch.setattr("streamrec.runtimes.native.compiled_part", lambda: None)
    monkeypatch.setattr("sys.platform", platform)
    (finding,) = PROBES["native"]()
    assert finding.status == "missing" and "ONNX Runtime serves" in finding.detail
    assert way in finding.advice


def test_a_native_runtime_that_does_not_load_is_no_failure(monkeypatch, tmp_path, capsys):
    (tmp_path / "_step.so").write_bytes(b"not a library")
    native_code.cache_clear()
    monkeypatch.setattr(
        "streamrec.runtimes.native.binding.compiled_part", lambda: str(tmp_path / "_step.so")
    )
    monkeypatch.setattr("streamrec.runtimes.native.compiled_part", lambda: "_step.so")
    assert main(["native"]) != 0
    assert "does not load" in capsys.readouterr().err
    (probe,) = (probe for probe in doctor._TOGETHER if probe.name == "native")
    assert not probe.needed and "--runtime onnx" in probe.advice


def test_the_speed_is_measured_with_the_model_that_was_named(findings):
    assert findings["speed"].status == "ok"
    assert findings["speed"].detail.startswith("tiny: ")


def test_what_is_missing_comes_with_advice(findings):
    assert {"display", "gpu", "port", "tflite"} < findings.keys()
    assert any(topic.startswith("camera") for topic in findings)
    assert all(finding.advice for finding in findings.values() if finding.status != "ok")


@pytest.mark.parametrize(
    ("status", "code"), [("ok", 0), ("missing", 0), ("failed", 1)], ids=lambda value: str(value)
)
def test_only_what_recognition_needs_decides_the_exit_code(cli, monkeypatch, status, code):
    found = [Finding("system", "ok", "fine"), Finding("thing", status, "as it is", "mend it")]
    monkeypatch.setattr(doctor, "examine", lambda model: found)
    result = cli("doctor", "--json")
    assert (result.code, result.err) == (code, "")
    answer = json.loads(result.out)
    assert answer["works"] is (code == 0)
    assert answer["findings"][1] == {
        "topic": "thing",
        "status": status,
        "detail": "as it is",
        "advice": "mend it",
    }
    table = cli("doctor")
    assert table.code == code and table.err == ""
    assert ("-> mend it" in table.out) is (status != "ok")


def test_text_of_others_is_shown_as_it_is():
    console = Console(width=80)
    with console.capture() as capture:
        console.print(report([Finding("thing", "ok", "[bold]not markup[/]")]))
    assert "[bold]not markup[/]" in capture.get()


def test_a_probe_that_hangs_is_given_up_and_the_others_are_heard():
    hanging = Probe("speed", 0.01, "do without")
    slow, heard = try_out([hanging, Probe("display", 30.0, "", needed=False)])
    assert slow == Finding("speed", "failed", "no answer within 0.01 s", "do without")
    assert heard.topic == "display"


@pytest.mark.parametrize(("needed", "status"), [(True, "failed"), (False, "missing")])
def test_a_probe_that_crashes_gives_its_last_words(needed, status):
    (finding,) = try_out([Probe("no such probe", 30.0, "mend it", needed=needed)])
    assert finding == Finding("no such probe", status, "KeyError: 'no such probe'", "mend it")


def test_a_device_that_gives_no_numbers_is_no_device_that_works(monkeypatch, capsys):
    def broken(architecture):
        model = untrained(architecture)
        return replace(
            model, tensors={name: np.full_like(x, np.nan) for name, x in model.tensors.items()}
        )

    monkeypatch.setattr("streamrec.weights.untrained.untrained", broken)
    assert main(["torch"]) != 0
    out, err = capsys.readouterr()
    assert out == "" and "no scores on device cpu" in err


def test_no_advice_asks_an_index_for_streamrec(monkeypatch):
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    probes = (*doctor._TOGETHER, doctor._SPEED)
    advice = [doctor._tflite().advice, *(probe.advice for probe in probes)]
    installed = [text.partition("pip install")[2] for text in advice]
    assert any(installed) and not any("streamrec" in text for text in installed)


def test_what_stops_a_probe_after_its_first_finding_is_no_failure():
    first = Finding("torch", "ok", "the CPU works")
    code = f"import sys; print({json.dumps(asdict(first))!r}); sys.exit('the GPU is hot')"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    findings = doctor._finish(Probe("torch", 30.0, "cool it"), process)
    assert findings == [first, Finding("torch", "missing", "the GPU is hot", "cool it")]


def test_a_model_that_cannot_be_read_is_a_finding(tmp_path):
    (finding,) = try_out([Probe("speed", 30.0, "take another")], str(tmp_path / "missing.onnx"))
    assert (finding.topic, finding.status) == ("speed", "failed")
    assert "missing.onnx" in finding.detail


def test_a_store_that_cannot_be_written_is_no_failure(monkeypatch, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("STREAMREC_HOME", str(tmp_path / "file"))
    finding = doctor._store()
    assert finding.status == "missing" and "STREAMREC_HOME" in finding.advice


def test_a_port_in_use_is_no_failure(capsys):
    host, port = DEFAULT_ENDPOINT.removeprefix("tcp://").split(":")
    with socket.socket() as taken:
        try:
            taken.bind((host, int(port)))
        except OSError:
            pytest.skip("the default port is in use")
        taken.listen()
        assert main(["zeromq"]) == 0
    zeromq, port = map(json.loads, capsys.readouterr().out.splitlines())
    assert (zeromq["status"], port["status"]) == ("ok", "missing")
    assert "in use" in port["detail"]


def test_files_in_the_current_folder_do_not_stand_for_what_is_installed(
    tmp_path, monkeypatch, capsys
):
    (tmp_path / "numpy.py").write_text("raise SystemExit('not numpy')")
    monkeypatch.chdir(tmp_path)
    command_line(["doctor"])
    assert "not numpy" not in capsys.readouterr().out
