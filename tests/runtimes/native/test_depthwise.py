"""Convolution over space and then time, one block of channels at a time."""

import numpy as np
import pytest
from runtimes.native.kernels import BLOCK, normal, rng

NONE, HARD_SWISH, RELU6 = 0, 1, 2
ACTIVATIONS = {
    NONE: lambda x: x,
    HARD_SWISH: lambda x: x * np.clip(x + 3, 0, 6) / 6,
    RELU6: lambda x: np.clip(x, 0, 6),
}


class Layer:
    """Random input and weights; arrays are [..., channels] of ``channels`` of a block of 16."""

    def __init__(self, kernel, stride, taps, channels=BLOCK, rows=3, width=7, act=HARD_SWISH):
        random = rng(kernel, stride, taps, channels, width)
        self.shape = kernel, stride, channels
        self.rows, self.width, self.taps, self.act = rows, width, taps, act
        height, pitch = (rows - 1) * stride + kernel, (width - 1) * stride + kernel + 1
        self.x = normal(random, height, pitch, BLOCK)
        self.weight = normal(random, channels, kernel * kernel) / np.float32(kernel)
        self.bias = normal(random, channels)
        self.time, self.time_bias = normal(random, channels, taps), normal(random, channels)
        self.past = normal(random, taps - 1, rows, width, BLOCK)
        self.sum = normal(random, BLOCK)

    def expected(self):
        """Return (output, the newest picture of the ring)."""
        kernel, stride, channels = self.shape
        windows = np.lib.stride_tricks.sliding_window_view(self.x, (kernel, kernel), (0, 1))
        windows = windows[::stride, ::stride][: self.rows, : self.width, :channels]
        windows = windows.reshape(self.rows, self.width, channels, -1).astype(float)
        y = ACTIVATIONS[self.act](np.einsum("hwck,ck->hwc", windows, self.weight) + self.bias)
        if self.taps == 1:
            return y, None
        frames = np.concatenate([self.past[..., :channels], y[None]])
        z = np.einsum("thwc,ct->hwc", frames, self.time) + self.time_bias
        return ACTIVATIONS[self.act](z), y

    def run(self, kernels):
        kernel, stride, channels = self.shape
        past, total = self.past.copy(), self.sum.copy()
        out = np.full((self.rows, self.width, BLOCK), np.nan, np.float32)
        kernels.depthwise(
            kernel, stride, channels, self.x.shape[1], self.rows, self.width, self.taps, self.act,
            self.x, self.weight, self.bias, self.time, self.time_bias, past, out, total,
        )  # fmt: skip
        return out, past, total

    def check(self, kernels) -> None:
        channels = self.shape[2]
        out, past, total = self.run(kernels)
        expected, newest = self.expected()
        np.testing.assert_allclose(out[..., :channels], expected, rtol=0, atol=1e-5)
        sums = self.sum[:channels] + expected.sum((0, 1))
        np.testing.assert_allclose(total[:channels], sums, rtol=0, atol=1e-4)
        if newest is not None:
            np.testing.assert_allclose(past[0][..., :channels], newest, rtol=0, atol=1e-5)
            np.testing.assert_array_equal(past[1:], self.past[1:])


@pytest.mark.parametrize("taps", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5, 7])
def test_any_kernel_stride_and_number_of_frames(kernels, kernel, stride, taps):
    Layer(kernel, stride, taps).check(kernels)


@pytest.mark.parametrize("channels", range(1, 17))
@pytest.mark.parametrize(("kernel", "taps"), [(3, 3), (5, 1), (7, 4)])
def test_any_number_of_channels(kernels, kernel, taps, channels):
    Layer(kernel, 1, taps, channels).check(kernels)


@pytest.mark.parametrize("width", range(1, 14))
@pytest.mark.parametrize("stride", [1, 2])
def test_any_width_of_the_picture(kernels, stride, width):
    Layer(3, stride, 3, width=width, rows=2).check(kernels)


@pytest.mark.parametrize("act", [NONE, HARD_SWISH, RELU6])
def test_the_activation_follows_both_convolutions(kernels, act):
    Layer(3, 1, 3, act=act).check(kernels)


@pytest.mark.parametrize("taps", [1, 3])
def test_padding_of_half_a_block_is_left_alone(kernels, taps):
    layer = Layer(3, 1, taps, channels=8)
    out, past, total = layer.run(kernels)
    assert np.isnan(out[..., 8:]).all()
    np.testing.assert_array_equal(past[..., 8:], layer.past[..., 8:])
    np.testing.assert_array_equal(total[8:], layer.sum[8:])
