import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from streamrec.nn.padding import pad_same, same_padding

kernels = st.sampled_from([1, 2, 3, 5, 7])


@given(st.integers(1, 400), kernels, st.integers(1, 3))
def test_a_same_convolution_leaves_the_size_over_the_stride_rounded_up(size, kernel, stride):
    before, after = same_padding(size, kernel, stride)
    assert (size + before + after - kernel) // stride + 1 == -(-size // stride)
    assert 0 <= after - before <= 1


@given(st.integers(1, 12), st.integers(1, 12), kernels, st.integers(1, 3))
def test_padding_in_two_parts_is_padding_at_once(height, width, kernel, stride):
    x = torch.randn(1, 1, height, width)
    weight = torch.randn(1, 1, kernel, kernel)
    padded, rest = pad_same(x, kernel, stride)
    y = F.conv2d(padded, weight, stride=stride, padding=rest)
    top, bottom = same_padding(height, kernel, stride)
    left, right = same_padding(width, kernel, stride)
    expected = F.conv2d(F.pad(x, (left, right, top, bottom)), weight, stride=stride)
    torch.testing.assert_close(y, expected)
