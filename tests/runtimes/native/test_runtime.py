"""The native runtime beside PyTorch and ONNX Runtime, on the files that export writes."""

import ctypes
import gc
import subprocess
import sys
import threading
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from runtimes.native.models import TARGETS, export_quickly, needs_native, noise, run
from support import random_model, spec_of, tiny_architecture
from tiny_models import exported, spec, trained

from streamrec.errors import FrameError, OptionError, RuntimeMissingError, StateError
from streamrec.models.architecture import Block, Group, MoViNetArchitecture
from streamrec.runtimes.native import NativeRuntime, binding
from streamrec.runtimes.native.binding import NetworkConfig
from streamrec.runtimes.onnx import OnnxRuntime
from streamrec.runtimes.torch import TorchRuntime

pytestmark = needs_native

FRAMES, CHUNK = 2000, 50
VARIANTS = [(False, 16), (False, None), (True, 16), (True, None)]


def native(model=None, **choices) -> NativeRuntime:
    return NativeRuntime(exported(model or trained()), **choices)


def flickering() -> np.ndarray:
    """Frames whose brightness goes up and down."""
    brightness = 0.5 + 0.5 * np.sin(np.arange(FRAMES, dtype=np.float32) / 20)
    frames = np.tile(noise(CHUNK), (FRAMES // CHUNK, 1, 1, 1, 1))
    return frames * brightness[:, None, None, None, None]


@cache
def pytorch(positional: bool, horizon: int | None):
    """PyTorch's logits after each frame, and its last state."""
    model = trained(positional=positional, horizon=horizon)
    state, logits = model.initial_state(), []
    with torch.inference_mode():
        for chunk in np.split(flickering()[:, 0], FRAMES // CHUNK):
            y, state = model.step(torch.from_numpy(chunk)[None], state)
            logits.append(y[0].numpy())
    return np.concatenate(logits), {name: array.numpy() for name, array in state.items()}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("positional", "horizon"), VARIANTS)
def test_two_thousand_frames_agree_with_pytorch_and_do_not_drift(positional, horizon, target):
    expected, state = pytorch(positional, horizon)
    stream = native(trained(positional=positional, horizon=horizon), target=target).start()
    difference = np.abs(run(stream, flickering()) - expected).max(axis=1)
    relative = difference / np.maximum(1.0, np.abs(expected).max(axis=1))
    print(
        f"{target}: {difference.max():.2g}; {relative[:500].max():.2g}, {relative[-500:].max():.2g}"
    )
    assert difference.max() <= 1e-4
    assert relative[-500:].max() <= 3 * relative[:500].max() + 1e-6
    assert np.ptp(expected[-500:], axis=0).max() > 1e-3
    final = stream.state()
    assert list(final) == list(native(trained(positional=positional)).initial_state())
    for name, array in final.items():
        np.testing.assert_allclose(array, state[name], rtol=1e-4, atol=1e-4, err_msg=name)


@st.composite
def architectures(draw) -> MoViNetArchitecture:
    widths, numbers = st.integers(1, 40), st.integers(1, 3)
    blocks = st.builds(Block, widths, st.sampled_from([1, 2, 3, 5]), st.sampled_from([1, 3, 5]))
    groups = st.builds(Group, widths, st.integers(1, 3), st.lists(blocks, min_size=1, max_size=2))
    family = draw(st.sampled_from(["stream", "mobile"]))
    return replace(
        tiny_architecture(family, positional=draw(st.booleans())),
        stem=draw(widths),
        groups=tuple(draw(st.lists(groups, min_size=1, max_size=3))),
        project=draw(widths),
        hidden=draw(widths),
        classes=draw(st.integers(1, 130)),
        image_size=draw(st.integers(1, 40)),
        horizon=draw(st.none() | numbers),
    )


@settings(max_examples=60, deadline=None)
@given(architectures(), st.integers(0, 9))
def test_any_architecture_agrees_with_pytorch(tmp_path_factory, architecture, seed):
    model = random_model(architecture, seed)
    frames = noise(5, seed, architecture.image_size)
    expected = run(TorchRuntime(model, spec_of(architecture), device="cpu").start(), frames)
    file = export_quickly(model, tmp_path_factory.mktemp("random"))
    allowed = 1e-4 * max(1.0, float(np.abs(expected).max()))
    for target in TARGETS:
        ours = run(NativeRuntime(file, target=target).start(), frames)
        np.testing.assert_allclose(ours, expected, rtol=0, atol=allowed)


def test_a_stream_moves_between_all_runtimes():
    model = trained(positional=True)
    pytorch_runtime = TorchRuntime(model, spec(model), device="cpu")
    kinds = [
        pytorch_runtime,
        OnnxRuntime(exported(model)),
        *(native(model, target=t) for t in TARGETS),
    ]
    whole, state = pytorch_runtime.start(), None
    for turn in range(3 * len(kinds)):
        stream, frames = kinds[turn % len(kinds)].start(state), noise(4, seed=turn)
        np.testing.assert_allclose(run(stream, frames), run(whole, frames), rtol=0, atol=1e-4)
        state = stream.state()


@pytest.mark.parametrize("positional", [False, True])
def test_bfloat16_differs_little(positional):
    model = trained(positional=positional)
    frames, expected = flickering()[:500], pytorch(positional, 16)[0][:500]
    for target in TARGETS:
        runtime = native(model, target=target, precision="bf16")
        difference = np.abs(run(runtime.start(), frames) - expected).max()
        print(f"{runtime.engine}: {difference:.2g} of {np.abs(expected).max():.2g}")
        assert 1e-6 < difference <= 2e-2 * max(1.0, np.abs(expected).max())
        assert runtime.engine in {
            f"native ({target}, bf16 products)",
            f"native ({target}, bf16 weights)",
        }


def test_threads_with_streams_of_their_own_do_not_disturb_each_other():
    runtime = native()
    clips = [noise(200, seed) for seed in range(2)]
    alone = [run(runtime.start(), clip) for clip in clips]
    together: dict[int, np.ndarray] = {}
    meet = threading.Barrier(2)

    def work(index: int) -> None:
        stream = runtime.start()
        meet.wait()
        together[index] = run(stream, clips[index])

    threads = [threading.Thread(target=work, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, logits in enumerate(alone):
        np.testing.assert_array_equal(together[index], logits)


def test_networks_of_several_sizes_take_turns_in_one_thread():
    runtimes = [native(), native(trained(size=64)), native(trained(positional=True))]
    sizes = [runtime.spec.preprocessing.height for runtime in runtimes]
    clips = [noise(6, index, size) for index, size in enumerate(sizes)]
    alone = [run(runtime.start(), clip) for runtime, clip in zip(runtimes, clips, strict=True)]
    streams = [runtime.start() for runtime in runtimes]
    turns = [[s.step(clip[i]) for s, clip in zip(streams, clips, strict=True)] for i in range(6)]
    for mixed, expected in zip(zip(*turns, strict=True), alone, strict=True):
        np.testing.assert_array_equal(mixed, expected)


def test_a_stream_outlives_its_runtime():
    runtime, frames = native(), noise(4)
    expected, stream = run(runtime.start(), frames), runtime.start()
    del runtime
    gc.collect()
    np.testing.assert_array_equal(run(stream, frames), expected)


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads memory use from /proc")
def test_streams_share_the_weights(tmp_path):
    broad = replace(tiny_architecture(), project=480, hidden=2048, classes=600)
    file = export_quickly(random_model(broad), tmp_path)
    runtime = NativeRuntime(file)
    first, before = runtime.start(), resident_bytes()
    streams = [runtime.start() for _ in range(100)]
    for stream in (first, *streams):
        stream.step(noise(1)[0])
    assert resident_bytes() - before < 4 * len(file)  # copies would be 100 times the file


def test_a_frame_of_any_layout_and_kind_of_number_gives_the_same():
    runtime, frame = native(), noise(1)[0]
    expected = runtime.start().step(frame)
    channels_last = np.ascontiguousarray(frame.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    for other in (channels_last, frame.astype(np.float64), np.repeat(frame, 2, axis=3)[..., ::2]):
        np.testing.assert_array_equal(runtime.start().step(other), expected)


def test_a_state_of_any_layout_is_taken_and_not_kept():
    runtime, frames = native(), noise(6)
    first = runtime.start()
    run(first, frames[:3])
    state = {name: np.asfortranarray(array) for name, array in first.state().items()}
    second = runtime.start(state)
    for array in state.values():
        array[:] = np.nan
    np.testing.assert_array_equal(run(second, frames[3:]), run(first, frames[3:]))


def test_logits_and_states_that_were_returned_stay_as_they_were():
    stream = native().start()
    logits, state = stream.step(noise(1)[0]), stream.state()
    kept, kept_state = logits.copy(), {name: array.copy() for name, array in state.items()}
    run(stream, noise(9, seed=1))
    np.testing.assert_array_equal(logits, kept)
    assert all(np.array_equal(state[name], kept_state[name]) for name in state)


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 3, 32, 31), (2, 3, 32, 32), (1, 1, 32, 32), ()])
def test_an_input_of_another_shape_is_refused_and_changes_nothing(shape):
    runtime, frame = native(), noise(1)[0]
    stream = runtime.start()
    for take in (stream.step, stream.advance):
        with pytest.raises(FrameError, match=r"\[1, 3, 32, 32\]"):
            take(np.zeros(shape, np.float32))
    np.testing.assert_array_equal(stream.step(frame), runtime.start().step(frame))


@pytest.mark.parametrize(
    "change",
    [
        {"head_pool": np.zeros((1, 25, 1, 1), np.float32)},
        {"head_pool": np.zeros((1, 24, 1, 1), np.float64)},
        {"extra": np.zeros(1, np.float32)},
    ],
)
def test_a_state_of_another_form_is_refused(change):
    runtime = native()
    with pytest.raises(StateError):
        runtime.start({**runtime.initial_state(), **change})
    with pytest.raises(StateError, match="lacks"):
        runtime.start({})


def test_a_frame_that_is_not_a_number_spoils_its_own_stream_only():
    runtime, frames = native(), noise(3)
    spoiled, other = runtime.start(), runtime.start()
    assert np.isnan(spoiled.step(np.full_like(frames[0], np.nan))).all()
    np.testing.assert_array_equal(run(other, frames), run(runtime.start(), frames))


def test_an_instruction_set_that_this_machine_lacks_is_refused():
    with pytest.raises(RuntimeMissingError, match=f"'abacus'.*{TARGETS[0]}"):
        native(target="abacus")


def test_another_precision_is_refused_with_those_there_are():
    with pytest.raises(OptionError, match="one of fp32, bf16; got 'fp16'"):
        native(precision="fp16")


EXIT_WITHIN_A_STEP = """
import sys, threading, time
from pathlib import Path
import numpy as np
from streamrec.runtimes.native import NativeRuntime
from streamrec.runtimes.native import binding
from streamrec.runtimes.native.binding import NetworkConfig

runtime = NativeRuntime(Path(sys.argv[1]))
size = runtime.spec.preprocessing
frame = np.zeros((1, 3, size.height, size.width), np.float32)

def work():
    stream = runtime.start()
    while True:
        stream.step(frame)

for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.2)
"""


def test_a_program_may_end_while_threads_are_within_a_step(tmp_path):
    export_quickly(random_model(replace(tiny_architecture(), image_size=160)), tmp_path)
    path = tmp_path / "model.onnx"
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", EXIT_WITHIN_A_STEP, path], check=False)
        assert done.returncode == 0


def test_a_library_of_other_sources_is_not_used(monkeypatch):
    class Bigger(ctypes.Structure):
        _fields_ = (*NetworkConfig._fields_, ("more", ctypes.c_int32))

    monkeypatch.setattr(binding, "NetworkConfig", Bigger)
    binding.native_code.cache_clear()
    try:
        with pytest.raises(RuntimeMissingError, match="built from other sources"):
            binding.native_code()
    finally:
        binding.native_code.cache_clear()
