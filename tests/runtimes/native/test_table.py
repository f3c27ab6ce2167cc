"""Gates, sums and rounding of a whole map."""

import numpy as np
import pytest
from runtimes.native.kernels import BLOCK, from_map, nearest_bf16, normal, rng, to_map


@pytest.mark.parametrize(("channels", "pixels"), [(1, 1), (16, 5), (40, 7), (33, 121)])
def test_scale_multiplies_each_channel_by_its_gate(kernels, channels, pixels):
    random = rng(channels, pixels)
    picture, gate = normal(random, channels, pixels), normal(random, channels)
    blocked = to_map(picture)
    kernels.scale(blocked, to_map(gate[:, None]), len(blocked), pixels)
    np.testing.assert_array_equal(from_map(blocked, channels), picture * gate[:, None])


@pytest.mark.parametrize(("channels", "pixels"), [(1, 1), (16, 5), (40, 7), (33, 121)])
def test_sum_adds_up_each_channels_pixels(kernels, channels, pixels):
    picture = normal(rng(channels, pixels), channels, pixels)
    blocked = to_map(picture)
    out = np.full(len(blocked) * BLOCK, np.nan, np.float32)
    kernels.sum(blocked, len(blocked), pixels, out)
    np.testing.assert_allclose(out[:channels], picture.sum(1, dtype=float), rtol=0, atol=1e-4)


@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize(("channels", "pixels"), [(1, 1), (16, 5), (40, 7)])
def test_round_makes_bfloat16_of_each_channel_times_its_gate(bf16_kernels, channels, pixels, gated):
    random = rng(channels, pixels)
    blocked = to_map(normal(random, channels, pixels))
    gate = to_map(normal(random, channels, 1)) if gated else None
    out = np.zeros(blocked.shape, np.uint16)
    bf16_kernels.round(blocked, gate, len(blocked), pixels, out)
    exact = np.ascontiguousarray(blocked * gate if gated else blocked)
    np.testing.assert_array_equal(out, nearest_bf16(exact))
