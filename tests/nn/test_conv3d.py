import pytest
import torch
from torch import nn

from streamrec.nn.conv3d import SpatialConv3d, TemporalConv3d

CONVOLUTIONS = {
    "pointwise": (SpatialConv3d, {"kernel_size": 1}),
    "strided": (SpatialConv3d, {"kernel_size": 1, "stride": (1, 2, 2)}),
    "in space": (
        SpatialConv3d,
        {"kernel_size": (1, 3, 5), "stride": (1, 2, 1), "padding": (0, 1, 2)},
    ),
    "groups in space": (SpatialConv3d, {"kernel_size": (1, 3, 3), "groups": 2}),
    "in time": (TemporalConv3d, {"kernel_size": (3, 1, 1), "padding": (1, 0, 0)}),
    "strided in time": (TemporalConv3d, {"kernel_size": (3, 1, 1), "stride": (2, 1, 1)}),
    "depthwise in time": (
        TemporalConv3d,
        {"kernel_size": (5, 1, 1), "padding": (2, 0, 0), "groups": 4},
    ),
}


@pytest.fixture(params=CONVOLUTIONS)
def pair(request) -> tuple[nn.Conv3d, nn.Conv3d]:
    """The faster convolution and PyTorch's own, with the same numbers."""
    kind, options = CONVOLUTIONS[request.param]
    plain = nn.Conv3d(4, 8, **options)
    fast = kind(4, 8, **options)
    fast.load_state_dict(plain.state_dict())
    return fast, plain


@pytest.mark.parametrize("shape", [(1, 4, 5, 9, 8), (3, 4, 6, 7, 7)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last_3d])
def test_it_gives_what_the_plain_convolution_gives(pair, shape, layout):
    fast, plain = pair
    video = torch.randn(shape).contiguous(memory_format=layout)
    torch.testing.assert_close(fast(video), plain(video), atol=1e-5, rtol=1e-5)


def test_it_learns_what_the_plain_convolution_learns(pair):
    video = torch.randn(2, 4, 5, 8, 8)
    for layer in pair:
        layer(video).square().sum().backward()
    fast, plain = pair
    torch.testing.assert_close(fast.weight.grad, plain.weight.grad, atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(fast.bias.grad, plain.bias.grad, atol=1e-3, rtol=1e-4)


def test_depthwise_convolutions_after_it_find_the_channels_last(pair):
    fast, _ = pair
    y = nn.Conv3d(8, 8, 3, padding=1, groups=8)(fast(torch.randn(1, 4, 8, 32, 32)))
    assert y.is_contiguous(memory_format=torch.channels_last_3d)


def test_other_devices_run_the_plain_convolution(pair, monkeypatch):
    called = []
    monkeypatch.setattr(nn.Conv3d, "forward", lambda self, video: called.append(video.device.type))
    fast, _ = pair
    fast.to("meta")(torch.empty(1, 4, 5, 8, 8, device="meta"))
    assert called == ["meta"]
