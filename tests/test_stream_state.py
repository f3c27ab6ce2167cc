import json
import struct
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load
from tiny_models import exported, recognizer, runtime, spec, trained

from streamrec.errors import StateError
from streamrec.recognizer import Recognizer
from streamrec.runtimes.state import state_to_bytes
from streamrec.runtimes.torch import TorchRuntime
from streamrec.smoothing import Exponential, NoSmoothing, WindowedMean
from streamrec.types import Frame

SMOOTHERS = [NoSmoothing(), Exponential(0.5), WindowedMean(1.0)]

CONTINUE = """
import sys
from pathlib import Path
import numpy as np
from streamrec.recognizer import Recognizer
from streamrec.runtimes.onnx import OnnxRuntime

folder = Path(sys.argv[1])
data = np.load(folder / "rest.npz")
stream = Recognizer("tiny", [OnnxRuntime(folder / "model.onnx")]).stream(declared_fps=30.0)
stream.restore((folder / "state").read_bytes())
said = [stream.push(shot, t) for shot, t in zip(data["shots"], data["times"])]
np.savez(folder / "said.npz", scores=[p.scores for p in said], raw=[p.raw for p in said],
         counts=[(p.frame_index, p.state_age, p.lanes, p.repeated, p.resets) for p in said])
assert "torch" not in sys.modules
"""


def pictures(count: int, seed: int = 0) -> np.ndarray:
    shape = (count, 32, 32, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def push_all(stream, shots, times):
    return [stream.push(shot, float(time_s)) for shot, time_s in zip(shots, times, strict=True)]


def used(stream, frames: int = 45):
    push_all(stream, pictures(frames), np.arange(frames) / 30)
    return stream


def same(one, other) -> bool:
    if one is None or other is None:
        return one is other
    fields = (
        *("frame_index", "state_age", "lanes", "lanes_wanted", "repeated", "resets", "warm_up"),
        *("gap_s", "still_s"),
    )
    return (
        np.array_equal(one.scores, other.scores)
        and np.array_equal(one.raw, other.raw)
        and all(getattr(one, name) == getattr(other, name) for name in fields)
    )


def test_a_stream_goes_on_in_another_process_with_the_same_numbers(tmp_path):
    (tmp_path / "model.onnx").write_bytes(exported(trained()))
    shots, times = pictures(90), np.arange(90) / 30
    times[60:] += 0.4  # a gap to bridge just after
    stream = recognizer().stream(declared_fps=30.0)
    push_all(stream, shots[:60], times[:60])
    (tmp_path / "state").write_bytes(stream.save())
    np.savez(tmp_path / "rest.npz", shots=shots[60:], times=times[60:])
    subprocess.run([sys.executable, "-c", CONTINUE, str(tmp_path)], check=True, timeout=60)
    theirs, ours = np.load(tmp_path / "said.npz"), push_all(stream, shots[60:], times[60:])
    np.testing.assert_array_equal(theirs["scores"], [p.scores for p in ours])
    np.testing.assert_array_equal(theirs["raw"], [p.raw for p in ours])
    counts = [(p.frame_index, p.state_age, p.lanes, p.repeated, p.resets) for p in ours]
    assert theirs["counts"].tolist() == [list(row) for row in counts]
    assert ours[0].repeated > 0


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-2.0, 2.0) | st.floats(0.01, 0.3), min_size=2, max_size=30),
    st.integers(0, 30),
    st.sampled_from(SMOOTHERS),
    st.sampled_from(["frame", "grid"]),
)
def test_saved_anywhere_a_stream_goes_on_as_if_it_had_not_been(steps, cut, smoother, predict):
    times = np.cumsum(steps)
    cut = min(cut, len(times))
    shots = pictures(len(times))
    kinds = {"smoother": smoother, "predict": predict}
    stream, restored = recognizer().stream(**kinds), recognizer().stream(**kinds)
    push_all(stream, shots[:cut], times[:cut])
    data = stream.save()
    assert stream.save() == data
    restored.restore(data)
    assert restored.save() == data
    rest = push_all(stream, shots[cut:], times[cut:])
    assert all(map(same, rest, push_all(restored, shots[cut:], times[cut:])))


def test_a_stream_saved_before_a_still_scene_goes_on_the_same():
    stream, restored, shot = used(recognizer().stream()), recognizer().stream(), pictures(1)[0]

    def at(time_s: float) -> Frame:
        return Frame(image=shot, index=50, captured_s=0.0, time_s=time_s, source="cam")

    stream.hold(at(2.0))
    restored.restore(stream.save())
    for each in (stream, restored):
        each.hold(at(2.75))
    one, other = stream.push(at(2.8)), restored.push(at(2.8))
    assert same(one, other)
    assert one.still_s == other.still_s == pytest.approx(2.75 - 44 / 30)


def test_a_saved_stream_does_not_change_when_the_stream_goes_on():
    stream = used(recognizer().stream())
    data = stream.save()
    kept = bytes(data)
    push_all(stream, pictures(10), 2 + np.arange(10) / 30)
    assert data == kept


def test_a_stream_moves_from_torch_to_onnx():
    model = trained()
    by_torch = Recognizer("tiny", [TorchRuntime(model, spec(model), device="cpu")])
    slow, quick = used(by_torch.stream(declared_fps=30.0)), recognizer().stream()
    quick.restore(slow.save())
    shots, times = pictures(20, 1), 2 + np.arange(20) / 30
    for one, other in zip(push_all(slow, shots, times), push_all(quick, shots, times), strict=True):
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)


def test_a_state_is_safetensors():
    arrays = load(used(recognizer().stream(declared_fps=30.0)).save())
    assert max(array.ndim for array in arrays.values()) <= 4
    assert sum("array" in name for name in arrays) > 6 * 15


def refuses(stream, data: bytes, message: str = "") -> None:
    """The stream refuses the bytes and goes on as if they had not been tried."""
    before = stream.save()
    with pytest.raises(StateError) as caught:
        stream.restore(data)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 4
    assert stream.save() == before


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ({"size": 40}, "preprocessing"),
        ({"fps": 8.0}, "rate"),
        ({"horizon": None}, "saved by model"),
        ({"positional": True, "fps": 6.0}, "saved by model"),
    ],
)
def test_a_stream_of_another_model_is_refused(kinds, message):
    refuses(used(recognizer().stream()), used(recognizer(**kinds).stream()).save(), message)


def test_a_stream_of_another_kind_is_refused():
    stream = used(recognizer().stream())
    refuses(stream, used(recognizer().stream(predict="grid")).save(), "predict='grid'")
    refuses(stream, used(recognizer().stream(smoother=WindowedMean(1.0))).save(), "of this kind")
    refuses(stream, used(recognizer().stream(smoother=NoSmoothing())).save()[:-1])
    ensemble = Recognizer("both", [runtime(), runtime()])
    refuses(stream, used(ensemble.stream()).save(), "2 models, need 1")


def test_an_ensemble_is_restored_whole_or_not_at_all():
    first, second = runtime(), runtime(fps=8.0)
    other = Recognizer("other", [first, runtime(fps=8.0, size=40)])
    refuses(used(Recognizer("both", [first, second]).stream()), used(other.stream()).save())


def test_a_models_state_is_no_saved_stream():
    refuses(used(recognizer().stream()), state_to_bytes(runtime().initial_state()), "not a saved")


@cache
def fresh():
    """A stream in use; all that it is asked here it refuses, and stays as it is."""
    return used(recognizer().stream())


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_bytes_are_refused(data):
    good = fresh().save()
    damaged = bytearray(good)
    for _ in range(data.draw(st.integers(0, 3))):
        damaged[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))
    length = data.draw(st.one_of(st.just(len(good)), st.integers(0, len(good) - 1)))
    damaged = bytes(damaged[:length])
    if damaged != good:
        refuses(fresh(), damaged)


@given(st.binary(max_size=200))
@example(b"")
@example(bytes(8))
@example(b"\xff" * 8)
def test_bytes_that_are_nothing_are_refused(data):
    refuses(fresh(), data)


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3", "C64", "BOOL"])
def test_kinds_of_numbers_that_numpy_lacks_are_refused(dtype):
    header = {"array_0": {"dtype": dtype, "shape": [8], "data_offsets": [0, 16]}}
    text = json.dumps(header).encode()
    refuses(fresh(), struct.pack("<Q", len(text)) + text + bytes(16))
