"""The same numbers as the reference implementation, from its own checkpoints."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from support import DATA, reference_model, spec_of, tiny_architecture

from streamrec.export.write import write_export
from streamrec.models.movinet import MoViNet
from streamrec.models.registry import MOVINETS
from streamrec.runtimes.base import Runtime
from streamrec.runtimes.native import NativeRuntime, compiled_part, targets
from streamrec.runtimes.onnx import OnnxClip, OnnxRuntime

TOLERANCE = 1e-4
GATES = {"hard_sigmoid_relu6": "", "hard_sigmoid": "_kerasgate"}
TINY = {
    "stream": tiny_architecture("stream"),
    "streampos": tiny_architecture("stream", positional=True),
}


def as_clip(frames: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(frames).permute(0, 1, 4, 2, 3).float() / 255


def noise_clip(shape: tuple[int, ...]) -> torch.Tensor:
    return as_clip(np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8))


EXPORTED = ("onnx", *(targets() if compiled_part() else ()))
"""What runs an exported file: ONNX Runtime, and the native runtime for each instruction set."""


@torch.inference_mode()
def run_frames(model: MoViNet, clip: torch.Tensor):
    state, logits = model.initial_state(), []
    for t in range(clip.shape[1]):
        y, state = model.step(clip[:, t], state)
        logits.append(y[0].numpy())
    return np.stack(logits), state


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("layout", ["", "backbone"])
@pytest.mark.parametrize("name", TINY)
def test_tiny_stream_gives_the_references_logits_after_each_frame(name, layout, gate):
    folder = DATA / "movinet_tiny" / name
    model = reference_model(folder / layout / "ckpt-1", TINY[name], gate)
    check_frames(model, folder, gate)


@pytest.mark.parametrize("gate", GATES)
def test_a0_stream_gives_the_references_logits_after_each_frame(shared, gate):
    folder = shared / "reference" / "a0_stream_cal"
    model = reference_model(folder / "ckpt-1", MOVINETS["movinet-a0-stream"], gate)
    check_frames(model, folder, gate)


def check_frames(model: MoViNet, folder: Path, gate: str) -> None:
    figures = np.load(folder / "reference.npz")
    extra = np.load(folder / "reference_extra.npz")
    suffix = GATES[gate]
    expected = extra[f"frame_logits{suffix}"] if suffix else figures["frame_logits"]
    logits, _ = run_frames(model, as_clip(figures["clip_u8"]))
    assert np.abs(logits - expected).max() <= TOLERANCE
    noise, _ = run_frames(model, noise_clip(figures["clip_u8"].shape))
    assert np.abs(noise - extra[f"frame_logits_noise_seed7{suffix}"]).max() <= TOLERANCE


def open_exported(model: MoViNet, kind: str) -> Runtime:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        write_export(model, spec_of(model.architecture), {}, path)
        return OnnxRuntime(path) if kind == "onnx" else NativeRuntime(path, target=kind)


def check_exported(model: MoViNet, kind: str, folder: Path, gate: str) -> None:
    figures, extra = np.load(folder / "reference.npz"), np.load(folder / "reference_extra.npz")
    suffix = GATES[gate]
    noise = extra[f"frame_logits_noise_seed7{suffix}"]
    seen = extra[f"frame_logits{suffix}"] if suffix else figures["frame_logits"]
    runtime, clip = open_exported(model, kind), as_clip(figures["clip_u8"])
    for frames, expected in ((clip, seen), (noise_clip(figures["clip_u8"].shape), noise)):
        stream = runtime.start()
        logits = [stream.step(frame[None]) for frame in frames[0].numpy()]
        assert np.abs(np.stack(logits) - expected).max() <= TOLERANCE


@pytest.mark.parametrize("kind", EXPORTED)
@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("name", TINY)
def test_an_exported_tiny_stream_gives_the_references_logits(name, gate, kind):
    folder = DATA / "movinet_tiny" / name
    check_exported(reference_model(folder / "ckpt-1", TINY[name], gate), kind, folder, gate)


@pytest.mark.parametrize("kind", EXPORTED)
def test_an_exported_a0_stream_gives_the_references_logits(shared, kind):
    folder = shared / "reference" / "a0_stream_cal"
    model = reference_model(folder / "ckpt-1", MOVINETS["movinet-a0-stream"], "hard_sigmoid_relu6")
    check_exported(model, kind, folder, "hard_sigmoid_relu6")


@pytest.mark.parametrize("name", TINY)
def test_tiny_stream_ends_in_the_references_state(name):
    folder = DATA / "movinet_tiny" / name
    model = reference_model(folder / "ckpt-1", TINY[name], "hard_sigmoid_relu6")
    assert compare_states(model, folder) == 9


def test_a0_stream_ends_in_the_references_state(shared):
    folder = shared / "reference" / "a0_stream_cal"
    architecture = MOVINETS["movinet-a0-stream"]
    model = reference_model(folder / "ckpt-1", architecture, "hard_sigmoid_relu6")
    assert compare_states(model, folder) == 1


def compare_states(model: MoViNet, folder: Path) -> int:
    """Compare every buffer and pool; return how many the reference has."""
    figures = np.load(folder / "reference.npz")
    _, state = run_frames(model, as_clip(figures["clip_u8"]))
    frames = state["frames_seen"].item()
    compared = 0
    for key in figures.files:
        name = key.removeprefix("final/state_")
        if name.endswith("stream_buffer"):
            ours = stream_buffer(state, name.replace("stream_buffer", "buffer"))
            expected = figures[key]
        elif name.endswith("pool_buffer"):
            ours = state[name.removesuffix("_buffer")].numpy().reshape(-1)
            expected = figures[key].reshape(-1) / frames
        else:
            continue
        assert np.abs(ours - expected).max() <= TOLERANCE, name
        compared += 1
    return compared


def stream_buffer(state, prefix: str) -> np.ndarray:
    """Our separate frames as the reference keeps them: [1, T, H, W, C]."""
    names = [name for name in state if name.startswith(f"{prefix}_")]
    return np.stack([state[name].numpy() for name in names], 1).transpose(0, 1, 3, 4, 2)


@pytest.mark.parametrize("layout", ["", "backbone"])
def test_tiny_base_gives_the_references_logits(layout):
    folder = DATA / "movinet_tiny" / "base"
    model = reference_model(folder / layout / "ckpt-1", tiny_architecture("base"), "sigmoid")
    figures, extra = np.load(folder / "reference.npz"), np.load(folder / "reference_extra.npz")
    with torch.inference_mode():
        logits = model(as_clip(figures["clip_u8"])).numpy()
        noise = model(noise_clip(figures["clip_u8"].shape)).numpy()
    assert np.abs(logits - figures["logits"]).max() <= TOLERANCE
    assert np.abs(noise - extra["logits_noise_seed7"]).max() <= TOLERANCE


def test_a0_base_gives_the_references_logits(shared):
    folder = shared / "reference" / "a0_base_cal"
    model = reference_model(folder / "ckpt-1", MOVINETS["movinet-a0-base"], "sigmoid")
    figures = np.load(folder / "reference.npz")
    with torch.inference_mode():
        logits = model(as_clip(figures["clip_u8"])).numpy()
    assert np.abs(logits - figures["logits"]).max() <= TOLERANCE


@pytest.mark.parametrize("name", ["tiny", "a0"])
def test_an_exported_base_model_gives_the_references_logits(name, shared, tmp_path):
    tiny = name == "tiny"
    folder = DATA / "movinet_tiny" / "base" if tiny else shared / "reference" / "a0_base_cal"
    architecture = tiny_architecture("base") if tiny else MOVINETS["movinet-a0-base"]
    model = reference_model(folder / "ckpt-1", architecture, "sigmoid")
    write_export(model, spec_of(architecture), {}, tmp_path / "base.onnx")
    figures = np.load(folder / "reference.npz")
    logits = OnnxClip(tmp_path / "base.onnx").run(as_clip(figures["clip_u8"])[0].numpy())
    assert np.abs(logits - figures["logits"]).max() <= TOLERANCE
