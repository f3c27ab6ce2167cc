import ctypes

import numpy as np
import pytest
from runtimes.native.kernels import BLOCK, as_argument, blocks_of, nearest_bf16, normal, rng

PANEL = 4 * BLOCK


def padded(weight: np.ndarray) -> np.ndarray:
    """[outputs, ...] filled up with zeros to whole blocks."""
    rows = blocks_of(len(weight)) * BLOCK - len(weight)
    return np.concatenate([weight, np.zeros((rows, *weight.shape[1:]), np.float32)])


def in_panels(weight: np.ndarray, panel: int) -> np.ndarray:
    """[outputs, inputs] -> [outputs / panel][inputs][panel], the last one narrower, flat."""
    whole = padded(weight)
    parts = [whole[i : i + panel].T.ravel() for i in range(0, len(whole), panel)]
    return np.concatenate(parts)


SHAPES = [(1, 1), (27, 8), (5, 16), (3, 17), (7, 64), (9, 65), (4, 200), (130, 131)]


@pytest.mark.parametrize(("inputs", "outputs"), SHAPES)
def test_pointwise_weights_lie_in_blocks_of_outputs(shim, inputs, outputs):
    random = rng(inputs, outputs)
    weight, bias = normal(random, outputs, inputs), normal(random, outputs)
    packed = np.full(blocks_of(outputs) * BLOCK * inputs, np.nan, np.float32)
    packed_bias = np.full(blocks_of(outputs) * BLOCK, np.nan, np.float32)
    arguments = (weight, bias, inputs, outputs, False, packed, packed_bias)
    shim.shim_pack_pointwise(*map(as_argument, arguments))
    np.testing.assert_array_equal(packed, in_panels(weight, BLOCK))
    np.testing.assert_array_equal(packed_bias, padded(bias))


@pytest.mark.parametrize(("inputs", "outputs"), [(2, 1), (8, 16), (24, 40)])
def test_pointwise_weights_in_bfloat16_lie_in_pairs_of_inputs(shim, inputs, outputs):
    random = rng(inputs, outputs)
    weight, bias = normal(random, outputs, inputs), normal(random, outputs)
    packed = np.full(blocks_of(outputs) * BLOCK * inputs, np.nan, np.float32)
    packed_bias = np.full(blocks_of(outputs) * BLOCK, np.nan, np.float32)
    arguments = (weight, bias, inputs, outputs, True, packed, packed_bias)
    shim.shim_pack_pointwise(*map(as_argument, arguments))
    pairs = padded(weight).reshape(-1, BLOCK, inputs // 2, 2).transpose(0, 2, 1, 3)
    expected = nearest_bf16(np.ascontiguousarray(pairs))
    np.testing.assert_array_equal(packed, expected.ravel())


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize(("inputs", "outputs"), SHAPES)
def test_dense_weights_lie_in_panels_the_last_as_narrow_as_it_can_be(shim, inputs, outputs, bf16):
    random = rng(inputs, outputs)
    weight, bias = normal(random, outputs, inputs), normal(random, outputs)
    packed = np.full(blocks_of(outputs) * BLOCK * inputs, np.nan, np.float32)
    arguments = (weight, bias, inputs, outputs, bf16, packed)
    assert shim.shim_pack_linear(*map(as_argument, arguments)) == packed.size
    expected = in_panels(weight, PANEL)
    if bf16:
        expected = nearest_bf16(expected)
    np.testing.assert_array_equal(packed, expected)


@pytest.mark.parametrize(("channels", "taps"), [(1, 1), (16, 9), (17, 25), (40, 3), (3, 49)])
def test_taps_lie_in_blocks_of_channels(shim, channels, taps):
    weight = normal(rng(channels, taps), channels, taps)
    packed = np.full(blocks_of(channels) * BLOCK * taps, np.nan, np.float32)
    shim.shim_pack_taps(*map(as_argument, (weight, channels, taps, packed)))
    np.testing.assert_array_equal(packed, in_panels(weight, BLOCK))


def test_bfloat16_rounds_to_nearest_and_ties_to_even(shim):
    shim.shim_to_bf16.argtypes = [ctypes.c_float]
    ties = (np.arange(64, dtype=np.uint32) * 0x8000 + 0x3F800000).view(np.float32)
    values = np.concatenate([ties, -ties, normal(rng(1), 500), [0.0, -0.0, 1e-40, 3e38]])
    values = values.astype(np.float32)
    ours = [shim.shim_to_bf16(float(value)) for value in values]
    np.testing.assert_array_equal(ours, nearest_bf16(values))


def test_infinity_stays_infinity_in_bfloat16(shim):
    shim.shim_to_bf16.argtypes = [ctypes.c_float]
    assert shim.shim_to_bf16(float("inf")) == 0x7F80
    assert shim.shim_to_bf16(float("-inf")) == 0xFF80
