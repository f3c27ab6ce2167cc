"""Matrix products in register tiles."""

import numpy as np
import pytest
from runtimes.native.kernels import (
    BLOCK,
    as_float,
    blocks_of,
    empty_map,
    from_map,
    nearest_bf16,
    normal,
    rng,
    to_map,
)

NONE, HARD_SWISH, RELU6 = 0, 1, 2
BLOCKS, STRIDE_2, PAIRS = 0, 1, 2


class Product:
    """Inputs [rows, inputs] of ``rows`` pixels, weights and what numpy makes of them."""

    def __init__(self, rows: int, inputs: int, columns: int) -> None:
        random = rng(rows, inputs, columns)
        self.rows, self.inputs, self.columns = rows, inputs, columns
        self.x = normal(random, rows, inputs)
        self.weight = normal(random, columns, inputs) / np.float32(np.sqrt(inputs))
        self.bias, self.residual = normal(random, columns), normal(random, columns, rows)
        self.expected = self.weight.astype(float) @ self.x.T.astype(float) + self.bias[:, None]

    def run(self, kernels, activation=NONE, residual=None, out=None, offsets=None, *, form=BLOCKS):
        blocked = to_map(self.x.T, fill=np.nan)
        out = empty_map(self.columns, self.rows) if out is None else out
        runs = np.arange(blocks_of(self.inputs), dtype=np.int32) * self.rows * BLOCK
        kernels.gemm(
            form, self.rows, self.columns, self.inputs, BLOCK, blocked, runs, self.weight,
            self.bias, activation, residual, out, out.shape[1] * BLOCK, offsets,
        )  # fmt: skip
        return out

    def check(self, out: np.ndarray, expected: np.ndarray) -> None:
        np.testing.assert_allclose(from_map(out, self.columns), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("rows", range(1, 31))
def test_every_number_of_rows(kernels, rows):
    product = Product(rows, 24, 40)
    product.check(product.run(kernels), product.expected)


@pytest.mark.parametrize("columns", range(1, 71))
def test_every_number_of_columns(kernels, columns):
    product = Product(7, 9, columns)
    product.check(product.run(kernels), product.expected)


@pytest.mark.parametrize("inputs", [1, 8, 15, 16, 17, 33, 100])
def test_any_number_of_inputs_and_no_input_beyond_them(kernels, inputs):
    product = Product(13, inputs, 24)
    product.check(product.run(kernels), product.expected)


@pytest.mark.parametrize("columns", [8, 13, 16, 40])
def test_a_residual_is_added_after_the_activation_and_may_be_the_output(kernels, columns):
    product = Product(14, 20, columns)
    residual = to_map(product.residual)
    expected = np.clip(product.expected, 0, 6) + product.residual
    product.check(product.run(kernels, RELU6, residual), expected)
    product.check(product.run(kernels, RELU6, residual, out=residual), expected)


@pytest.mark.parametrize("columns", [8, 13, 40])
def test_rows_go_where_their_offsets_say_and_nowhere_else(kernels, columns):
    product = Product(11, 10, columns)
    pixels = np.array([0, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16])
    out = empty_map(columns, 20)
    product.run(kernels, out=out, offsets=(pixels * BLOCK).astype(np.int32))
    product.check(out[:, pixels], product.expected)
    assert np.isnan(np.delete(out, pixels, axis=1)).all()


@pytest.mark.parametrize("columns", [3, 8, 17, 40])
def test_no_vector_is_written_that_is_all_padding(kernels, columns):
    product = Product(5, 6, columns)
    filling = np.moveaxis(product.run(kernels), 1, 2).reshape(-1, 5)[columns:]
    vector = {"avx512": 8, "avx2": 8}.get(kernels.name, 4)
    assert np.isnan(filling[-columns % vector :]).all()


@pytest.mark.parametrize("width", [1, 2, 3, 12, 25, 86])
@pytest.mark.parametrize("columns", [8, 16, 24])
def test_rows_two_floats_apart_are_a_convolution_with_stride_two(kernels, width, columns):
    random = rng(width, columns)
    lines = normal(random, 9, 2 * width + 1)
    weight, bias = normal(random, columns, 27), normal(random, columns)
    runs = np.arange(9, dtype=np.int32) * lines.shape[1]
    out = empty_map(columns, width)
    kernels.gemm(
        STRIDE_2, width, columns, 27, 3, lines, runs, weight, bias,
        HARD_SWISH, None, out, width * BLOCK, None,
    )  # fmt: skip
    windows = np.lib.stride_tricks.sliding_window_view(lines, 3, axis=1)[:, ::2]
    y = weight.astype(float) @ windows.transpose(0, 2, 1).reshape(27, width) + bias[:, None]
    expected = y * np.clip(y + 3, 0, 6) / 6
    np.testing.assert_allclose(from_map(out, columns), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("rows", [1, 2, 11, 12, 13, 30])
@pytest.mark.parametrize("columns", [1, 8, 16, 17, 40, 71])
@pytest.mark.parametrize("inputs", [2, 16, 24, 50])
def test_products_of_bfloat16_are_summed_in_float32(bf16_kernels, rows, columns, inputs):
    product = Product(rows, inputs, columns)
    x, weight = (as_float(nearest_bf16(array)) for array in (product.x, product.weight))
    expected = weight.astype(float) @ x.T + product.bias[:, None]
    product.check(product.run(bf16_kernels, form=PAIRS), expected)
