"""Dense layers on one vector."""

import numpy as np
import pytest
from runtimes.native.kernels import BLOCK, as_float, blocks_of, nearest_bf16, normal, rng

NONE, HARD_SWISH = 0, 1


def dense(kernels, x, weight, bias, *, bf16=False, activation=NONE) -> np.ndarray:
    out = np.full(blocks_of(len(bias)) * BLOCK, np.nan, np.float32)
    kernels.dense(len(x), len(bias), x, weight, bias, bf16, activation, out)
    return out[: len(bias)]


def layer(inputs: int, outputs: int):
    random = rng(inputs, outputs)
    weight = normal(random, outputs, inputs) / np.float32(np.sqrt(inputs))
    return normal(random, inputs), weight, normal(random, outputs)


@pytest.mark.parametrize("outputs", [1, 3, 8, 15, 16, 17, 31, 33, 48, 63, 64, 65, 100, 200])
@pytest.mark.parametrize("inputs", [1, 7, 24, 130])
def test_any_number_of_inputs_and_outputs(kernels, inputs, outputs):
    x, weight, bias = layer(inputs, outputs)
    expected = weight.astype(float) @ x + bias
    np.testing.assert_allclose(dense(kernels, x, weight, bias), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("outputs", [1, 8, 17, 64, 100])
def test_bfloat16_weights_are_computed_with_in_float32(kernels, outputs):
    x, weight, bias = layer(40, outputs)
    ours = dense(kernels, x, weight, bias, bf16=True)
    rounded = as_float(nearest_bf16(weight))
    np.testing.assert_allclose(ours, rounded.astype(float) @ x + bias, rtol=0, atol=1e-5)
    scale = np.abs(weight) @ np.abs(x)
    assert (np.abs(ours - (weight.astype(float) @ x + bias)) <= scale * 2**-8).all()


def test_the_activation_comes_last(kernels):
    x, weight, bias = layer(30, 50)
    y = weight.astype(float) @ x + bias
    ours = dense(kernels, x, weight, bias, activation=HARD_SWISH)
    np.testing.assert_allclose(ours, y * np.clip(y + 3, 0, 6) / 6, rtol=0, atol=1e-5)
