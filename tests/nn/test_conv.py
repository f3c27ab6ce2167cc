import pytest
import torch
from torch.nn import functional as F

from streamrec.nn.conv import ConvNorm, DepthwiseConv3d, average_pool_same
from streamrec.nn.padding import same_padding


@torch.inference_mode()
def test_a_convolution_over_single_frames_sees_no_other_frame():
    layer = ConvNorm(3, 8, 3, 2, "swish").eval()
    clip = torch.randn(2, 5, 3, 9, 9)
    alone = torch.stack([layer(clip[:, t : t + 1])[:, 0] for t in range(5)], 1)
    torch.testing.assert_close(layer(clip), alone)


@pytest.mark.parametrize("kernel_time", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@torch.inference_mode()
def test_summed_convolutions_are_the_3d_convolution(kernel_time, stride):
    layer = DepthwiseConv3d(4, kernel_time, 3, stride, "none").eval()
    clip = torch.randn(2, 6, 4, 9, 8)
    (top, bottom), (left, right) = (same_padding(n, 3, stride) for n in (9, 8))
    half = kernel_time // 2
    volume = F.pad(clip.transpose(1, 2), (left, right, top, bottom, half, half))
    expected = layer.norm(layer.conv(volume).transpose(1, 2).flatten(0, 1)).unflatten(0, (2, 6))
    torch.testing.assert_close(layer(clip), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [1, 4, 7, 8])
def test_average_pooling_does_not_count_its_padding(size):
    ones = torch.ones(1, 2, 3, size, size)
    pooled = average_pool_same(ones, 3, 2)
    assert pooled.shape == (1, 2, 3, -(-size // 2), -(-size // 2))
    torch.testing.assert_close(pooled, torch.ones_like(pooled))
