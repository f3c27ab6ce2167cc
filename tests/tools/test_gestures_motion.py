"""Every label's motion is what it says, measured on the generator's own trajectories."""

import numpy as np
import pytest
from motion import IGNORE, LABELS, RATE_HZ, SIZE, STILL, X, Y, stroke, track

ASPECT = 16 / 9
SEEDS = range(25)


def strokes(name: str) -> list[np.ndarray]:
    label = LABELS.index(name)
    return [stroke(np.random.default_rng(seed), label, ASPECT).poses for seed in SEEDS]


@pytest.mark.parametrize(
    ("name", "axis", "sign"),
    [
        ("swipe left", X, -1),
        ("swipe right", X, 1),
        ("swipe up", Y, -1),
        ("swipe down", Y, 1),
    ],
)
def test_a_swipe_goes_where_its_name_says(name, axis, sign):
    other = Y if axis == X else X
    for poses in strokes(name):
        way = poses[-1] - poses[0]
        assert sign * way[axis] > 0.2
        assert abs(way[axis]) > abs(way[other])
        assert 0.7 < poses[-1, SIZE] / poses[0, SIZE] < 1.4


@pytest.mark.parametrize(("name", "sign"), [("push", 1), ("pull", -1)])
def test_push_grows_and_pull_shrinks(name, sign):
    for poses in strokes(name):
        assert sign * np.log(poses[-1, SIZE] / poses[0, SIZE]) > np.log(1.2)


@pytest.mark.parametrize(
    ("name", "sign"), [("circle clockwise", 1), ("circle counter-clockwise", -1)]
)
def test_a_circle_turns_its_way_on_the_screen(name, sign):
    for poses in strokes(name):
        velocity = np.diff(poses[:, [X, Y]], axis=0)
        heading = np.unwrap(np.arctan2(velocity[:, 1], velocity[:, 0]))
        assert sign * (heading[-1] - heading[0]) > 0.9 * 2 * np.pi


def test_a_shake_turns_back_again_and_again():
    for poses in strokes("shake"):
        path = poses[:, [X, Y]] - poses[:, [X, Y]].mean(0)
        along = path @ np.linalg.svd(path, full_matrices=False)[2][0]
        assert np.count_nonzero(np.diff(np.sign(np.diff(along)))) >= 2


def test_still_hardly_moves():
    for poses in strokes("still"):
        assert np.hypot(*(poses[:, [X, Y]].max(0) - poses[:, [X, Y]].min(0))) < 0.12
        assert poses[:, SIZE].max() / poses[:, SIZE].min() < 1.15


@pytest.mark.parametrize("name", LABELS)
def test_a_track_names_its_stroke_while_it_ends(name):
    label = LABELS.index(name)
    for seed in SEEDS:
        hand = track(np.random.default_rng(seed), label, ASPECT, 5.0)
        named, first, last = hand.strokes[0]
        assert named == label
        assert hand.targets[last] == label
        assert hand.weights[last] == 1
        assert set(hand.targets[first : last + 1].tolist()) <= {label, IGNORE}


def test_long_after_a_motion_a_resting_hand_is_still():
    hand = track(np.random.default_rng(3), LABELS.index("swipe left"), ASPECT, 5.0)
    _, _, last = hand.strokes[0]
    later = hand.strokes[1][1] if len(hand.strokes) > 1 else len(hand.targets)
    quiet = hand.targets[last + int(1.6 * RATE_HZ) : later]
    assert set(quiet.tolist()) <= {STILL}


def test_a_track_never_jumps():
    for seed in range(200):
        hand = track(np.random.default_rng(seed), seed % len(LABELS), ASPECT, 5.0)
        speed = np.abs(np.diff(hand.poses[:, :3], axis=0)).max() * RATE_HZ
        assert speed < 12
        assert hand.poses[:, SIZE].min() > 0.02
