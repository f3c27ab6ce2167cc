"""What is found inside networks, against what others say of them."""

from collections import Counter
from dataclasses import replace
from functools import cache
from math import prod

import onnx
import pytest
import torch
from onnx import shape_inference
from tiny_models import exported, trained

from streamrec.inspection import network as inspection
from streamrec.models.build import build
from streamrec.models.clip_registry import CLIP_ARCHITECTURES
from streamrec.models.registry import ARCHITECTURES
from streamrec.runtimes.native.onnx_file import read_export
from tests.support import tiny_architecture

inspect = cache(inspection.inspect)

GIGA_MACS = {
    # torchvision's metadata
    "r3d-18": 40.697,
    "mc3-18": 43.343,
    "r2plus1d-18": 40.519,
    "mobilenet-v2": 0.301,
    "inception-v1": 1.498,
}
X3D_GIGA_MACS = {
    # Feichtenhofer 2020, arXiv 2004.04730, at the size of the training clips
    "x3d-xs": (160, 0.60),
    "x3d-s": (160, 1.96),
    "x3d-m": (224, 4.73),
    "x3d-l": (312, 18.37),
}


@pytest.mark.parametrize("name", GIGA_MACS)
def test_multiply_adds_are_the_published_ones(name):
    assert inspect(ARCHITECTURES[name]).macs / 1e9 == pytest.approx(GIGA_MACS[name], abs=6e-4)


@pytest.mark.parametrize("name", X3D_GIGA_MACS)
def test_multiply_adds_of_x3d_are_those_of_the_paper(name):
    size, published = X3D_GIGA_MACS[name]
    record = CLIP_ARCHITECTURES[name]
    smaller = replace(record.preprocessing, height=size, width=size)
    found = inspect(replace(record, preprocessing=smaller)).macs / 1e9
    assert found == pytest.approx(published, abs=6e-3)


def test_multiply_adds_of_s3d_are_torchvisions_for_16_frames():
    record = replace(CLIP_ARCHITECTURES["s3d"], clip_frames=16)
    assert inspect(record).macs / 1e9 == pytest.approx(17.979, abs=6e-4)


@pytest.mark.parametrize(("size", "millions"), [("a0", 50.7), ("a1", 113.2), ("a2", 216.5)])
def test_multiply_adds_of_streams_are_for_a_frame(size, millions):
    found = inspect(ARCHITECTURES[f"movinet-{size}-stream"])
    assert found.unit == "frame"
    assert found.macs / 1e6 == pytest.approx(millions, abs=0.05)
    assert found.macs_per_s == found.macs * 5.0


@pytest.mark.parametrize("positional", [False, True])
def test_multiply_adds_are_those_of_the_exported_graph(positional):
    network = trained(positional=positional)
    model = exported(network)
    sizes = {n: w.size for n, w in read_export(model, "test")[1].items() if n.endswith(".weight")}
    graph = shape_inference.infer_shapes(onnx.load_from_string(model)).graph
    shapes = {
        value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in [*graph.value_info, *graph.output]
    }
    convolutions = sum(
        sizes[node.input[1]] * prod(shapes[node.output[0]][2:])
        for node in graph.node
        if node.op_type == "Conv"
    )
    dense = sizes["head.hidden.weight"] + sizes["head.classifier.weight"]
    assert inspect(network.architecture).macs == convolutions + dense


def test_a_clip_costs_its_multiply_adds_once_in_its_length():
    found = inspect(CLIP_ARCHITECTURES["r3d-18"])
    assert found.unit == "clip"
    assert found.macs_per_s == found.macs * 15.0 / 16


@pytest.mark.parametrize("family", ["stream", "base", "mobile"])
def test_parameters_are_those_of_the_network(family):
    record = tiny_architecture(family)
    found, trained = inspect(record), dict(build(record).named_parameters())
    assert found.parameters == sum(value.numel() for value in trained.values())
    assert found.arrays == {name: tuple(value.shape) for name, value in trained.items()}


@pytest.mark.parametrize("name", ["movinet-a0-stream", "movinet-a0-base", "x3d-xs", "r3d-18"])
def test_blocks_have_all_that_the_network_multiplies(name):
    found = inspect(ARCHITECTURES[name])
    assert sum(block.macs for block in found.blocks) == found.macs
    assert found.blocks[-1].shape == (ARCHITECTURES[name].classes,)


def test_blocks_that_are_alike_are_one():
    blocks = {block.name: block for block in inspect(CLIP_ARCHITECTURES["x3d-m"]).blocks}
    repeats = [block.repeats for name, block in blocks.items() if "res_blocks" in name]
    assert repeats == [1, 2, 1, 4, 1, 10, 1, 6]  # depths 3, 5, 11 and 7
    assert blocks["blocks.4.res_blocks.1"].input == blocks["blocks.4.res_blocks.1"].shape
    assert blocks["blocks.4.res_blocks.1"].width == 432


def test_every_bottleneck_is_a_block_with_its_kernels():
    record = ARCHITECTURES["movinet-a0-stream"]
    blocks = [b for b in inspect(record).blocks if b.kind == "Bottleneck"]
    assert sum(block.repeats for block in blocks) == len(record.blocks)
    assert blocks[1].kernels == ((3, 3), (3, 1, 1))
    assert blocks[1].shape == (32, 22, 22)
    assert blocks[1].input == (8, 43, 43)


def test_long_rows_of_layers_are_parts_of_their_own():
    blocks = inspect(CLIP_ARCHITECTURES["mobilenet3d-v1-0.5"]).blocks
    assert sum(block.repeats for block in blocks if block.name.startswith("features.")) == 16
    stem = inspect(CLIP_ARCHITECTURES["r2plus1d-18"]).blocks[0]
    assert (stem.name, stem.kernels) == ("stem", ((1, 7, 7), (3, 1, 1)))


def test_networks_within_a_network_are_branches():
    branches = Counter(b.branch for b in inspect(CLIP_ARCHITECTURES["i3d-two-stream"]).blocks)
    assert branches["rgb"] == branches["flow"] > 10
    assert branches[""] == 0


@pytest.mark.parametrize(
    ("name", "frames"),
    [
        ("movinet-a0-stream", 29),
        ("r3d-18", 109),
        ("mc3-18", 11),
        ("mobilenet-v2", 1),
        ("cnn-lstm", None),
        ("two-stream", 10),
        ("two-stream-fused", 50),
    ],
)
def test_the_receptive_field_is_that_of_the_convolutions(name, frames):
    assert inspect(ARCHITECTURES[name]).receptive_field == frames


def test_the_receptive_field_of_mc3_is_what_moves_its_features():
    """Mixed convolutions: the stem and the first layer see time, the rest does not."""
    network = build(CLIP_ARCHITECTURES["mc3-18"]).eval()
    maps = torch.nn.Sequential(*(network.get_submodule(n) for n in ("stem", "layer1")))
    video = torch.rand(1, 3, 13, 16, 16, requires_grad=True)
    maps(video)[:, :, 6].sum().backward()
    moving = video.grad.abs().sum((0, 1, 3, 4)) > 0
    assert int(moving.sum()) == inspect(CLIP_ARCHITECTURES["mc3-18"]).receptive_field


def test_the_state_is_that_of_the_stream_or_the_frames_of_a_clip():
    record = tiny_architecture()
    state = build(record).initial_state()
    assert inspect(record).state_bytes == sum(4 * value.numel() for value in state.values())
    flow = CLIP_ARCHITECTURES["i3d-flow"]
    assert inspect(flow).state_bytes == 4 * 64 * prod((2, 224, 224))
    assert inspect(flow).input == (2, 224, 224)


def test_layers_are_counted_by_class():
    counts = inspect(CLIP_ARCHITECTURES["r3d-18"]).layer_counts
    assert counts == {"Conv3d": 20, "BatchNorm3d": 20, "ReLU": 17, "Linear": 1}
    assert inspect(ARCHITECTURES["movinet-a0-stream"]).layer_counts["CausalTemporalConv"] == 11
