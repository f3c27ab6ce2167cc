"""Clip models give the logits of the original implementations, from the same made-up weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from reference_clips import Reference

from streamrec.models.build import build
from streamrec.models.clip_registry import CLIP_ARCHITECTURES
from streamrec.models.network import FrameNetwork

TOLERANCE = 1e-4
"""Of the standard deviation of the logits."""

REFERENCES = {
    "c3d_bn_600": "c3d",
    "i3d_rgb_400": "i3d-rgb",
    "i3d_rgb_400_t32": "i3d-rgb",
    "i3d_rgb_400_odd": "i3d-rgb",
    "i3d_flow_400": "i3d-flow",
    "mobilenetv1_3d_w0.5_600": "mobilenet3d-v1-0.5",
    "mobilenetv1_3d_w1.0_600": "mobilenet3d-v1-1.0",
    "mobilenetv2_3d_w0.2_600": "mobilenet3d-v2-0.2",
    "mobilenetv2_3d_w0.45_600": "mobilenet3d-v2-0.45",
    "mobilenetv2_3d_w0.7_600": "mobilenet3d-v2-0.7",
    "mobilenetv2_3d_w1.0_600": "mobilenet3d-v2-1.0",
    "mobilenetv2_3d_w1.0_27": "mobilenet3d-v2-1.0-jester",
    "tv_googlenet_1000": "inception-v1",
    "tv_mc3_18_400": "mc3-18",
    "tv_mobilenet_v2_1000": "mobilenet-v2",
    "tv_r2plus1d_18_400": "r2plus1d-18",
    "tv_r3d_18_400": "r3d-18",
    "tv_s3d_400": "s3d",
    "x3d_xs_400": "x3d-xs",
    "x3d_xs_400_s182": "x3d-xs",
    "x3d_s_400": "x3d-s",
    "x3d_s_400_s182": "x3d-s",
    "x3d_m_400": "x3d-m",
    "x3d_m_400_s256": "x3d-m",
    "x3d_l_400": "x3d-l",
    "x3d_l_400_s356": "x3d-l",
}


@pytest.fixture(scope="module", params=REFERENCES)
def reference(request, shared) -> Reference:
    return Reference(shared / "reference" / "clip_models", request.param)


@pytest.fixture(scope="module")
def network(reference):
    record = CLIP_ARCHITECTURES[REFERENCES[reference.name]]
    return reference.fill(build(replace(record, classes=reference.figures["logits"].shape[1])))


def test_names_and_shapes_are_the_published_ones(reference, network):
    found = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    assert found == {
        key: shape for key, shape in reference.keys.items() if not key.startswith(network.unused)
    }


@torch.inference_mode()
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reversed"])
def test_logits_are_the_references(reference, network, reverse):
    expected = reference.figures["logits_alt" if reverse else "logits"]
    features = features_of(network, reference.clip(reverse=reverse))
    logits = network.classify(features)
    assert np.abs(logits.numpy() - expected).max() <= TOLERANCE * expected.std()
    if not reverse:
        check_features(features.numpy(), reference.figures["pooled"])


def features_of(network, clip):
    return network.features(
        clip[:, 0] if isinstance(network, FrameNetwork) else clip.transpose(1, 2)
    )


def check_features(features, pooled):
    """The reference keeps the places that ours takes the mean of."""
    expected = pooled.reshape(*pooled.shape[:2], -1).mean(2)
    assert np.abs(features - expected).max() <= TOLERANCE * expected.std()
