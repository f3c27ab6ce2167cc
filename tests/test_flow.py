"""Optical flow, against pictures that move as we moved them."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from streamrec.errors import OptionError, RuntimeMissingError
from streamrec.flow import make_flow, network_frame
from streamrec.opencv import cv2
from streamrec.preprocess import Preprocessor
from streamrec.types import FlowInput, Preprocessing, StreamSpec

METHODS = pytest.mark.parametrize("method", ["tvl1", "dis"])
SPEC = StreamSpec(
    name="flow",
    labels=("a",),
    fps=25.0,
    preprocessing=Preprocessing(40, 51, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4)),
    clip_frames=8,
    warmup_frames=8,
    horizon=None,
    flow=FlowInput(height=32, width=40, bound=20.0),
)


def texture(height: int = 96, width: int = 128) -> np.ndarray:
    """A grey picture with detail of a few pixels."""
    noise = np.random.default_rng(0).random((height, width))
    smooth = cv2.GaussianBlur(noise, (0, 0), 2)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def picture() -> np.ndarray:
    """A colour picture of the input's size: BGR."""
    return np.random.default_rng(1).integers(0, 256, (40, 51, 3), np.uint8)


@METHODS
@pytest.mark.parametrize("shift", [(3, -2), (-4, 0), (0, 5)], ids=str)
def test_a_shifted_picture_moved_by_the_shift_x_first(method, shift):
    before = texture()
    motion = make_flow(method)(before, np.roll(before, shift, axis=(1, 0)))
    assert motion.shape == (2, 96, 128) and motion.dtype == np.float32
    assert motion.flags.c_contiguous
    x, y = motion[:, 16:-16, 16:-16]
    assert np.abs(x - shift[0]).mean() < 0.1 and np.abs(y - shift[1]).mean() < 0.1


@METHODS
def test_what_stands_still_has_no_motion(method):
    assert not make_flow(method)(texture(), texture()).any()


@METHODS
def test_a_pair_does_not_remember_the_pair_before(method):
    flow, still = make_flow(method), texture()
    moved = np.roll(still, 3, axis=1)
    fresh = flow(still, moved)
    flow(moved, still)
    assert np.array_equal(flow(still, moved), fresh)


@METHODS
def test_a_result_is_not_overwritten_by_the_next(method):
    flow, still = make_flow(method), texture()
    first = flow(still, np.roll(still, 3, axis=1))
    kept = first.copy()
    flow(still, np.roll(still, -3, axis=1))
    assert np.array_equal(first, kept)


@METHODS
@pytest.mark.parametrize("clip", ["mmaction2_demo_arm_wrestling.mp4", "mmaction2_tests_test.mp4"])
def test_real_clips_move_by_a_few_pixels(method, clip, shared):
    before, after = clip_pair(shared / "data" / "clips" / clip, 52)
    speed = np.linalg.norm(make_flow(method)(before, after), axis=0)
    assert np.isfinite(speed).all()
    assert 0.1 < speed.mean() < 5 and speed.max() < 40


def test_dis_sees_nearly_what_tvl1_sees(shared):
    """Mean distance of the two, as the network sees them, below half a pixel a frame."""
    before, after = clip_pair(shared / "data" / "clips" / "mmaction2_tests_test.mp4", 90)
    published, fast = (make_flow(method)(before, after).clip(-20, 20) for method in METHODS.args[1])
    assert np.linalg.norm(published, axis=0).mean() > 1
    assert np.linalg.norm(published - fast, axis=0).mean() < 0.5


def clip_pair(path, index):
    """Two grey pictures that follow each other, 128 x 128."""
    from streamrec.sources.file import FileSource

    with FileSource(path) as source:
        images = [source.read().image for _ in range(index + 2)][index:]
    return [cv2.cvtColor(cv2.resize(i, (128, 128)), cv2.COLOR_BGR2GRAY) for i in images]


def test_tvl1_is_scikit_images_where_opencv_has_none(monkeypatch):
    monkeypatch.delattr(cv2, "optflow", raising=False)
    before = texture()
    x, y = make_flow("tvl1")(before, np.roll(before, (3, -2), axis=(1, 0)))[:, 16:-16, 16:-16]
    assert abs(x.mean() - 3) < 0.05 and abs(y.mean() + 2) < 0.05


def test_without_a_library_tvl1_says_what_to_install(monkeypatch):
    monkeypatch.delattr(cv2, "optflow", raising=False)
    monkeypatch.setitem(sys.modules, "skimage.registration", None)
    with pytest.raises(RuntimeMissingError, match=r'pip install "\.\[flow\]"'):
        make_flow("tvl1")


def test_an_unknown_method_lists_the_allowed_ones():
    with pytest.raises(OptionError, match=r"'farneback'.*dis, tvl1"):
        make_flow("farneback")


def recorded(motion: np.ndarray):
    """A flow that is always ``motion``, and the pairs that it was asked for."""
    pairs = []

    def flow(before, after):
        pairs.append((before, after))
        return motion

    return flow, pairs


def ramp() -> np.ndarray:
    """Motion that tells where it comes from: x and y are the column and row, pixels."""
    rows, columns = np.mgrid[:40, :51].astype(np.float32)
    return np.stack([columns, rows])


def test_the_first_frame_has_no_motion():
    flow, pairs = recorded(ramp())
    frame, gray = network_frame(SPEC, Preprocessor(SPEC.preprocessing)(picture()), None, flow)
    assert frame is None and not pairs
    assert gray.shape == (1, 1, 40, 51) and gray.dtype == np.float32


@pytest.mark.parametrize("color", ["rgb", "bgr"])
def test_motion_is_computed_between_the_grey_pictures_as_they_were(color):
    spec = replace(SPEC, preprocessing=replace(SPEC.preprocessing, color=color))
    preprocess, (flow, pairs) = Preprocessor(spec.preprocessing), recorded(ramp())
    first, second = picture(), picture()[::-1].copy()
    _, gray = network_frame(spec, preprocess(first), None, flow)
    network_frame(spec, preprocess(second), gray, flow)
    for seen, image in zip(pairs[0], (first, second), strict=True):
        expected = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        assert seen.dtype == np.uint8 and np.abs(seen.astype(int) - expected).max() <= 1
        assert (seen == expected).mean() > 0.99


def test_the_network_sees_the_centre_of_the_motion_cut_to_its_bound():
    frame = second_frame(SPEC, ramp() - 25)
    assert frame.shape == SPEC.frame_shape == (2, 32, 40) and frame.dtype == np.float32
    x, y = frame
    assert np.allclose(x[0], np.clip(np.arange(6, 46) - 25, -20, 20) / 20)  # (51 - 40) / 2: 5.5
    assert np.allclose(y[:, 0], np.clip(np.arange(4, 36) - 25, -20, 20) / 20)
    assert x.min() == -0.95 and x.max() == 1.0 and y.min() == -1.0


def test_colours_come_first_where_they_are_wanted():
    spec = replace(SPEC, flow=replace(SPEC.flow, colors=True))
    frame = second_frame(spec, ramp())
    x = Preprocessor(spec.preprocessing)(picture())
    assert frame.shape == spec.frame_shape == (5, 32, 40)
    assert np.array_equal(frame[:3], x[0, :, 4:36, 6:46])
    assert np.array_equal(frame[3:], second_frame(SPEC, ramp()))


def second_frame(spec, motion):
    x = Preprocessor(spec.preprocessing)(picture())
    frame, _ = network_frame(spec, x, np.zeros((1, 1, 40, 51), np.float32), recorded(motion)[0])
    return frame


@METHODS
def test_a_picture_that_moves_right_gives_positive_x(method):
    spec = replace(
        SPEC,
        preprocessing=replace(SPEC.preprocessing, height=96, width=128),
        flow=FlowInput(height=64, width=96),
    )
    preprocess, flow = Preprocessor(spec.preprocessing), make_flow(method)
    image = np.repeat(texture()[:, :, None], 3, axis=2)
    _, gray = network_frame(spec, preprocess(image), None, flow)
    (x, y), _ = network_frame(spec, preprocess(np.roll(image, 4, axis=1)), gray, flow)
    assert x.mean() == pytest.approx(4 / 20, abs=0.01) and abs(y.mean()) < 0.01


def test_a_model_without_motion_is_refused():
    x = Preprocessor(SPEC.preprocessing)(picture())
    with pytest.raises(OptionError, match="colours only"):
        network_frame(replace(SPEC, flow=None), x, None, recorded(ramp())[0])
