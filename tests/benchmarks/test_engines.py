"""Every engine that can run our models computes what the reference computes."""

from importlib import import_module

import numpy as np
import onnx
import pytest

NAME = "movinet-t0-stream"


@pytest.fixture
def engines():
    return import_module("engines")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def model(folder):
    return import_module("models").random_model(NAME, folder, image_size=32)


def test_the_first_frame_has_the_same_logits_everywhere(engines, model):
    frame = engines.noise(model.spec)
    logits = {name: start()(frame) for name, start in engines.opened(model, 1, engines.ENGINES)}
    assert {"onnx", "torch"} <= logits.keys()
    for name, found in logits.items():
        bound = 1e-4 if engines.ENGINES[name].precision == "fp32" else 0.05
        assert np.abs(found - logits["torch"]).max() <= bound, name


def test_openvino_runs_without_what_is_there_for_onnx_runtime(model):
    pytest.importorskip("openvino", reason="OpenVINO is not installed")
    plain = import_module("peer_openvino").plain(onnx.load(model.path))
    onnx.checker.check_model(plain, full_check=True)
    assert {"If", "Resize"}.isdisjoint(node.op_type for node in plain.graph.node)
    assert "want_logits" not in {value.name for value in plain.graph.input}


def test_an_engine_that_is_not_there_is_told_in_one_line(engines, model, monkeypatch, capsys):
    def absent(model, threads):
        raise ImportError("No module named 'absent'")

    monkeypatch.setattr(engines, "ENGINES", {"absent": engines.Engine(absent)})
    for _ in range(2):
        assert list(engines.opened(model, 1, ["absent"])) == []
    assert capsys.readouterr().err == "absent: not measured: No module named 'absent'\n"
