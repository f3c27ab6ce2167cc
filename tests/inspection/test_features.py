"""What networks make of files before they decide."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from streamrec.errors import SourceReadError
from streamrec.inspection.features import FeatureNetwork, feature_runtime, file_features
from streamrec.models.build import build
from streamrec.models.clip_registry import CLIP_ARCHITECTURES
from streamrec.preprocess import Preprocessor
from streamrec.types import Frame, StreamSpec
from tests.support import random_model, spec_of, tiny_architecture


class File:
    """A source of noise at the model's own rate."""

    def __init__(self, frames: int, fps: float) -> None:
        random = np.random.default_rng(0)
        self.fps = fps
        self.images = random.integers(0, 256, (frames, 40, 40, 3), np.uint8)

    def __iter__(self):
        for i, image in enumerate(self.images):
            yield Frame(image=image, index=i, captured_s=0.0, time_s=i / self.fps, source="noise")

    def inputs(self, spec: StreamSpec) -> torch.Tensor:
        """All that a model sees, [T, C, H, W]."""
        preprocess = Preprocessor(spec.preprocessing)
        return torch.from_numpy(np.concatenate([preprocess(image) for image in self.images]))


@pytest.fixture(scope="module")
def stream():
    return random_model(tiny_architecture())


@pytest.fixture(scope="module")
def base():
    """A network that sees clips of four frames."""
    model = random_model(replace(tiny_architecture("base"), clip_frames=4))
    return model, replace(spec_of(model.architecture), windowed=True)


def dense_features(model, pooled):
    return model.head.act(model.head.hidden(pooled))


@torch.inference_mode()
def test_a_stream_gives_the_hidden_layer_after_the_last_frame(stream):
    spec = spec_of(stream.architecture)
    file = File(6, spec.fps)
    found = file_features(feature_runtime(stream, spec, device="cpu"), file, file="noise")
    pooled, _ = stream._observe(file.inputs(spec)[None], stream.initial_state())
    expected = dense_features(stream, pooled[0, -1])
    np.testing.assert_allclose(found.vector, expected.numpy(), atol=1e-5)
    assert found.vector.shape == (stream.architecture.hidden,)


@torch.inference_mode()
def test_windows_follow_one_another_and_the_last_ends_with_the_file(base):
    model, spec = base
    file = File(10, spec.fps)
    found = file_features(feature_runtime(model, spec, device="cpu"), file, file="noise")
    x, features = file.inputs(spec), FeatureNetwork(model)
    windows = [features(x[None, start : start + 4])[0] for start in (0, 4, 6)]
    np.testing.assert_allclose(found.vector, torch.stack(windows).mean(0).numpy(), atol=1e-5)


@torch.inference_mode()
def test_a_short_file_is_looped_to_the_length_of_a_clip(base):
    model, spec = base
    file = File(3, spec.fps)
    found = file_features(feature_runtime(model, spec, device="cpu"), file, file="noise")
    looped = file.inputs(spec)[[0, 1, 2, 0]]
    expected = FeatureNetwork(model)(looped[None])[0]
    np.testing.assert_allclose(found.vector, expected.numpy(), atol=1e-5)


def test_a_picture_from_the_middle_stands_for_the_file(stream):
    spec = spec_of(stream.architecture)
    file = File(5, spec.fps)
    found = file_features(feature_runtime(stream, spec, device="cpu"), file, file="noise")
    np.testing.assert_array_equal(found.picture, file.images[2])


def test_a_file_without_pictures_is_an_error(stream):
    runtime = feature_runtime(stream, spec_of(stream.architecture), device="cpu")
    with pytest.raises(SourceReadError, match="noise has no pictures"):
        file_features(runtime, File(0, 5.0), file="noise")


@pytest.mark.parametrize("name", ["x3d-xs", "two-stream", "mobilenet3d-v2-0.2"])
@torch.inference_mode()
def test_features_are_those_that_networks_call_so(name):
    record = CLIP_ARCHITECTURES[name]
    torch.manual_seed(0)
    network = build(record).eval()
    size = record.flow or record.preprocessing
    frames = record.min_frames
    clip = torch.rand(1, frames, 3 if record.flow is None else 5, size.height, size.width)
    expected = network.features(clip.transpose(1, 2))
    torch.testing.assert_close(FeatureNetwork(network)(clip), expected)


@torch.inference_mode()
def test_frames_without_a_state_are_averaged():
    record = CLIP_ARCHITECTURES["mobilenet-v2"]
    small = replace(record, preprocessing=replace(record.preprocessing, height=32, width=32))
    network = build(small).eval()
    spec = StreamSpec(
        name="frames",
        labels=tuple(map(str, range(small.classes))),
        fps=small.fps,
        preprocessing=small.preprocessing,
        clip_frames=1,
        warmup_frames=1,
        horizon=None,
    )
    file = File(3, spec.fps)
    found = file_features(feature_runtime(network, spec, device="cpu"), file, file="noise")
    expected = network.features(file.inputs(spec)).mean(0)
    np.testing.assert_allclose(found.vector, expected.numpy(), atol=1e-4)


def test_motion_is_computed_for_networks_that_see_it():
    record = CLIP_ARCHITECTURES["two-stream"]
    spec = StreamSpec(
        name="flow",
        labels=tuple(map(str, range(record.classes))),
        fps=record.fps,
        preprocessing=record.preprocessing,
        clip_frames=record.clip_frames,
        warmup_frames=record.clip_frames,
        horizon=None,
        windowed=True,
        flow=record.flow,
    )
    runtime = feature_runtime(build(record).eval(), spec, device="cpu", flow="dis")
    found = file_features(runtime, File(3, spec.fps), file="noise")
    assert found.vector.shape == (2048,) and np.isfinite(found.vector).all()
    with pytest.raises(SourceReadError, match="noise is too short: flow sees motion"):
        file_features(runtime, File(1, spec.fps), file="noise")
