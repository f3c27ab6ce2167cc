import numpy as np
import onnxruntime as ort
import pytest
import torch

from streamrec.export.graph import GraphBuilder
from streamrec.export.layers import activate, conv_norm, fold, pads, skip
from streamrec.nn.activation import ACTIVATIONS
from streamrec.nn.conv import ConvNorm, StridedSkip


def run(graph: GraphBuilder, y: str, x: np.ndarray) -> np.ndarray:
    graph.output(y, "y", [None] * x.ndim)
    session = ort.InferenceSession(graph.model("layer").SerializeToString())
    return session.run(["y"], {"x": x})[0]


def randomised(layer: torch.nn.Module) -> torch.nn.Module:
    torch.manual_seed(0)
    for name, tensor in layer.state_dict().items():
        if tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5) if "var" in name else tensor.normal_(0.0, 0.5)
    return layer.eval()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_has_the_same_form_in_onnx(name):
    x = np.linspace(-8, 8, 400, dtype=np.float32).reshape(1, 4, 10, 10)
    graph = GraphBuilder()
    graph.input("x", x.shape)
    y = graph.node("Add", activate(graph, "x", name), graph.scalar(0.0))
    expected = ACTIVATIONS[name](torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(run(graph, y, x), expected, atol=2e-6)


def test_an_activation_without_a_form_is_not_passed_over():
    with pytest.raises(NotImplementedError, match="gelu"):
        activate(GraphBuilder(), "x", "gelu")


@pytest.mark.parametrize("size", [7, 8, 9, 32])
@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 1), (3, 2), (5, 1), (5, 2)])
@torch.inference_mode()
def test_a_folded_convolution_is_the_convolution_and_its_norm(size, kernel, stride):
    layer = randomised(ConvNorm(4, 4, kernel, stride, "swish", depthwise=kernel > 1))
    x = np.random.default_rng(0).random((1, 4, size, size), dtype=np.float32)
    graph = GraphBuilder()
    y = conv_norm(graph, "layer", layer, graph.input("x", x.shape), (size, size), scale=0.5)
    layer.act = torch.nn.Identity()
    linear = 0.5 * layer(torch.from_numpy(x)[None])[0]
    np.testing.assert_allclose(run(graph, y, x), torch.nn.functional.silu(linear), atol=1e-5)


@pytest.mark.parametrize("size", [7, 8, 9])
@pytest.mark.parametrize("stride", [1, 2])
@torch.inference_mode()
def test_a_strided_skip_does_not_count_its_padding(size, stride):
    layer = randomised(StridedSkip(3, 5, stride))
    x = np.random.default_rng(0).random((1, 3, size, size), dtype=np.float32)
    graph = GraphBuilder()
    y = skip(graph, "skip", layer, graph.input("x", x.shape), (size, size))
    np.testing.assert_allclose(run(graph, y, x), layer(torch.from_numpy(x)[None])[0], atol=1e-5)


def test_folding_a_trivial_norm_changes_nothing():
    norm = torch.nn.BatchNorm2d(3, eps=0.0).eval()
    weight = torch.randn(3, 2, 1, 1)
    folded, bias = fold(weight, norm)
    np.testing.assert_array_equal(folded, weight.numpy())
    np.testing.assert_array_equal(bias, np.zeros(3, np.float32))


def test_padding_is_asymmetric_where_the_total_is_odd():
    assert pads((8, 7), 3, 2) == [0, 1, 1, 1]
