"""One contract for every model that sees windows, by PyTorch and by ONNX Runtime.

Pictures and windows are the smallest that each network takes, so that all can be run.
"""

from dataclasses import replace

import numpy as np
import pytest
from support import check_states, clip_spec, random_model, spec_of
from untrained_networks import filled

from streamrec.export.write import TOLERANCE, write_export
from streamrec.models.architecture import ClipArchitecture, MoViNetArchitecture
from streamrec.models.build import build
from streamrec.models.registry import ARCHITECTURES, MOVINETS
from streamrec.runtimes.base import ClipRuntime, step
from streamrec.runtimes.onnx import OnnxClip
from streamrec.runtimes.state import state_from_bytes, state_to_bytes
from streamrec.runtimes.torch import TorchClip
from streamrec.runtimes.window import WindowRuntime
from streamrec.types import Array

SIZES = {
    **dict.fromkeys(("i3d-rgb", "i3d-flow", "i3d-two-stream"), 193),
    **dict.fromkeys(("two-stream", "two-stream-fused"), 33),
    "c3d": 112,
    "s3d": 209,
    "x3d-xs": 129,
    "x3d-s": 129,
    "x3d-m": 193,
    "x3d-l": 289,
}
ANY_SIZE = 33
RECORDS = {name: record for name, record in ARCHITECTURES.items() if not record.causal}
CHEAP = (
    *("movinet-t0-base", "r3d-18", "x3d-xs", "mobilenet3d-v2-0.2", "mobilenet3d-v1-0.5"),
    "two-stream",
)
"""One of a kind, for what does not depend on the network."""


def small(record: ClipArchitecture) -> ClipArchitecture:
    size = SIZES.get(record.name, ANY_SIZE)
    picture = replace(record.preprocessing, height=size, width=size, resized=None)
    flow = None if record.flow is None else replace(record.flow, height=size, width=size)
    return replace(record, preprocessing=picture, flow=flow, classes=5)


def small_model(name: str):
    """The network, and its spec for the shortest window."""
    record = RECORDS[name]
    if isinstance(record, MoViNetArchitecture):
        record = replace(record, image_size=ANY_SIZE, classes=5, clip_frames=4)
        return random_model(record), spec_of(record)
    record = small(record)
    return filled(build(record)), clip_spec(record, max(2, record.min_frames))


def shift(before, after):
    """A flow that is cheap, and depends on both pictures."""
    return np.stack([after - before.astype(np.float32), after + before.astype(np.float32)])


def opened(name: str, kind: str, folder) -> ClipRuntime:
    network, spec = small_model(name)
    if kind == "torch":
        return TorchClip(network, spec, device="cpu")
    path = folder / f"{name}.onnx"
    write_export(network, spec, {}, path)
    return OnnxClip(path)


@pytest.fixture(params=["torch", "onnx"], scope="module")
def kind(request):
    return request.param


@pytest.fixture(params=RECORDS, scope="module")
def clip(request, kind, tmp_path_factory):
    return opened(request.param, kind, tmp_path_factory.mktemp("exports"))


@pytest.fixture(params=CHEAP, scope="module")
def quick(request, kind, tmp_path_factory):
    return opened(request.param, kind, tmp_path_factory.mktemp("exports"))


def windows(clip: ClipRuntime, **choices) -> WindowRuntime:
    return WindowRuntime(clip, make_flow=lambda: shift, **choices)


def pictures(runtime: WindowRuntime, seed: int, count: int) -> np.ndarray:
    size = runtime.spec.preprocessing
    shape = (count, 1, 3, size.height, size.width)
    noise = np.random.default_rng(seed).random(shape, dtype=np.float32)
    mean, std = (np.float32(value).reshape(3, 1, 1) for value in (size.mean, size.std))
    return (noise - mean) / std


def network_frames(runtime: WindowRuntime, shown: np.ndarray) -> Array:
    """What the network sees of pictures."""
    running = runtime.start()
    for x in shown:
        running.advance(x)
    state = running.state()
    return state["clip"][: int(state["frames_seen"].item())]


def first(runtime: WindowRuntime) -> int:
    """Pictures that show nothing yet: motion needs two."""
    return 0 if runtime.spec.flow is None else 1


def test_a_step_is_the_clip_of_the_last_frames_whatever_other_streams_see(clip):
    length = clip.spec.clip_frames
    runtime = windows(clip, hop=length)
    count = length + first(runtime)
    shown, others = pictures(runtime, 1, count), pictures(runtime, 2, count - 1)
    one, other = runtime.start(), runtime.start()
    for x, y in zip(shown[:-1], others, strict=True):
        assert one.step(x) is None
        assert other.step(y) is None
    logits = one.step(shown[-1])
    frames = network_frames(runtime, shown)
    assert frames.shape == (length, *clip.spec.frame_shape)
    np.testing.assert_array_equal(logits, clip.run(frames))
    assert logits.shape == (5,)
    assert np.isfinite(logits).all()
    if clip.spec.name not in MOVINETS:  # untrained ones hardly see a change; see test_golden.py
        backwards = clip.run(np.ascontiguousarray(frames[::-1]))
        assert np.abs(logits - backwards).max() > 10 * TOLERANCE * logits.std()


def said(runtime: WindowRuntime, shown: np.ndarray) -> list:
    running = runtime.start()
    return [running.step(x) for x in shown]


def test_state_goes_in_and_comes_out_as_a_value(quick):
    runtime = windows(quick, hop=2)
    shown = pictures(runtime, 1, 5)
    state, parts = runtime.initial_state(), []
    for x in shown:
        before = {name: array.copy() for name, array in state.items()}
        logits, following = step(runtime, x, state)
        assert all(np.array_equal(before[name], state[name]) for name in before)
        parts.append(logits)
        state = state_from_bytes(state_to_bytes(following))
    for ours, theirs in zip(parts, said(runtime, shown), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_future_does_not_change_the_past_but_the_past_the_future(quick):
    runtime = windows(quick, hop=1)
    shown = pictures(runtime, 1, first(runtime) + 4)
    changed = shown.copy()
    changed[-2] = pictures(runtime, 2, 1)[0]
    before, after = said(runtime, shown)[first(runtime) :], said(runtime, changed)[first(runtime) :]
    np.testing.assert_array_equal(before[:2], after[:2])
    assert not np.array_equal(before[2], after[2])
    assert not np.array_equal(before[3], after[3])


def test_a_frame_whose_logits_nobody_reads_leaves_the_same_state(quick):
    runtime = windows(quick, hop=2)
    steady, running = runtime.start(), runtime.start()
    for x in pictures(runtime, 1, 5):
        steady.step(x)
        running.advance(x)
        for name, array in steady.state().items():
            np.testing.assert_array_equal(running.state()[name], array)


def test_state_is_named_float32_of_at_most_four_dimensions(quick):
    runtime = windows(quick)
    running = runtime.start()
    running.advance(pictures(runtime, 1, 1)[0])
    check_states(runtime.initial_state(), running.state())
