import logging

import onnx
import pytest
from tiny_models import exported, trained

from streamrec.card import METADATA_KEY, card_from_json
from streamrec.errors import ParityError, RuntimeMissingError, WeightsError
from streamrec.runtimes import choose
from streamrec.runtimes.choose import open_fastest, open_native
from streamrec.runtimes.native import compiled_part, targets

needs_native = pytest.mark.skipif(
    compiled_part() is None, reason="the native runtime was not built: no C++ compiler"
)


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "tiny.onnx"
    path.write_bytes(exported(trained()))
    return path


def edit_card(path, **changes):
    file = onnx.load(path)
    card = card_from_json(file.metadata_props[0].value, "test")
    for name, value in changes.items():
        object.__setattr__(card, name, value)
    onnx.helper.set_model_props(file, {METADATA_KEY: card.to_json()})
    path.write_bytes(file.SerializeToString())


@needs_native
def test_the_native_runtime_is_taken_and_the_log_says_so(model, caplog):
    caplog.set_level(logging.INFO, "streamrec")
    chosen = open_fastest(model, "fp32", 1)
    if targets()[0] != "sse2":
        assert chosen.engine == f"native ({targets()[0]}, fp32)"
    assert caplog.messages[-1] == f"tiny.onnx: taking {chosen.engine}"


@needs_native
def test_with_more_threads_both_take_turns(model, monkeypatch):
    asked = []
    monkeypatch.setattr(
        choose, "_step_s", lambda stream, frame: asked.append(type(stream).__name__) or -len(asked)
    )
    assert open_fastest(model, "fp32", 2).engine == "ONNX Runtime (2 threads)"
    assert asked == ["NativeStream", "OnnxStream"] * 3


@needs_native
def test_one_that_computes_something_else_is_not_taken(model, caplog):
    edit_card(model, check=tuple(float(i) for i in range(10)))
    assert open_fastest(model, "fp32", 1).engine == "ONNX Runtime (1 thread)"
    (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "differs from PyTorch" in record.getMessage()
    with pytest.raises(ParityError):
        open_native(model, "fp32")


@pytest.mark.parametrize("lacks", ["plan", "check"])
def test_a_file_of_an_older_version_runs_on_onnx_runtime(model, lacks, caplog):
    caplog.set_level(logging.INFO, "streamrec")
    edit_card(model, **{lacks: None})
    assert open_fastest(model, "fp32", 1).engine == "ONNX Runtime (1 thread)"
    if compiled_part() is not None:
        assert "taking ONNX Runtime" in caplog.text
        with pytest.raises(RuntimeMissingError, match=r"take --runtime onnx|export it again"):
            open_native(model, "fp32")


def test_without_the_compiled_part_onnx_runtime_serves(model, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "streamrec")
    monkeypatch.setattr("streamrec.runtimes.native.binding.compiled_part", lambda: None)
    from streamrec.runtimes.native.binding import native_code

    native_code.cache_clear()
    assert open_fastest(model, "fp32", 1).engine == "ONNX Runtime (1 thread)"
    assert "C++ compiler" in caplog.text
    with pytest.raises(RuntimeMissingError, match="C\\+\\+ compiler"):
        open_fastest(model, "bf16", 1)
    native_code.cache_clear()


def test_a_damaged_file_is_an_error_of_its_own(model):
    model.write_bytes(model.read_bytes()[:1000])
    with pytest.raises(WeightsError, match=r"tiny\.onnx"):
        open_fastest(model, "fp32", 1)
