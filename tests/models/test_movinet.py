from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import DATA, random_model, reference_model, tiny_architecture

from streamrec.errors import ModelError
from streamrec.models.registry import MOVINETS

CAUSAL = [record for record in MOVINETS.values() if record.causal]


def small(record):
    return random_model(replace(record, image_size=32, classes=10))


def noise(frames: int, size: int = 32, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(1, frames, 3, size, size, generator=generator)


def stepwise(model, clip, state=None):
    state, logits = state or model.initial_state(height=clip.shape[-2], width=clip.shape[-1]), []
    for t in range(clip.shape[1]):
        y, state = model.step(clip[:, t], state)
        logits.append(y)
    return torch.stack(logits, 1), state


@pytest.mark.parametrize("record", CAUSAL, ids=lambda record: record.name)
@torch.inference_mode()
def test_frame_by_frame_is_whole_clip(record):
    model, clip = small(record), noise(7)
    logits, state = stepwise(model, clip)
    whole, final = model.step(clip, model.initial_state(height=32, width=32))
    torch.testing.assert_close(logits, whole, atol=1e-5, rtol=0)
    for name in state:
        torch.testing.assert_close(state[name], final[name], atol=1e-5, rtol=1e-5)


@settings(max_examples=15, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    horizon=st.one_of(st.none(), st.integers(1, 12)),
    positional=st.booleans(),
    height=st.integers(9, 32),
)
def test_any_chunks_at_any_horizon_and_size_are_the_whole_clip(
    lengths, horizon, positional, height
):
    record = replace(tiny_architecture(positional=positional), horizon=horizon)
    model = random_model(record)
    clip = noise(sum(lengths))[..., :height, :]
    with torch.inference_mode():
        expected, _ = stepwise(model, clip)
        state, parts, start = model.initial_state(height=height, width=32), [], 0
        for length in lengths:
            logits, state = model.step(clip[:, start : start + length], state)
            parts.append(logits)
            start += length
    torch.testing.assert_close(torch.cat(parts, 1), expected, atol=1e-5, rtol=0)


@torch.inference_mode()
def test_streams_of_one_batch_do_not_mix():
    model = random_model(tiny_architecture())
    first, second = noise(5, seed=1), noise(5, seed=2)
    together, apart = model(torch.cat([first, second])), torch.cat([model(first), model(second)])
    torch.testing.assert_close(together, apart, atol=1e-5, rtol=0)


def trained(horizon: int | None):
    """The toy model with weights that make its logits depend on what it sees."""
    record = tiny_architecture(positional=True)
    checkpoint = DATA / "movinet_tiny" / "streampos" / "ckpt-1"
    return reference_model(checkpoint, record, record.gate, horizon)


def scenes(model, *lengths: int):
    """Logits of a bright scene, then a dark one; and the state at the end, chunk by chunk."""
    state, logits = model.initial_state(), []
    for seed, length in enumerate(lengths):
        frame = noise(1, seed=seed) * 0.8**seed
        for start in range(0, length, 50):
            chunk = frame.expand(-1, min(50, length - start), -1, -1, -1)
            y, state = model.step(chunk, state)
            logits.append(y)
    return torch.cat(logits, 1), state


@torch.inference_mode()
def test_up_to_its_horizon_a_bounded_memory_is_the_references():
    (bounded, _), (everlasting, _) = (scenes(trained(horizon), 4, 8) for horizon in (6, None))
    torch.testing.assert_close(bounded[:, :6], everlasting[:, :6], atol=1e-6, rtol=0)
    assert not torch.allclose(bounded[:, 6:], everlasting[:, 6:], atol=1e-2)


@torch.inference_mode()
def test_after_ten_thousand_frames_a_new_scene_is_seen_as_after_one_horizon():
    horizon = 16
    (late, _), (soon, _) = (scenes(trained(horizon), n, horizon) for n in (10_000, horizon))
    change = (late[:, -1] - late[:, -horizon - 1]).abs().max()
    difference = (late[:, -1] - soon[:, -1]).abs().max()
    assert difference < 0.1 * change  # what is left of the empty buffers of the first frames
    (settled, _) = scenes(trained(horizon), 20 * horizon, horizon)
    torch.testing.assert_close(late[:, -horizon:], settled[:, -horizon:], atol=1e-5, rtol=0)


@torch.inference_mode()
def test_without_a_horizon_ten_thousand_frames_weigh_as_in_the_reference():
    model = trained(None)
    _, before = scenes(model, 10_000)
    _, after = scenes(model, 10_000, 16)
    new = noise(1, seed=1) * 0.8
    seen = model.blocks[0].spatial(model.blocks[0].expand(model.stem(new)))
    frame_mean = seen.mean((-2, -1))[0, 0, :, None, None]
    expected = (10_000 * before["block0_layer0_pool"][0] + 16 * frame_mean) / 10_016
    torch.testing.assert_close(after["block0_layer0_pool"][0], expected, atol=1e-5, rtol=0)


@torch.inference_mode()
def test_the_frame_counter_saturates():
    model = random_model(tiny_architecture())
    state = dict(model.initial_state())
    state["frames_seen"] = torch.full((1, 1, 1, 1), 2.0**24)
    _, state = model.step(noise(1)[:, 0], state)
    assert state["frames_seen"].item() == 2.0**24


def test_a_base_model_sees_the_future_and_has_no_state():
    model = random_model(tiny_architecture("base"))
    with pytest.raises(ModelError, match="whole clips"):
        model.initial_state()
    clip = noise(8)
    changed = clip.clone()
    changed[:, -1] = 0
    with torch.inference_mode():
        assert model(clip).shape == (1, 10)
        assert not torch.equal(model(clip), model(changed))


def test_training_reaches_every_parameter():
    model = random_model(tiny_architecture(positional=True)).train()
    model(noise(4)).square().mean().backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


def test_forward_gives_float32_logits_after_each_frame():
    logits = random_model(tiny_architecture())(noise(3))
    assert logits.shape == (1, 3, 10)
    assert logits.dtype == torch.float32
    assert np.isfinite(logits.detach().numpy()).all()
