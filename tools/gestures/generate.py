"""Procedural clips: a hand, or another thing, moves before a camera; every frame has its target.

    python tools/gestures/generate.py --out sheet.png

draws a contact sheet, one clip a row.
"""

import argparse
from dataclasses import dataclass, replace
from typing import TypeVar

import camera
import cv2
import numpy as np
import numpy.typing as npt
from hand import Part, arm_and_hand, capsule, random_look
from motion import LABELS, RATE_HZ, STILL, Floats, Track, X, Y, track
from scene import Body, Picture, any_color, draw, person, random_body, room, thing

SIZE = 48
FPS = 10.0
FRAMES = 48

TURNS = (*range(len(LABELS)), *2 * (LABELS.index("push"), LABELS.index("pull")))
"""First motions, in turn: the hardest to see come more often."""

_CANVAS_HEIGHT = 80
_ASPECTS = {16 / 9: 0.55, 4 / 3: 0.25, 1.0: 0.06, 3 / 4: 0.06, 9 / 16: 0.08}
"""Shapes of pictures, width over height, and how often each comes."""

_MOST_EXPOSURES = 4

_Number = TypeVar("_Number", np.uint8, np.float32)


@dataclass(frozen=True)
class Clip:
    """A generated clip.

    Attributes:
        frames: uint8 RGB [T, SIZE, SIZE, 3] at ``FPS``.
        targets: [T], index into ``LABELS``, or ``motion.IGNORE``.
        weights: float32 [T], how much each target counts.
        times_s: when each frame was captured.
        track: how the hand moved.
    """

    frames: Picture
    targets: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]
    times_s: Floats
    track: Track


def generate(seed: int, index: int, frames: int = FRAMES) -> Clip:
    """Clip ``index`` of the endless set ``seed``; its first motion is the next of ``TURNS``."""
    rng = np.random.default_rng([seed, index])
    aspect = float(rng.choice(list(_ASPECTS), p=list(_ASPECTS.values())))
    times_s, exposure_s = camera.looks(rng, frames, FPS)
    hand = track(rng, TURNS[index % len(TURNS)], aspect, float(times_s[-1]) + 1.0)
    times_s = times_s + _start_s(rng, hand)
    samples = np.minimum((times_s * RATE_HZ).astype(int), len(hand.poses) - 1)
    pictures = render(rng, hand, aspect, times_s, exposure_s)
    return Clip(
        frames=camera.develop(rng, pictures, times_s),
        targets=hand.targets[samples],
        weights=hand.weights[samples].astype(np.float32),
        times_s=times_s,
        track=hand,
    )


def _start_s(rng: np.random.Generator, hand: Track) -> float:
    """Begin anywhere before the first stroke, or cut a little of it off."""
    _, first, last = hand.strokes[0]
    if rng.random() < 0.2:
        return float(first + 0.25 * rng.random() * (last - first)) / RATE_HZ
    return float(rng.uniform(0, first)) / RATE_HZ


def render(
    rng: np.random.Generator,
    hand: Track,
    aspect: float,
    times_s: Floats,
    exposure_s: float,
    *,
    height: int = _CANVAS_HEIGHT,
    size: tuple[int, int] = (SIZE, SIZE),
) -> Picture:
    """Draw a hand's track in a random scene: uint8 RGB [T, size[1], size[0], 3].

    The scene is drawn ``height`` pixels high, then resized to ``size``, width and height.
    """
    width = round(height * aspect)
    body = random_body(rng, aspect) if rng.random() < 0.85 else None
    moments = times_s[:, None] + exposure_s * np.linspace(0, 1, _MOST_EXPOSURES)
    poses = hand.at(moments.ravel())
    parts = _foreground(rng, hand, poses, aspect, body)
    backdrop = _backdrop(rng, height, width, body, times_s, hand)
    exposures = _exposures(poses, height)
    shift = camera.shake(rng, times_s) * height
    interpolation = camera.shrinking(rng)
    clip = np.empty((len(times_s), size[1], size[0], 3), np.uint8)
    for t in range(len(times_s)):
        picture = _expose(backdrop(t), parts, t * _MOST_EXPOSURES, exposures[t])
        if shift[t].any():
            picture = _moved(picture, shift[t], cv2.BORDER_REFLECT)
        clip[t] = cv2.resize(picture, size, interpolation=interpolation)
    return clip


def _exposures(poses: Floats, height: int) -> npt.NDArray[np.int64]:
    """How many pictures to mix for each frame, by how far the hand moves in it."""
    ends = poses.reshape(-1, _MOST_EXPOSURES, poses.shape[1])
    travel = np.abs(ends[:, -1, :3] - ends[:, 0, :3]).max(1) * height
    return np.asarray(np.clip(np.ceil(travel / 1.5), 1, _MOST_EXPOSURES), dtype=np.int64)


def _expose(backdrop: Picture, parts: list[Part], first: int, count: int) -> Picture:
    total = np.zeros(backdrop.shape, np.float32)
    for moment in np.linspace(0, _MOST_EXPOSURES - 1, count).astype(int):
        picture = backdrop.copy()
        draw(picture, parts, first + moment)
        if count == 1:
            return picture
        total = cv2.accumulate(picture, total)
    return np.asarray(total / count).astype(np.uint8)


def _foreground(
    rng: np.random.Generator, hand: Track, poses: Floats, aspect: float, body: Body | None
) -> list[Part]:
    if rng.random() < 0.1:
        return thing(rng, poses)
    cloth = body.cloth if body and rng.random() < 0.9 else any_color(rng)
    shoulders = body.shoulders if body else []
    look = random_look(rng, poses, aspect, cloth, shoulders)
    parts = arm_and_hand(poses, look)
    if rng.random() < 0.85:
        return parts
    others = _other_hand(rng, hand, poses, aspect)
    middle = aspect / 2 if body is None else body.x
    shoulder = (2 * middle - look.shoulder[0], look.shoulder[1])
    elbow = (2 * middle - look.elbow[0], *look.elbow[1:])
    twin = replace(look, side=-look.side, shoulder=shoulder, elbow=elbow)
    return [*arm_and_hand(others, twin), *parts]


def _other_hand(rng: np.random.Generator, hand: Track, poses: Floats, aspect: float) -> Floats:
    """Poses of the second hand: it pushes or pulls with the first, or only rests."""
    together = {LABELS[label] for label, _, _ in hand.strokes} <= {"push", "pull", "still"}
    if together and rng.random() < 0.7:
        return np.asarray(poses * [-1, 1, 1, -1, 1, 1] + [aspect, 0, 0, 0, 0, 0])
    resting = poses[:1].repeat(len(poses), axis=0)
    side = -1 if resting[0, X] > aspect / 2 else 1
    resting[:, X] = aspect / 2 + side * aspect * rng.uniform(0.1, 0.45)
    resting[:, Y] = rng.uniform(0.4, 1.1)
    drift = rng.normal(0, 0.02, 2) * np.linspace(0, 1, len(poses))[:, None]
    resting[:, [X, Y]] += drift
    return resting


class _Backdrop:
    """Room and person behind the hand, as they are at each frame."""

    def __init__(
        self,
        room: Picture,
        person: tuple[Picture, npt.NDArray[np.float32]] | None,
        lean: Floats,
        walker: list[Part],
    ) -> None:
        self._room, self._person, self._lean, self._walker = room, person, lean, walker

    def __call__(self, frame: int) -> Picture:
        picture = self._room
        if self._walker:
            picture = picture.copy()
            draw(picture, self._walker, frame)
        if self._person is None:
            return picture
        body, opacity = self._person
        body = _moved(body, self._lean[frame], cv2.BORDER_REPLICATE)
        opacity = _moved(opacity, self._lean[frame], cv2.BORDER_REPLICATE)[..., None]
        return np.asarray(picture + opacity * (body.astype(np.float32) - picture)).astype(np.uint8)


def _backdrop(
    rng: np.random.Generator,
    height: int,
    width: int,
    body: Body | None,
    times_s: Floats,
    hand: Track,
) -> _Backdrop:
    scenery = room(rng, height, width)
    sitter = person(rng, height, width, body) if body else None
    bustle = 0.35 if hand.strokes[0][0] == STILL else 0.12
    walker = _walker(rng, width / height, times_s) if rng.random() < bustle else []
    if rng.random() < bustle / 2:
        walker += _appliance(rng, width / height, times_s)
    return _Backdrop(scenery, sitter, height * _lean(rng, times_s, hand), walker)


def _lean(rng: np.random.Generator, times_s: Floats, hand: Track) -> Floats:
    """Where the body is, [n, 2]: it sways, breathes, and follows the hand a little."""
    pull = rng.choice([0, rng.uniform(0, 0.12)], p=[0.4, 0.6])
    palm = hand.at(times_s - 0.15)[:, [X, Y]]
    restless = rng.choice([0, rng.uniform(0.02, 0.08)], p=[0.8, 0.2])
    sway = [
        camera.sway(rng, times_s, rng.choice([0.001, rng.uniform(0, 0.02), restless]), 0.1, 0.8)
        for _ in range(2)
    ]
    return np.asarray(pull * (palm - palm.mean(0)) * [1, 0.3] + np.stack(sway, axis=1))


def _walker(rng: np.random.Generator, aspect: float, times_s: Floats) -> list[Part]:
    """Someone who walks by at the back, near or far, or stands there and shifts about."""
    tall, x = rng.uniform(0.15, 0.8), rng.uniform(0, aspect)
    since_s = times_s - times_s[0]
    way = x + rng.normal(0, 0.25) * since_s + camera.sway(rng, times_s, 0.03, 0.1, 1.0)
    foot = rng.uniform(0.4, 1.0) + 0.02 * tall * np.sin(rng.uniform(4, 14) * since_s)
    a = np.stack([way, foot - tall], axis=1)
    b = np.stack([way, foot], axis=1)
    wide = np.full(len(way), tall * rng.uniform(0.2, 0.4))
    head = a - [0, 0.15 * tall]
    return [
        (capsule(a, b, wide, 0.8 * wide), any_color(rng)),
        (capsule(head, head, 0.6 * wide, 0.6 * wide), any_color(rng)),
    ]


def _appliance(rng: np.random.Generator, aspect: float, times_s: Floats) -> list[Part]:
    """A fan, a curtain or a pendulum that turns or swings in its place."""
    since_s, one = times_s - times_s[0], np.ones(len(times_s))
    place = rng.uniform([0.05, 0.05], [0.95 * aspect, 0.8])
    turn = rng.uniform(-6, 6) * since_s
    if rng.random() < 0.6:
        turn = rng.uniform(0.1, 0.7) * np.sin(turn)
    way = np.stack([np.sin(turn), np.cos(turn)], axis=1)
    long, wide = rng.uniform(0.1, 0.5), rng.uniform(0.02, 0.2) * one
    return [(capsule(place - 0 * way, place + long * way, wide, wide), any_color(rng))]


def _moved(picture: npt.NDArray[_Number], shift: Floats, border: int) -> npt.NDArray[_Number]:
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    size = (picture.shape[1], picture.shape[0])
    moved = cv2.warpAffine(picture, matrix, size, borderMode=border)
    return np.asarray(moved, dtype=picture.dtype)


def contact_sheet(seed: int, rows: int, columns: int = 20) -> Picture:
    """Clips one below the other, every second frame, RGB."""
    sheet = [
        np.concatenate(list(generate(seed, index).frames[::2][:columns]), axis=1)
        for index in range(rows)
    ]
    return np.concatenate(sheet)


def main() -> None:
    """Draw a contact sheet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", required=True, help="picture to write")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, default=20)
    options = parser.parse_args()
    sheet = contact_sheet(options.seed, options.rows)
    cv2.imwrite(options.out, cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()
