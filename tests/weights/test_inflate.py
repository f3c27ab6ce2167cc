"""Weights of 2-D networks serve 3-D ones, which see a still clip as the 2-D ones see a picture."""

import json
import re
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from reference_clips import made_up
from torch import nn

from streamrec.errors import OptionError, WeightsError
from streamrec.models.build import build, build_shapes
from streamrec.models.clip_registry import CLIP_ARCHITECTURES
from streamrec.nn.padding import same_padding
from streamrec.nn.same3d import SameConv3d, SameMaxPool3d
from streamrec.weights.inflate import inflate
from streamrec.weights.origins import ORIGINS

COUNTER = ".num_batches_tracked"
I3D = CLIP_ARCHITECTURES["i3d-rgb"]
MOBILENET = CLIP_ARCHITECTURES["mobilenet3d-v2-1.0"]


def made_up_weights(model: str) -> dict[str, np.ndarray]:
    shapes = build_shapes(CLIP_ARCHITECTURES[model]).state_dict()
    return {name: made_up(name, tuple(value.shape)) for name, value in shapes.items()}


@pytest.fixture(scope="module")
def googlenet():
    return made_up_weights("inception-v1")


@pytest.fixture(scope="module")
def mobilenet():
    return made_up_weights("mobilenet-v2")


def inflated_network(weights, target) -> nn.Module:
    network = build(target).eval()
    state = {name: torch.from_numpy(x) for name, x in inflate(weights, target).items()}
    wrong = network.load_state_dict(state, strict=False)
    assert not wrong.unexpected_keys
    assert all(name.endswith(COUNTER) for name in wrong.missing_keys)
    return network


@pytest.mark.parametrize(
    ("file", "target"), [("googlenet_to_i3d", I3D), ("mobilenet_v2_to_3d", MOBILENET)]
)
def test_names_are_the_pairs_of_the_original_networks(shared, file, target):
    pairs = json.loads((shared / f"reference/clip_models/inflate_{file}.json").read_text())
    name_of = ORIGINS[target.family, target.variant].name_of
    assert pairs == [[name_of(name), name] for _, name in pairs]


def test_a_kernel_is_spread_evenly_over_time(googlenet):
    weights = inflate(googlenet, I3D)
    kernel, picture = weights["Conv3d_1a_7x7.conv3d.weight"], googlenet["conv1.conv.weight"]
    assert kernel.dtype == np.float32
    np.testing.assert_allclose(kernel, np.stack([picture / 7] * 7, 2), rtol=1e-6)


def test_the_classifier_is_new_and_as_large_as_asked_for(googlenet):
    target = replace(I3D, classes=5)
    name = "logits.conv3d.weight"
    weights = inflate(googlenet, target)
    assert weights[name].shape == (5, 1024, 1, 1, 1)
    assert not weights["logits.conv3d.bias"].any()
    assert np.array_equal(inflate(googlenet, target)[name], weights[name])
    assert not np.array_equal(inflate(googlenet, target, seed=1)[name], weights[name])


def test_flow_is_seen_by_the_mean_over_the_colours(googlenet):
    weights = inflate(googlenet, CLIP_ARCHITECTURES["i3d-flow"])
    kernel = weights["Conv3d_1a_7x7.conv3d.weight"]
    mean = googlenet["conv1.conv.weight"].mean(1)
    assert kernel.shape == (64, 2, 7, 7, 7)
    for channel in (0, 1):
        np.testing.assert_allclose(kernel[:, channel].sum(1), mean, rtol=1e-4, atol=1e-6)


def test_two_streams_are_inflated_from_one_network(googlenet):
    both = inflate(googlenet, CLIP_ARCHITECTURES["i3d-two-stream"])
    for stream in ("rgb", "flow"):
        alone = inflate(googlenet, CLIP_ARCHITECTURES[f"i3d-{stream}"])
        name = "Mixed_5c.b2b.conv3d.weight"
        assert np.array_equal(both[f"{stream}.{name}"], alone[name])


def test_weights_of_another_network_are_refused(googlenet, mobilenet):
    with pytest.raises(WeightsError, match=r"not the weights of mobilenet-v2"):
        inflate(googlenet, MOBILENET)
    less = {name: x for name, x in googlenet.items() if name != "conv2.bn.bias"}
    with pytest.raises(WeightsError, match=r"conv2\.bn\.bias is missing$"):
        inflate(less, I3D)
    with pytest.raises(WeightsError, match=r"extra\.weight is left over$"):
        inflate(googlenet | {"extra.weight": np.zeros(3, np.float32)}, I3D)


def test_weights_of_another_width_are_refused(googlenet):
    name = "conv2.conv.weight"
    with pytest.raises(WeightsError, match=re.escape(f"{name} is [32, 64, 1, 1]")):
        inflate(googlenet | {name: googlenet[name][:32]}, I3D)


def test_a_network_that_is_made_from_no_other_is_refused(mobilenet):
    with pytest.raises(OptionError, match=r"mobilenet3d-v2-0\.45 .* these are: i3d rgb"):
        inflate(mobilenet, CLIP_ARCHITECTURES["mobilenet3d-v2-0.45"])


STAGES = [name for name, _ in build_shapes(I3D).named_children()]
STAGES = STAGES[: STAGES.index("avg_pool")]
STAGE_TIMES = {
    "Conv3d_1a_7x7": (7, 2),
    "MaxPool3d_2a_3x3": (1, 1),
    "Conv3d_2b_1x1": (1, 1),
    "MaxPool3d_3a_3x3": (1, 1),
    "MaxPool3d_4a_3x3": (3, 2),
    "MaxPool3d_5a_2x2": (2, 2),
}
"""Kernel and stride in time; all others: 3 and 1."""

STILL_FRAMES = 112


def interiors(frames: int) -> dict[str, range]:
    """By stage, the positions in time that no padding reaches."""
    first, last, found = 0, frames - 1, {}
    for stage in STAGES:
        kernel, stride = STAGE_TIMES.get(stage, (3, 1))
        before, _ = same_padding(frames, kernel, stride)
        first, last = -(-(first + before) // stride), (last + before - kernel + 1) // stride
        frames = -(-frames // stride)
        found[stage] = range(first, last + 1)
    return found


def for_pictures(network: nn.Module, weights: dict[str, np.ndarray]) -> nn.Module:
    """The 2-D network with the padding of a 3-D one."""
    flat = deepcopy(network)
    for name, layer in flat.named_modules():
        if isinstance(layer, SameConv3d | SameMaxPool3d):
            layer.kernel_size, layer.stride = (1, *layer.kernel_size[1:]), (1, *layer.stride[1:])
        if isinstance(layer, SameConv3d):
            kernel = weights[ORIGINS["i3d", "rgb"].name_of(f"{name}.weight")]
            layer.weight = nn.Parameter(torch.from_numpy(kernel)[:, :, None])
    return flat


def activations(network: nn.Module, video: torch.Tensor) -> dict[str, torch.Tensor]:
    found = {}
    for stage in STAGES:
        video = found[stage] = network.get_submodule(stage)(video)
    return found


@pytest.fixture(scope="module")
def still(googlenet):
    """Activations of a still clip, and of its picture in the 2-D network."""
    network = inflated_network(googlenet, I3D)
    picture = torch.rand(1, 3, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.inference_mode():
        clip = activations(network, picture.expand(-1, -1, STILL_FRAMES, -1, -1))
        return clip, activations(for_pictures(network, googlenet), picture)


@pytest.mark.parametrize("stage", STAGES)
def test_i3d_sees_a_still_clip_as_the_2d_network_sees_a_picture(still, stage):
    clip, picture = (activation[stage] for activation in still)
    inside = interiors(STILL_FRAMES)[stage]
    assert inside
    difference = (clip[:, :, inside.start : inside.stop] - picture).abs().max()
    assert difference <= 1e-5 * picture.abs().max()


def output_of(network: nn.Module, layer: str, clip: torch.Tensor) -> torch.Tensor:
    outputs = []
    hook = network.get_submodule(layer).register_forward_hook(lambda *call: outputs.append(call[2]))
    with hook, torch.inference_mode():
        network(clip)
    return outputs[0]


def test_mobilenet_sees_a_still_clip_as_the_2d_network_sees_a_picture(mobilenet):
    network = inflated_network(mobilenet, MOBILENET)
    flat = build(CLIP_ARCHITECTURES["mobilenet-v2"]).eval()
    flat.load_state_dict({name: torch.from_numpy(np.asarray(x)) for name, x in mobilenet.items()})
    picture = torch.rand(1, 1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    clip = output_of(network, "features.18", picture.expand(-1, 288, -1, -1, -1))
    expected = output_of(flat, "features.18", picture)
    assert clip.shape[2] == 18
    assert (clip[:, :, 9] - expected).abs().max() <= 1e-4 * expected.max()
