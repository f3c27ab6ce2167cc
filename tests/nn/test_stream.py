import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrec.nn.stream import (
    CausalSqueezeExcite,
    CausalTemporalConv,
    Clock,
    positional_encoding,
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 8), min_size=1, max_size=5),
    st.one_of(st.none(), st.integers(1, 10)),
    st.integers(0, 1000),
)
def test_a_running_mean_in_chunks_is_its_definition(lengths, horizon, seen):
    x = torch.rand(2, sum(lengths), 3, generator=torch.Generator().manual_seed(0))
    mean = start = torch.rand(2, 3, generator=torch.Generator().manual_seed(1))
    expected = []
    for index in range(x.shape[1]):
        count = seen + index + 1
        mean = mean + (x[:, index] - mean) / min(count, horizon or count)
        expected.append(mean)
    parts, position = [], 0
    for length in lengths:
        clock = Clock(torch.full((2, 1, 1, 1), float(seen + position)), length, horizon)
        parts.append(clock.running_mean(x[:, position : position + length], start))
        start, position = parts[-1][:, -1], position + length
    torch.testing.assert_close(torch.cat(parts, 1), torch.stack(expected, 1), atol=1e-5, rtol=1e-5)


def test_a_position_is_capped_at_the_horizon():
    clock = Clock(torch.tensor([0.0, 5.0]).reshape(2, 1, 1, 1), 4, 6)
    assert clock.position.tolist() == [[0, 1, 2, 3], [5, 5, 5, 5]]


def test_the_first_frame_has_no_past():
    clock = Clock(torch.zeros(1, 1, 1, 1), 1, 8)
    x = torch.rand(1, 1, 4)
    torch.testing.assert_close(clock.running_mean(x, torch.full((1, 4), 99.0)), x)


@pytest.mark.parametrize("kernel", [2, 3, 5])
@torch.inference_mode()
def test_a_causal_convolution_weighs_the_newest_frame_by_its_last_tap(kernel):
    layer = CausalTemporalConv("b", 1, kernel, "none").eval()
    layer.norm.eps = 0.0
    layer.weight.copy_(torch.arange(1.0, kernel + 1))
    clip = torch.zeros(1, 2 * kernel, 1, 1, 1)
    clip[0, 0] = 1.0
    y, state = layer.step(clip, layer.initial_state(1, 1, 1))
    impulse = [*range(kernel, 0, -1), *[0] * kernel]
    torch.testing.assert_close(y.flatten(), torch.tensor(impulse, dtype=torch.float32))
    assert list(state) == [f"b_buffer_{i}" for i in range(kernel - 1)]


@torch.inference_mode()
def test_a_gate_without_a_scale_knows_no_position():
    layer = CausalSqueezeExcite("b", 4, 8, "swish", "sigmoid", positional_encoding=True).eval()
    clip, state = torch.rand(1, 1, 4, 3, 3), layer.initial_state(1)
    early, late = (Clock(torch.full((1, 1, 1, 1), float(n)), 1, 50) for n in (0, 20))
    mean = {layer.state_name: clip.mean((1, -2, -1))[..., None, None]}
    torch.testing.assert_close(layer.step(clip, mean, early)[0], layer.step(clip, mean, late)[0])
    layer.position_scale.fill_(1.0)
    assert not torch.allclose(layer.step(clip, mean, early)[0], layer.step(clip, mean, late)[0])
    assert not state[layer.state_name].any()


def test_a_position_is_sines_of_even_and_cosines_of_odd_angles():
    encoding = positional_encoding(torch.tensor([[3.0]]), 4)[0, 0]
    angles = 3.0 / 10000.0 ** (torch.tensor([0.0, 0.0, 2.0, 2.0]) / 4)
    expected = [angles[0].sin(), angles[2].sin(), angles[1].cos(), angles[3].cos()]
    torch.testing.assert_close(encoding, torch.stack(expected))
