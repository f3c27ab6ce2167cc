import pytest
import torch

from streamrec.errors import OptionError
from streamrec.models.build import build, build_shapes
from streamrec.models.clip_registry import CLIP_ARCHITECTURES
from streamrec.models.i3d import I3D
from streamrec.models.two_stream_i3d import TwoStreamI3D

SMALLEST = 193
"""Height and width that are 7 after five halvings, as the last pool needs."""


@pytest.fixture(scope="module")
def two_streams():
    torch.manual_seed(0)
    return build(CLIP_ARCHITECTURES["i3d-two-stream"]).eval()


@torch.inference_mode()
def test_the_shortest_clip_of_the_record_is_the_shortest_that_runs():
    network = I3D("flow", 5).eval()
    shortest = CLIP_ARCHITECTURES["i3d-flow"].min_frames
    assert network(torch.zeros(1, shortest, 2, SMALLEST, SMALLEST)).shape == (1, 5)
    with pytest.raises(RuntimeError):
        network(torch.zeros(1, shortest - 1, 2, SMALLEST, SMALLEST))


@torch.inference_mode()
def test_two_streams_add_the_logits_of_colours_and_flow(two_streams):
    clip = torch.rand(1, 9, 5, SMALLEST, SMALLEST)
    logits = two_streams.rgb(clip[:, :, :3]) + two_streams.flow(clip[:, :, 3:])
    torch.testing.assert_close(two_streams(clip), logits)


def test_two_streams_have_the_published_names_of_each():
    def names(model):
        return set(build_shapes(CLIP_ARCHITECTURES[model]).state_dict())

    both = {f"{stream}.{name}" for stream in ("rgb", "flow") for name in names(f"i3d-{stream}")}
    assert names("i3d-two-stream") == both


@pytest.mark.parametrize("network", [I3D, TwoStreamI3D])
def test_a_variant_that_does_not_exist_is_told_with_those_that_do(network):
    with pytest.raises(OptionError, match=r"'depth'; allowed: .*rgb"):
        network("depth", 400)
