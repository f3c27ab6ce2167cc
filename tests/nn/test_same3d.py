import pytest
import torch
from torch.nn import functional as F

from streamrec.nn.same3d import SameConv3d, SameMaxPool3d, same_sides

SIZES = [(1, 1, 1), (2, 7, 8), (9, 12, 5)]
WINDOWS = [
    ((1, 1, 1), (1, 1, 1)),
    ((2, 2, 2), (2, 2, 2)),
    ((1, 3, 3), (1, 2, 2)),
    ((7, 7, 7), (2, 2, 2)),
]


def padded(video, kernel, stride):
    time, height, width = same_sides(video.shape[2:], kernel, stride)
    return F.pad(video, (*width, *height, *time))


def test_the_larger_half_of_the_padding_comes_last():
    assert same_sides((224, 224, 10), (7, 3, 1), (2, 1, 1)) == ((2, 3), (1, 1), (0, 0))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("kernel", "stride"), WINDOWS)
@torch.inference_mode()
def test_a_convolution_pads_each_axis_for_its_size(size, kernel, stride):
    layer = SameConv3d(2, 3, kernel, stride)
    video = torch.randn(1, 2, *size)
    expected = F.conv3d(padded(video, kernel, stride), layer.weight, stride=stride)
    assert expected.shape[2:] == tuple(-(-n // s) for n, s in zip(size, stride, strict=True))
    torch.testing.assert_close(layer(video), expected)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("kernel", "stride"), WINDOWS)
def test_a_pool_never_takes_its_padding(size, kernel, stride):
    video = torch.rand(1, 2, *size)
    expected = F.max_pool3d(padded(video, kernel, stride), kernel, stride)
    pool = SameMaxPool3d(kernel, stride)
    assert torch.equal(pool(video), expected)
    torch.testing.assert_close(pool(video - 5), expected - 5)
