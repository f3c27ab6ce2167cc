"""The shape of a hand and its arm: coloured polygons for a sequence of poses, all at once.

Lengths are in picture heights as in ``motion``; a hand of size 1 is 1 long from wrist to the tip
of its middle finger. Every polygon is an array [frames, corners, 2].
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from motion import CURL, SIZE, TURN, YAW, Floats, X, Y

Color = tuple[float, float, float]
Part = tuple[Floats, Color]
"""A convex polygon over time and its RGB colour; drawn in order."""

_ROUND = np.linspace(0, np.pi, 5)

_FINGERS = ((-0.21, -0.47, 0.36), (-0.075, -0.52, 0.45), (0.065, -0.51, 0.42), (0.195, -0.45, 0.31))
"""Base x, base y and length of index to little finger; fingers up, the thumb to the left."""

_POSES = {
    "open": (1.0, 1.0, 1.0, 1.0, 1.0),
    "together": (1.0, 1.0, 1.0, 1.0, 0.5),
    "point": (1.0, 0.2, 0.2, 0.2, 0.4),
    "two": (1.0, 1.0, 0.2, 0.2, 0.3),
    "fist": (0.2, 0.2, 0.2, 0.2, 0.4),
}


@dataclass(frozen=True)
class Look:
    """What stays the same of one hand and arm.

    Attributes:
        skin, sleeve: RGB, 0 to 255.
        side: 1 or -1, which way the thumb points.
        fingers: extension of index, middle, ring, little finger and thumb, 0 to 1.
        spread: fan of the fingers, radians from the middle to the outermost.
        thickness: finger width over hand length.
        palm: whether the palm (lines, lighter middle) or the back is seen.
        cuff: share of the forearm that is bare.
        elbow: where the elbow rests, and how far it follows the hand, 0 to 1.
        shoulder: where the upper arm ends.
        arm_width: elbow's width.
        broad, long: factors of the palm's width and of the fingers' length.
        edge, lift: factors of the skin's colour at the outline and inside.
        band: colour of a watch or bracelet, if there is one.
    """

    skin: Color
    sleeve: Color
    side: int
    fingers: tuple[float, ...]
    spread: float
    thickness: float
    palm: bool
    cuff: float
    elbow: tuple[float, float, float]
    shoulder: tuple[float, float]
    arm_width: float
    broad: float
    long: float
    edge: float
    lift: float
    band: Color | None


def random_look(
    rng: np.random.Generator,
    poses: Floats,
    aspect: float,
    cloth: Color,
    shoulders: list[tuple[float, float]],
) -> Look:
    """A hand that suits the track ``poses``, at the nearest of ``shoulders`` if there are any."""
    middle = np.clip(poses[:, [X, Y]].mean(0), [0.15 * aspect, 0.2], [0.85 * aspect, 0.8])
    if shoulders and rng.random() < 0.7:
        x, y = min(shoulders, key=lambda point: abs(point[0] - float(middle[0])))
        shoulder = np.array([x, y])
        outward = np.sign(x - np.mean([point[0] for point in shoulders]))
        elbow = shoulder + np.array([outward * rng.uniform(-0.1, 0.3), rng.uniform(0.2, 0.6)])
    else:
        elbow, shoulder = _loose_arm(rng, middle, aspect)
    names = list(_POSES)
    fingers = _POSES[names[rng.choice(len(names), p=[0.5, 0.2, 0.12, 0.06, 0.12])]]
    skin = skin_color(rng) if rng.random() < 0.95 else glove_color(rng)
    palm = bool(rng.random() < 0.6)
    return Look(
        skin=skin,
        sleeve=cloth if rng.random() < 0.75 else skin,
        side=int(rng.choice([-1, 1])),
        fingers=fingers,
        spread=rng.uniform(0.0, 0.45),
        thickness=rng.uniform(0.085, 0.13),
        palm=palm,
        cuff=rng.uniform(0.0, 0.4),
        elbow=(float(elbow[0]), float(elbow[1]), rng.uniform(0.15, 0.75)),
        shoulder=(float(shoulder[0]), float(shoulder[1])),
        arm_width=rng.uniform(0.1, 0.24),
        broad=rng.uniform(0.85, 1.15),
        long=rng.uniform(0.85, 1.12),
        edge=rng.uniform(0.55, 0.92),
        lift=rng.uniform(1.0, 1.2) if palm else rng.uniform(0.9, 1.03),
        band=glove_color(rng) if rng.random() < 0.15 else None,
    )


def _loose_arm(rng: np.random.Generator, palm: Floats, aspect: float) -> tuple[Floats, Floats]:
    """Elbow and shoulder of an arm that comes from below, beside, or now and then anywhere."""
    outward = rng.choice([-1, 1]) * rng.uniform(0.0, 0.6)
    elbow = palm + np.array([outward, rng.uniform(0.25, 0.75)])
    if rng.random() < 0.2:
        elbow = palm + rng.uniform(-1.2, 1.2, 2)
    inward = np.sign(aspect / 2 - elbow[0]) or 1.0
    reach = np.array([inward * rng.uniform(-0.1, 0.5), rng.uniform(-0.5, 0.3)])
    return elbow, elbow + reach


def skin_color(rng: np.random.Generator) -> Color:
    """One of many skin tones under warm or cold light, RGB."""
    light, dark = np.array([238, 196, 172]), np.array([78, 50, 38])
    tone = dark + rng.beta(2.2, 1.2) * (light - dark)
    red, green, blue = np.clip(tone * rng.normal(1, 0.08, 3) * rng.uniform(0.65, 1.1), 5, 255)
    return float(red), float(green), float(blue)


def glove_color(rng: np.random.Generator) -> Color:
    """Any colour: of a glove, a strap."""
    red, green, blue = rng.uniform(5, 245, 3)
    return float(red), float(green), float(blue)


def arm_and_hand(poses: Floats, look: Look) -> list[Part]:
    """Everything to draw for ``poses`` [n, 6], from the back to the front."""
    elbow, angle = _elbow(poses, look)
    return [*_arm(poses, look, elbow, angle), *_hand(poses, look, angle)]


def capsule(a: Floats, b: Floats, width_a: Floats, width_b: Floats) -> Floats:
    """Convex hulls (nearly) of two discs: centres [n, 2], widths [n] -> [n, 10, 2]."""
    way = b - a
    angle = np.arctan2(way[:, 1], way[:, 0])[:, None] + np.pi / 2
    return np.concatenate(
        [_arc(a, width_a, angle + _ROUND), _arc(b, width_b, angle + np.pi + _ROUND)], axis=1
    )


def disc(center: Floats, width: Floats, height: Floats, angle: Floats) -> Floats:
    """Ellipses: centres [n, 2], axes and turn [n] -> [n, 16, 2]."""
    theta = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    x, y = width[:, None] / 2 * np.cos(theta), height[:, None] / 2 * np.sin(theta)
    return place(np.stack([x, y], axis=2), center, np.ones_like(width), angle)


def place(points: Floats, center: Floats, scale: Floats, angle: Floats) -> Floats:
    """Turn, scale and move points [n, corners, 2]."""
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y = points[..., 0], points[..., 1]
    turned = np.stack([x * cos - y * sin, x * sin + y * cos], axis=2)
    return np.asarray(center[:, None] + scale[:, None, None] * turned)


def shade(color: Color, factor: float) -> Color:
    """The colour, lighter or darker."""
    red, green, blue = (min(255.0, max(0.0, channel * factor)) for channel in color)
    return red, green, blue


def _arc(center: Floats, width: Floats, angles: Floats) -> Floats:
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=2)
    return np.asarray(center[:, None] + (width / 2)[:, None, None] * directions)


def _elbow(poses: Floats, look: Look) -> tuple[Floats, Floats]:
    """Where the elbow is, [n, 2], and the direction of the hand, [n] (0: fingers up)."""
    palm = poses[:, [X, Y]]
    rest_x, rest_y, follow = look.elbow
    elbow = np.array([rest_x, rest_y]) + follow * (palm - palm.mean(0))
    way = palm - elbow
    angle = np.arctan2(way[:, 0], -way[:, 1]) + poses[:, TURN]
    return elbow, angle


def _arm(poses: Floats, look: Look, elbow: Floats, angle: Floats) -> Iterator[Part]:
    size, ones = poses[:, SIZE], np.ones(len(poses))
    shoulder = np.repeat(np.array([look.shoulder]), len(poses), axis=0)
    wrist = place(np.array([[[0.0, 0.42]]]).repeat(len(poses), 0), poses[:, [X, Y]], size, angle)
    wrist = wrist[:, 0]
    thin = 0.34 * size * (0.6 + 0.4 * poses[:, YAW])
    thick = look.arm_width * (0.6 + 0.9 * size)
    yield capsule(elbow, shoulder, thick, 1.3 * look.arm_width * ones), look.sleeve
    yield capsule(elbow, wrist, thick, thin), look.skin
    cuff = wrist + look.cuff * (elbow - wrist)
    width = thin + look.cuff * (thick - thin)
    yield capsule(elbow, cuff, 1.05 * thick, 1.25 * width), shade(look.sleeve, 0.88)
    lit = 0.08 * np.stack([thick, thick], axis=1)
    yield capsule(elbow - lit, cuff - lit, 0.6 * thick, 0.6 * width), look.sleeve
    if look.band:
        yield capsule(wrist, wrist + 0.06 * (elbow - wrist), 1.05 * thin, 1.08 * thin), look.band


def _hand(poses: Floats, look: Look, angle: Floats) -> Iterator[Part]:
    for corners, color in _hand_in_place(poses, look):
        corners = corners - [0.0, -0.42]
        corners[..., 0] *= look.broad * look.side * poses[:, YAW, None]
        yield place(corners, poses[:, [X, Y]], poses[:, SIZE], angle), color


def _hand_in_place(poses: Floats, look: Look) -> Iterator[Part]:
    """Hand of length 1 with its wrist at the origin, before it is turned and placed."""
    dark, light = shade(look.skin, look.edge), shade(look.skin, look.lift)
    bend = poses[:, CURL]
    yield _thumb(look, bend, 0.15), dark
    yield _thumb(look, bend, 0.12), look.skin
    yield _outline(len(poses), [(-0.15, 0.04), (0.15, 0.04), (0.25, -0.48), (-0.26, -0.5)]), dark
    yield _outline(len(poses), [(-0.13, 0.05), (0.13, 0.05), (0.22, -0.5), (-0.23, -0.52)]), light
    for index in range(4):
        yield _finger(look, bend, index, 1.35), dark
        yield _finger(look, bend, index, 1.0), shade(light, 1.0 - 0.04 * index)
    if look.palm:
        yield _outline(len(poses), [(-0.2, -0.33), (0.17, -0.4), (0.17, -0.37), (-0.2, -0.3)]), dark
        yield (
            _outline(len(poses), [(-0.1, -0.05), (-0.02, -0.3), (0.01, -0.3), (-0.06, -0.05)]),
            dark,
        )


def _outline(count: int, corners: list[tuple[float, float]]) -> Floats:
    return np.repeat(np.array([corners]), count, axis=0)


def _finger(look: Look, bend: Floats, index: int, width: float) -> Floats:
    """A finger straight up from its knuckle; a bent one is short and folds over the palm."""
    x, y, length = _FINGERS[index]
    reach = look.long * length * np.clip(look.fingers[index] * (1 - 1.25 * bend), -0.35, 1)
    reach = np.where(np.abs(reach) < 0.08, 0.08, reach)
    lean = look.spread * (index - 1.5) / 1.5
    base = np.repeat(np.array([[x, y]]), len(bend), axis=0)
    tip = base + reach[:, None] * [np.sin(lean), -np.cos(lean)]
    thick = np.full(len(bend), look.thickness * width)
    return capsule(base, tip, 1.1 * thick, 0.9 * thick)


def _thumb(look: Look, bend: Floats, width: float) -> Floats:
    base = np.repeat(np.array([[-0.15, -0.16]]), len(bend), axis=0)
    lean = 0.35 + 0.6 * look.fingers[4]
    reach = 0.36 * (1 - 0.4 * bend)
    tip = base + reach[:, None] * [-np.sin(lean), -np.cos(lean)]
    return capsule(base, tip, np.full(len(bend), 1.3 * width), np.full(len(bend), 0.9 * width))
