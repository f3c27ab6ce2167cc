"""Small networks, each with something that a tracing exporter can get wrong."""

from dataclasses import replace

import numpy as np
import onnxruntime as ort
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import clip_spec
from torch import Tensor, nn
from torch.nn import functional as F

from streamrec.errors import ModelError
from streamrec.export.traced import traced_clip_graph
from streamrec.models.clip_registry import CLIP_ARCHITECTURES
from streamrec.models.network import ClipNetwork
from streamrec.nn.same3d import SameConv3d, SameMaxPool3d
from streamrec.types import Preprocessing

CHANNELS = 12
"""Missing few of a block of sixteen, so that some are added."""


def spec(frames: int, size: tuple[int, int]):
    record = replace(CLIP_ARCHITECTURES["r3d-18"], classes=2, clip_frames=frames)
    return clip_spec(replace(record, preprocessing=Preprocessing(*size)))


class Small(ClipNetwork):
    """Layers, then a mean and a dense layer."""

    def __init__(self, *layers: nn.Module, width: int = CHANNELS) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv3d(3, CHANNELS, 1), *layers)
        self.fc = nn.Linear(width, 2)

    def features(self, video: Tensor) -> Tensor:
        return self.layers(video).mean((2, 3, 4))

    def classify(self, features: Tensor) -> Tensor:
        return self.fc(features)


def shaken(network: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    for name, value in [*network.named_parameters(), *network.named_buffers()]:
        if value.is_floating_point():
            low, high = (0.5, 1.5) if name.endswith("running_var") else (-0.5, 0.5)
            value.data.uniform_(low, high)
    return network.eval()


def check(network: nn.Module, frames: int = 5, size: tuple[int, int] = (9, 7)) -> None:
    network = shaken(network)
    graph = traced_clip_graph(network, spec(frames, size))
    session = ort.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    clip = torch.randn(1, frames, 3, *size)
    with torch.inference_mode():
        expected = network(clip).numpy()
    (logits,) = session.run(["logits"], {"clip": clip[0].numpy()})
    np.testing.assert_allclose(logits, expected, atol=2e-5 * max(1, np.abs(expected).max()))


kernels = st.tuples(*[st.integers(1, 3)] * 3)


@settings(deadline=None, max_examples=40)
@given(kernel=kernels, stride=kernels, padding=kernels, groups=st.sampled_from((1, CHANNELS)))
def test_convolutions(kernel, stride, padding, groups):
    padding = tuple(min(pad, size // 2) for pad, size in zip(padding, kernel, strict=True))
    conv = nn.Conv3d(CHANNELS, CHANNELS, kernel, stride, padding, groups=groups)
    check(Small(conv, nn.BatchNorm3d(CHANNELS), nn.ReLU()))


@settings(deadline=None, max_examples=40)
@given(kernel=kernels, stride=kernels, ceil=st.booleans(), padded=st.booleans())
def test_max_pools(kernel, stride, ceil, padded):
    padding = tuple(size // 2 if padded else 0 for size in kernel)
    check(Small(nn.MaxPool3d(kernel, stride, padding, ceil_mode=ceil)))


@settings(deadline=None, max_examples=20)
@given(kernel=kernels, stride=kernels)
def test_same_padding(kernel, stride):
    check(Small(SameConv3d(CHANNELS, 20, kernel, stride), SameMaxPool3d(kernel, stride), width=20))


@settings(deadline=None, max_examples=20)
@given(kernel=kernels, stride=kernels)
def test_average_pools(kernel, stride):
    check(Small(nn.AvgPool3d(kernel, stride)))


@pytest.mark.parametrize(
    "layer", [nn.ReLU6(), nn.SiLU(), nn.Sigmoid(), nn.Dropout(0.9), nn.Identity()], ids=repr
)
def test_what_works_number_by_number(layer):
    check(Small(layer, nn.Conv3d(CHANNELS, CHANNELS, 3, padding=1)))


class Branches(Small):
    """Added channels meet what is side by side, cut out, and used twice."""

    def __init__(self) -> None:
        super().__init__(width=2 * CHANNELS + 4)
        self.other = nn.Conv3d(CHANNELS, 5, (3, 1, 1), padding=(1, 0, 0))
        self.norm = nn.BatchNorm3d(CHANNELS)

    def features(self, video: Tensor) -> Tensor:
        x = self.layers(video)
        normed = self.norm(x) + x
        both = torch.cat((x, self.other(x), normed), 1)[:, 1:]
        return F.relu(both[:, :, 1:-1]).mean((2, 3, 4))


def test_branches():
    check(Branches())


class Gated(Small):
    def features(self, video: Tensor) -> Tensor:
        x = self.layers(video)
        return (x * torch.sigmoid(x.mean((2, 3, 4), keepdim=True))).mean((2, 3, 4))


def test_a_gate_for_each_channel():
    check(Gated())


class Frames(Small):
    """One picture and a row of pictures, flattened in PyTorch's order."""

    def __init__(self) -> None:
        super().__init__(width=CHANNELS * 3 * 2 * 2)
        self.picture = nn.Conv2d(3, CHANNELS, 3, stride=2, padding=1)
        self.pool = nn.AdaptiveAvgPool3d(1)

    def features(self, video: Tensor) -> Tensor:
        x = self.layers(video)[:, :, 2:5, :2, 3:5].flatten(1)
        seen = self.picture(video[:, :, 1]).mean((2, 3)).unsqueeze(2).squeeze(2)
        return x + torch.tanh(torch.cat([seen] * 12, 1))


def test_pictures_of_a_clip():
    check(Frames())


class Unknown(Small):
    def features(self, video: Tensor) -> Tensor:
        return torch.cumsum(self.layers(video).mean((2, 3, 4)), 1)


def test_what_has_no_onnx_form_says_what_to_do():
    with pytest.raises(ModelError, match=r"cumsum.* has no ONNX form here; use --runtime torch"):
        check(Unknown())
