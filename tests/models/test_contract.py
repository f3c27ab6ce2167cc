"""One contract for every registered streaming model and every runtime.

Sizes are those of the record except for the picture, which is small so that all can be run.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from support import check_states, clip_spec, random_model, spec_of, tiny_architecture
from untrained_networks import filled

from streamrec.export import write
from streamrec.models.architecture import MoViNetArchitecture
from streamrec.models.build import build
from streamrec.models.registry import ARCHITECTURES
from streamrec.runtimes.base import Runtime, step
from streamrec.runtimes.native import NativeRuntime, compiled_part, targets
from streamrec.runtimes.onnx import OnnxRuntime
from streamrec.runtimes.state import state_from_bytes, state_to_bytes
from streamrec.runtimes.torch import TorchRuntime
from streamrec.types import Preprocessing, StreamSpec

FRAMES = 7
CAUSAL = [
    *(record for record in ARCHITECTURES.values() if record.causal),
    tiny_architecture("stream"),
    tiny_architecture("stream", positional=True),
]
FORGETFUL = ("inception-v1", "mobilenet-v2")
"""They see one frame at a time."""

SMALL = ("tiny-stream", "movinet-t0-stream", "movinet-t0-mobile")
BUILT = targets() if compiled_part() else []
KINDS = ["torch", "onnx", *BUILT]
CASES = [
    (record.name, kind, i)
    for i, record in enumerate(CAUSAL)
    for kind in KINDS
    if kind not in BUILT
    or (isinstance(record, MoViNetArchitecture) and (kind == BUILT[0] or record.name in SMALL))
]


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    return tmp_path_factory.mktemp("exports")


@cache
def model_at(index: int):
    record = CAUSAL[index]
    if isinstance(record, MoViNetArchitecture):
        return random_model(replace(record, image_size=32, classes=10))
    return filled(build(replace(record, classes=10)))


def spec_at(index: int) -> StreamSpec:
    record = CAUSAL[index]
    if isinstance(record, MoViNetArchitecture):
        return spec_of(replace(record, image_size=32, classes=10))
    return clip_spec(replace(record, classes=10, preprocessing=Preprocessing(32, 32)))


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1]}-{case[2]}", scope="module")
def runtime(request, exports) -> Runtime:
    _, kind, index = request.param
    model, spec = model_at(index), spec_at(index)
    if kind == "torch":
        return TorchRuntime(model, spec, device="cpu")
    path = exports / f"{index}.onnx"
    if not path.exists():
        with pytest.MonkeyPatch.context() as patch:  # the contract compares more than enough frames
            patch.setattr(write, "_STEP_FRAMES", 3)
            write.write_export(model, spec, {}, path)
    return OnnxRuntime(path) if kind == "onnx" else NativeRuntime(path, target=kind)


def clip(seed: int, frames: int = FRAMES) -> np.ndarray:
    shape = (frames, 1, 3, 32, 32)
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def run(runtime: Runtime, frames: np.ndarray) -> np.ndarray:
    running = runtime.start()
    return np.stack([running.step(frame) for frame in frames])


def test_state_goes_in_and_comes_out_as_a_value(runtime):
    frames = clip(1)
    whole, state, parts = run(runtime, frames), runtime.initial_state(), []
    for frame in frames:
        before = {name: array.copy() for name, array in state.items()}
        logits, following = step(runtime, frame, state)
        assert all(np.array_equal(before[name], state[name]) for name in before)
        parts.append(logits)
        state = following
    np.testing.assert_array_equal(np.stack(parts), whole)


def test_two_interleaved_streams_do_not_mix(runtime):
    first, second = clip(1), clip(2)
    one, other = runtime.start(), runtime.start()
    mixed = [(one.step(a), other.step(b)) for a, b in zip(first, second, strict=True)]
    np.testing.assert_array_equal([a for a, _ in mixed], run(runtime, first))
    np.testing.assert_array_equal([b for _, b in mixed], run(runtime, second))


def test_the_future_does_not_change_the_past_but_the_past_the_future(runtime):
    frames = clip(1)
    changed = frames.copy()
    changed[3] = clip(2)[3]
    before, after = run(runtime, frames), run(runtime, changed)
    np.testing.assert_array_equal(before[:3], after[:3])
    same = [np.array_equal(a, b) for a, b in zip(before[3:], after[3:], strict=True)]
    assert same == [False, *[runtime.spec.name in FORGETFUL] * 3]


def test_a_state_saved_as_bytes_continues_with_the_same_numbers(runtime):
    frames = clip(1)
    running = runtime.start()
    for frame in frames[:4]:
        running.step(frame)
    continued = runtime.start(state_from_bytes(state_to_bytes(running.state())))
    for frame in frames[4:]:
        np.testing.assert_array_equal(continued.step(frame), running.step(frame))


@pytest.mark.parametrize("read", [(0, 3, 6), (2,), (4, 5)], ids=str)
def test_a_frame_whose_logits_nobody_reads_leaves_the_same_state(runtime, read):
    frames = clip(1)
    expected, running, steady = run(runtime, frames), runtime.start(), runtime.start()
    for index, frame in enumerate(frames):
        steady.step(frame)
        if index in read:
            np.testing.assert_array_equal(running.step(frame), expected[index])
        else:
            assert running.advance(frame) is None
        state = running.state()
        for name, array in steady.state().items():
            np.testing.assert_array_equal(state[name], array, err_msg=name)


def test_state_is_named_float32_of_at_most_four_dimensions(runtime):
    running = runtime.start()
    running.step(clip(1)[0])
    check_states(runtime.initial_state(), running.state())
