"""What is behind and around the hand: a room, a person, plain things that move.

Pictures are uint8 RGB; lengths in picture heights.
"""

import functools
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from hand import Color, Part, capsule, disc, place, shade, skin_color
from motion import SIZE, TURN, Floats, X, Y

Picture = npt.NDArray[np.uint8]

_SHIFT = 4
_NOISE_SIZE = 256


def draw(picture: Picture, parts: list[Part], frame: int) -> None:
    """Draw the polygons of one moment into ``picture``."""
    scale = picture.shape[0] * (1 << _SHIFT)
    for corners, color in parts:
        points = np.rint(corners[frame] * scale).astype(np.int32)
        cv2.fillConvexPoly(picture, points, color, cv2.LINE_AA, _SHIFT)


def as_picture(values: npt.NDArray[Any]) -> Picture:
    """Bring numbers into the range of a picture."""
    return np.asarray(np.clip(values, 0, 255), dtype=np.uint8)


@functools.cache
def _noise_bank() -> list[npt.NDArray[np.float32]]:
    """Fractal noise of several roughnesses, [256, 256] each, zero mean, unit deviation."""
    rng = np.random.default_rng(20240)
    return [_fractal(rng, roughness) for roughness in np.linspace(0.35, 0.95, 16)]


def _fractal(rng: np.random.Generator, roughness: float) -> npt.NDArray[np.float32]:
    total = np.zeros((_NOISE_SIZE, _NOISE_SIZE), np.float32)
    for octave in range(1, 8):
        grain = rng.normal(size=(2**octave + 1, 2**octave + 1)).astype(np.float32)
        grown = cv2.resize(grain, (_NOISE_SIZE, _NOISE_SIZE), interpolation=cv2.INTER_CUBIC)
        total += np.float32(roughness**octave) * grown
    return np.asarray((total - total.mean()) / total.std(), dtype=np.float32)


def noise(rng: np.random.Generator, height: int, width: int) -> npt.NDArray[np.float32]:
    """A random cut of fractal noise, [height, width]."""
    bank = _noise_bank()
    sheet = bank[rng.integers(len(bank))]
    cut = int(rng.integers(48, _NOISE_SIZE))
    top, left = rng.integers(0, _NOISE_SIZE - cut + 1, 2)
    sheet = sheet[top : top + cut, left : left + cut]
    sheet = sheet[:: rng.choice([-1, 1]), :: rng.choice([-1, 1])]
    return np.asarray(cv2.resize(np.ascontiguousarray(sheet), (width, height)))


def room(rng: np.random.Generator, height: int, width: int) -> Picture:
    """A background: gradient, noise, stripes, furniture-like rectangles, lamps and scribbles."""
    picture = _gradient(rng, height, width)
    if rng.random() < 0.25:
        _stripe(rng, picture)
    for _ in range(rng.integers(0, 30)):
        _furnish(rng, picture)
    for _ in range(rng.integers(0, 12)):
        _scribble(rng, picture)
    grain = noise(rng, height, width)[..., None] * rng.normal(1, 0.3, 3) * rng.uniform(0, 28)
    picture = as_picture(picture + grain)
    if rng.random() < 0.4:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.6, 4)), np.uint8)
    return picture


def _gradient(rng: np.random.Generator, height: int, width: int) -> Picture:
    corners = rng.uniform(20, 235, (2, 2, 1)) * rng.normal(1, 0.12, (2, 2, 3))
    grown = cv2.resize(corners.astype(np.float32), (width, height))
    return as_picture(grown)


def any_color(rng: np.random.Generator) -> Color:
    """A muted colour more often than a bright one, RGB."""
    grey = rng.uniform(5, 250)
    red, green, blue = np.clip(grey * rng.normal(1, rng.choice([0.05, 0.12, 0.4]), 3), 0, 255)
    return float(red), float(green), float(blue)


def _furnish(rng: np.random.Generator, picture: Picture) -> None:
    """One piece of furniture, window or lamp: a slanted rectangle or an ellipse."""
    height, width = picture.shape[:2]
    center = (rng.uniform(0, width), rng.uniform(0, height))
    axes = tuple(height * np.exp(rng.uniform(np.log(0.03), np.log(0.7), 2)))
    color = any_color(rng) if rng.random() < 0.8 else (255.0, 252.0, 245.0)
    angle = rng.normal(0, 8) if rng.random() < 0.7 else rng.uniform(0, 180)
    if rng.random() < 0.8:
        corners = cv2.boxPoints((center, axes, angle)).astype(np.int32)
        cv2.fillConvexPoly(picture, corners, color, cv2.LINE_AA)
        if rng.random() < 0.3:
            cv2.polylines(picture, [corners], True, any_color(rng), 1, cv2.LINE_AA)
    else:
        cv2.ellipse(picture, (center, axes, angle), color, -1, cv2.LINE_AA)


def _stripe(rng: np.random.Generator, picture: Picture) -> None:
    """Blinds, shelves, tiles or a patterned wall, in a part of the picture."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    angle, period = rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)]), rng.uniform(3, 24)
    wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period)
    if rng.random() < 0.4:
        wave *= np.sin(2 * np.pi * (y * np.cos(angle) - x * np.sin(angle)) / period)
    if rng.random() < 0.5:
        wave = np.sign(wave)
    left, top = rng.uniform(-0.3, 0.7, 2) * [width, height]
    inside = (x > left) & (x < left + width * rng.uniform(0.2, 1.3)) & (y > top)
    strength = rng.uniform(5, 60) * rng.normal(1, 0.2, 3)
    picture[:] = as_picture(picture + (inside * wave)[..., None] * strength)


def _scribble(rng: np.random.Generator, picture: Picture) -> None:
    height, width = picture.shape[:2]
    start = rng.uniform(0, [width, height])
    steps = rng.normal(0, rng.uniform(2, 20), (rng.integers(2, 8), 2))
    points = (start + np.cumsum(steps, axis=0)).astype(np.int32)
    cv2.polylines(picture, [points], False, any_color(rng), 1, cv2.LINE_AA)


@dataclass(frozen=True)
class Body:
    """Where a person sits: the neck's foot, the shoulders' breadth and the head's height."""

    x: float
    y: float
    broad: float
    tall: float
    cloth: Color

    @property
    def shoulders(self) -> list[tuple[float, float]]:
        """Left and right on the screen."""
        return [(self.x + side * 0.42 * self.broad, self.y + 0.12) for side in (-1, 1)]


def random_body(rng: np.random.Generator, aspect: float) -> Body:
    """Someone before the camera, often too near for the head to be in the picture."""
    return Body(
        x=rng.uniform(0.15, 0.85) * aspect,
        y=rng.uniform(0.15, 0.7),
        broad=rng.uniform(0.4, 1.25),
        tall=rng.uniform(0.22, 0.6),
        cloth=any_color(rng),
    )


def person(
    rng: np.random.Generator, height: int, width: int, body: Body
) -> tuple[Picture, npt.NDArray[np.float32]]:
    """Head and torso before the camera: a picture, and its opacity [height, width, 1]."""
    picture = np.zeros((height, width, 3), np.uint8)
    mask = np.zeros((height, width, 3), np.uint8)
    parts = _body_parts(rng, body)
    draw(picture, parts, 0)
    draw(mask, [(corners, (255.0, 255.0, 255.0)) for corners, _ in parts], 0)
    wrinkles = noise(rng, height, width)[..., None] * rng.uniform(2, 14)
    opacity = mask[..., :1].astype(np.float32) / np.float32(255)
    return as_picture(picture + wrinkles), np.asarray(opacity, np.float32)


def _body_parts(rng: np.random.Generator, body: Body) -> list[Part]:
    """Torso, neck, head, hair and face."""
    broad, tall, cloth = body.broad, body.tall, body.cloth
    skin, hair, one = skin_color(rng), shade(any_color(rng), 0.4), np.ones(1)

    def at(dx: float, dy: float) -> Floats:
        return np.array([[body.x + dx, body.y + dy]])

    wide, head = broad * one, tall * rng.uniform(0.65, 0.85)
    top = -0.1 - tall / 2
    long = (at(0, top), at(0, top + rng.uniform(0.3, 0.9) * tall))
    parts = [(capsule(*long, 1.25 * head * one, 1.1 * head * one), hair)]
    parts = [
        *(parts if rng.random() < 0.35 else []),
        (capsule(at(-broad / 3, 0.08), at(-broad / 3, 1.2), 0.4 * wide, 0.5 * wide), cloth),
        (capsule(at(broad / 3, 0.08), at(broad / 3, 1.2), 0.4 * wide, 0.5 * wide), cloth),
        (capsule(at(0, 0.12), at(0, 1.2), 0.6 * wide, 0.7 * wide), shade(cloth, 1.06)),
        (capsule(at(0, 0), at(0, top), 0.45 * tall * one, 0.4 * tall * one), shade(skin, 0.85)),
        (disc(at(0, top - 0.1 * tall), 1.15 * head * one, 1.1 * tall * one, 0 * one), hair),
        (disc(at(0, top), head * one, tall * one, 0 * one), skin),
    ]
    for side in (-0.22, 0.22):
        eye = at(side * head, top - 0.05 * tall)
        parts.append((disc(eye, 0.2 * head * one, 0.1 * tall * one, 0 * one), shade(skin, 0.4)))
    mouth = at(0, top + 0.27 * tall)
    if rng.random() < 0.2:
        parts.append((disc(mouth, 0.8 * head * one, 0.4 * tall * one, 0 * one), hair))
    parts.append((disc(mouth, 0.35 * head * one, 0.08 * tall * one, 0 * one), shade(skin, 0.6)))
    if rng.random() < 0.2:
        glasses = at(-0.4 * head, top - 0.05 * tall), at(0.4 * head, top - 0.05 * tall)
        parts.append((capsule(*glasses, 0.13 * tall * one, 0.13 * tall * one), any_color(rng)))
    return parts


def thing(rng: np.random.Generator, poses: Floats) -> list[Part]:
    """A plain object instead of a hand: disc, plate, bar or face, with marks that turn with it."""
    center, size, turn = poses[:, [X, Y]], poses[:, SIZE] * rng.uniform(0.5, 1), poses[:, TURN]
    color = any_color(rng)
    wide = size * rng.uniform(0.4, 1.0)
    if rng.random() < 0.5:
        body = disc(center, wide, size, turn)
    else:
        box = np.array([[[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]]).repeat(len(poses), 0)
        box = box * np.stack([wide / size, np.ones(len(poses))], axis=1)[:, None]
        body = place(box, center, size, turn)
    parts = [(body, color)]
    for _ in range(rng.integers(0, 5)):
        spot = rng.uniform(-0.28, 0.28, (1, 1, 2)).repeat(len(poses), 0)
        middle = place(spot * [rng.uniform(0.4, 1), 1.0], center, size, turn)[:, 0]
        share = rng.uniform(0.08, 0.3)
        parts.append((disc(middle, share * wide, share * size, turn), any_color(rng)))
    return parts
