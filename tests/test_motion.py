"""Whether anything moves."""

from copy import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrec.motion import KEEP_S, MotionGate
from streamrec.opencv import cv2

SHARE = 0.005
FPS = 5.0
SIZE = (172, 172)


def scene(seed: int = 0) -> np.ndarray:
    """A still scene of large shapes."""
    coarse = np.random.default_rng(seed).integers(40, 200, (8, 8, 3), np.uint8)
    return cv2.resize(coarse, SIZE, interpolation=cv2.INTER_LINEAR).astype(np.float32)


def noisy(image: np.ndarray, index: int, spread: float = 6.0) -> np.ndarray:
    noise = np.random.default_rng(index).normal(0.0, spread, image.shape)
    return (image + noise).clip(0, 255).astype(np.uint8)


def with_person(image: np.ndarray, left: int) -> np.ndarray:
    image = image.copy()
    image[80:110, left : left + 10] = 20
    return image


def watch(images, share: float = SHARE) -> list[bool]:
    gate = MotionGate(share)
    return [gate.push(image, index / FPS) for index, image in enumerate(images)]


def pushes(seconds: float) -> int:
    return round(seconds * FPS)


def test_a_still_scene_with_a_noisy_sensor_is_skipped_once_it_is_known():
    passed = watch(noisy(scene(), index) for index in range(200))
    known = pushes(KEEP_S) + 1
    assert passed == [True] * known + [False] * (200 - known)


def test_a_person_who_walks_is_always_seen():
    assert all(watch(noisy(with_person(scene(), left), left) for left in range(0, 160, 2)))


def test_somebody_who_comes_into_a_still_scene_is_seen_at_once_and_for_a_while_after():
    still = [noisy(scene(), index) for index in range(100)]
    passed = watch([*still, noisy(with_person(scene(), 80), 100), *still])
    assert not any(passed[90:100])
    assert all(passed[100 : 100 + pushes(KEEP_S)])
    assert not any(passed[-20:])


def test_what_stays_becomes_part_of_the_scene():
    passed = watch(noisy(with_person(scene(), 80), index) for index in range(100))
    assert not any(passed[-20:])


def test_light_that_changes_slowly_is_no_motion():
    dusk = (noisy(scene() * (1.0 - 0.6 * index / 300), index, 3.0) for index in range(300))
    assert not any(watch(dusk)[pushes(KEEP_S) + 1 :])


def test_shadows_that_creep_are_no_motion():
    slope = np.linspace(0.0, 1.0, SIZE[1])[None, :, None]
    day = (noisy(scene() + 40 * slope * index / 500, index, 3.0) for index in range(500))
    assert not any(watch(day)[pushes(KEEP_S) + 1 :])


def test_light_that_is_switched_on_is_no_motion_if_it_is_the_same_everywhere():
    images = [scene() * 0.5] * 50 + [scene()] * 50
    assert not any(watch(image.astype(np.uint8) for image in images)[pushes(KEEP_S) + 1 :])


@settings(max_examples=20)
@given(st.integers(0, 10), st.floats(0.0, 1.0))
def test_a_cut_is_motion_whatever_came_before(seed, share):
    gate = MotionGate(min(share, 0.3))
    for index in range(30):
        gate.push(scene(seed).astype(np.uint8), index / FPS)
    assert gate.push(scene(seed + 1).astype(np.uint8), 30 / FPS)


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=30))
def test_without_a_share_all_pass_whatever_their_times(times):
    gate, image = MotionGate(0.0), noisy(scene(), 0)
    assert all(gate.push(image, time_s) for time_s in times)


def test_a_clock_that_is_set_back_hides_no_motion():
    gate = MotionGate(SHARE)
    for index in range(50):
        gate.push(noisy(scene(), index), 1e9 + index / FPS)
    gate.push(noisy(scene(), 50), 10.0)
    assert gate.push(noisy(with_person(scene(), 80), 51), 10.2)


def test_a_copy_goes_on_as_the_original():
    gate = MotionGate(SHARE)
    gate.push(noisy(scene(), 0), 0.0)
    other, image = copy(gate), noisy(scene(1), 1)
    assert gate.push(image, 10.0) == other.push(image, 10.0)
    assert gate.push(image, 20.0) == other.push(image, 20.0)


@pytest.mark.parametrize(
    ("clip", "skipped"),
    [
        ("mmaction2_demo_arm_wrestling.mp4", False),
        ("fight_surv/fight/fi074.mp4", False),
        ("fight_surv/noFight/nofi076.mp4", True),
    ],
)
def test_action_is_never_skipped_and_an_empty_street_is(shared, clip, skipped):
    capture = cv2.VideoCapture(str(shared / "data" / "clips" / clip))
    images = []
    while (read := capture.read())[0]:
        images.append(cv2.resize(read[1], SIZE))
    step = max(1, round(capture.get(cv2.CAP_PROP_FPS) / FPS))
    there_and_back = images[::step] + images[::-step]
    passed = watch((there_and_back * 20)[:120])
    assert (not all(passed)) == skipped
