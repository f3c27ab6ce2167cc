"""Activations on vectors, as a product with one times each number."""

import numpy as np
import pytest
import torch
from runtimes.native.kernels import BLOCK, empty_map

from streamrec.nn.activation import activation
from streamrec.runtimes.native.binding import ACTIVATIONS

ONE, ZERO = np.ones(1, np.float32), np.zeros(1, np.float32)
START = np.zeros(1, np.int32)
BOUNDED = ("relu6", "sigmoid", "hard_sigmoid", "hard_sigmoid_relu6")


def activate(kernels, name: str, values: np.ndarray) -> np.ndarray:
    rows = np.zeros((len(values), BLOCK), np.float32)
    rows[:, 0] = values
    out = empty_map(1, len(values))
    kernels.gemm(
        0, len(values), 1, 1, BLOCK, rows, START, ONE, ZERO,
        ACTIVATIONS.index(name), None, out, len(values) * BLOCK, None,
    )  # fmt: skip
    return out[0, :, 0]


def exactly(name: str, values: np.ndarray) -> np.ndarray:
    return activation(name)(torch.from_numpy(values.astype(np.float64))).numpy()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_agrees_with_pytorch_in_float64(kernels, name):
    values = np.linspace(-100, 100, 20_001, dtype=np.float32)
    expected = exactly(name, values)
    np.testing.assert_allclose(activate(kernels, name, values), expected, rtol=4e-7, atol=4e-7)


@pytest.mark.parametrize("name", ["sigmoid", "swish"])
def test_the_exponential_is_accurate_far_from_zero(kernels, name):
    values = np.linspace(-80, 0, 8001, dtype=np.float32)
    expected = exactly(name, values)
    np.testing.assert_allclose(activate(kernels, name, values), expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nan_stays_nan(kernels, name):
    assert np.isnan(activate(kernels, name, np.array([np.nan, -np.nan], np.float32))).all()


@pytest.mark.parametrize("name", BOUNDED)
def test_infinity_becomes_the_bounds(kernels, name):
    values = np.array([-np.inf, np.inf, -3e38, 3e38], np.float32)
    low, high = exactly(name, np.array([-1e6, 1e6]))
    ours = activate(kernels, name, values)
    np.testing.assert_allclose(ours, [low, high, low, high], rtol=1e-6, atol=1e-37)


@pytest.mark.parametrize("name", ["none", "swish", "hard_swish"])
def test_positive_infinity_stays_where_there_is_no_bound(kernels, name):
    values = np.array([np.inf, 3e38], np.float32)
    np.testing.assert_allclose(activate(kernels, name, values), values, rtol=1e-6)
