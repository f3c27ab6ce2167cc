"""The generated scene."""

import itertools
import math

import numpy as np
import pytest

from streamrec.errors import SourceOpenError
from streamrec.sources.synthetic import Scene, SyntheticSource


def test_the_uri_sets_the_parameters():
    scene = Scene.parse("synthetic:?width=32&height=24&fps=12.5&seconds=2&live=1")
    assert scene == Scene(width=32, height=24, fps=12.5, seconds=2.0, live=1)
    assert Scene.parse("synthetic:") == Scene()


def test_it_gives_as_many_frames_as_its_length_asks_for():
    with SyntheticSource(Scene(width=32, height=24, fps=10, seconds=1.5)) as source:
        frames = list(source)
    assert len(frames) == source.frame_count == 15
    assert [f.time_s for f in frames] == pytest.approx([i / 10 for i in range(15)])
    assert all(f.image.shape == (24, 32, 3) for f in frames)


def test_it_is_the_same_in_every_run_and_it_moves():
    scene = Scene(width=32, height=24, seconds=0.2)
    first, second = list(SyntheticSource(scene)), list(SyntheticSource(scene))
    assert all(np.array_equal(a.image, b.image) for a, b in zip(first, second, strict=True))
    assert not any(np.array_equal(a.image, b.image) for a, b in itertools.pairwise(first))


@pytest.mark.parametrize("seconds", [math.inf, 1e308])
def test_an_endless_scene_has_no_frame_count_and_ends_when_closed(seconds):
    source = SyntheticSource(Scene(width=8, height=8, seconds=seconds))
    assert source.frame_count is None and source.read() is not None
    source.close()
    assert source.read() is None


@pytest.mark.parametrize("width, height", [(1, 1), (1, 40), (7680, 4320)])
def test_any_size_can_be_drawn(width, height):
    frame = SyntheticSource(Scene(width=width, height=height)).read()
    assert frame.image.shape == (height, width, 3)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("size=3", "no parameter 'size'; allowed: width, height, fps, seconds, live"),
        ("width=abc", "not a number"),
        ("width=0", "from 1 to 8192"),
        ("height=9999999", "from 1 to 8192"),
        ("fps=nan", "from 0.1 to 1000"),
        ("fps=inf", "from 0.1 to 1000"),
        ("fps=1e-12&live=1&seconds=inf", "from 0.1 to 1000"),
        ("seconds=-1", "positive"),
        ("seconds=nan", "positive"),
        ("live=2", "live is 0 or 1"),
    ],
)
def test_a_wrong_parameter_is_named(query, reason):
    with pytest.raises(SourceOpenError, match=reason):
        Scene.parse(f"synthetic:?{query}")
