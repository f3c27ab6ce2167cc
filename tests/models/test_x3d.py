import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from reference_clips import Reference

from streamrec.models.build import build_shapes
from streamrec.models.clip_registry import CLIP_ARCHITECTURES
from streamrec.models.x3d import X3D, Head, SqueezeExcitation

RECORDS = [record for record in CLIP_ARCHITECTURES.values() if record.family == "x3d"]
DEPTHS = {"xs": [3, 5, 11, 7], "s": [3, 5, 11, 7], "m": [3, 5, 11, 7], "l": [5, 10, 25, 15]}
PARAMETERS = {"xs": 3_794_274, "s": 3_794_274, "m": 3_794_274, "l": 6_153_384}


@pytest.fixture(scope="module")
def xs() -> X3D:
    torch.manual_seed(0)
    return X3D("xs", 7).eval()


def noise(frames: int, height: int, width: int) -> torch.Tensor:
    return torch.rand(1, frames, 3, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_depths_and_parameters_are_the_published_ones(record):
    network = build_shapes(record)
    assert [len(stage.res_blocks) for stage in network.blocks[1:5]] == DEPTHS[record.variant]
    assert sum(p.numel() for p in network.parameters()) == PARAMETERS[record.variant]


def test_every_second_block_squeezes_to_multiples_of_eight():
    network = build_shapes(CLIP_ARCHITECTURES["x3d-xs"])
    gates = [
        [
            next(
                (m.block[0].out_channels for m in block.modules() if type(m) is SqueezeExcitation),
                0,
            )
            for block in stage.res_blocks
        ]
        for stage in network.blocks[1:5]
    ]
    widths = (8, 8, 16, 32)
    assert gates == [
        [width * (index % 2 == 0) for index in range(depth)]
        for width, depth in zip(widths, DEPTHS["xs"], strict=True)
    ]


@torch.inference_mode()
def test_the_head_sees_the_window_of_a_training_clip(shared):
    reference = Reference(shared / "reference" / "clip_models", "x3d_xs_400_s182")
    network = reference.fill(X3D("xs", 400))
    features = network.features(reference.clip().transpose(1, 2)).numpy()
    expected = reference.figures["pooled"].mean((2, 3, 4))
    assert reference.figures["pooled"].shape[2:] == (1, 2, 2)
    np.testing.assert_allclose(features, expected, atol=1e-4 * expected.std())


@torch.inference_mode()
def test_logits_are_the_features_times_the_classifier(xs):
    clip = noise(4, 160, 160)
    features = xs.features(clip.transpose(1, 2))
    assert features.shape == (1, 2048)
    classifier = xs.get_submodule(xs.classifiers[0])
    expected = features @ classifier.weight.T + classifier.bias
    torch.testing.assert_close(xs(clip), expected)
    assert expected.shape == (1, 7)


@torch.inference_mode()
@pytest.mark.parametrize("size", [(129, 129), (160, 213)])
def test_a_picture_is_of_any_size_that_the_window_fits(xs, size):
    assert xs(noise(4, *size)).isfinite().all()


@torch.inference_mode()
def test_features_are_the_mean_over_all_places_of_the_window():
    head = Head(8, (4, 2, 2), classes=3).eval()
    video = torch.rand(1, 8, 5, 3, 2)
    places = [head(video[:, :, t : t + 4, y : y + 2]) for t, y in itertools.product((0, 1), (0, 1))]
    torch.testing.assert_close(head(video), torch.stack(places).mean(0))


@torch.inference_mode()
@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_the_record_states_the_shortest_clip(record):
    network = build_shapes(replace(record, classes=3))
    size = record.preprocessing.height
    video = torch.empty(1, 3, record.min_frames, size, size, device="meta")
    assert network.features(video).shape == (1, 2048)
    with pytest.raises(RuntimeError, match="kernel size"):
        network.features(video[:, :, 1:])
