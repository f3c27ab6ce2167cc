"""How a hand moves: pose tracks over time and what each moment should be called.

Lengths are in picture heights, x to the right, y down, angles in radians, clockwise on the screen.
Knows nothing about drawing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LABELS = (
    "swipe left",
    "swipe right",
    "swipe up",
    "swipe down",
    "push",
    "pull",
    "circle clockwise",
    "circle counter-clockwise",
    "shake",
    "still",
)
STILL = LABELS.index("still")
IGNORE = -1

X, Y, SIZE, TURN, YAW, CURL = range(6)
"""Columns of a pose: palm position, hand length, turn against the forearm, width factor in
[0.3, 1] (1 faces the camera), and how far the fingers are bent, 0 to 1."""

RATE_HZ = 60.0
"""Samples of a track for each second."""

_DIRECTIONS = {
    "swipe left": (-1.0, 0.0),
    "swipe right": (1.0, 0.0),
    "swipe up": (0.0, -1.0),
    "swipe down": (0.0, 1.0),
}
_NAMED_FROM = 0.45
_LINGER_S = 0.9
_FORGET_S = 1.5


@dataclass(frozen=True)
class Segment:
    """A piece of a track: poses [n, 6], its label, and progress [n] from 0 to 1.

    ``role`` is ``stroke`` (the labelled motion), ``rest`` (nothing to name) or ``transit`` (the
    hand gets ready or leaves: not the gesture itself).
    """

    poses: Floats
    role: str
    label: int = STILL
    named_from: float = _NAMED_FROM


@dataclass(frozen=True)
class Track:
    """A hand over time, sampled at ``RATE_HZ``.

    Attributes:
        poses: [n, 6], columns as named in this module.
        targets: [n], label of each moment, ``IGNORE`` where none is fair to ask for.
        weights: [n], how sure the target is.
        strokes: (label, first sample, last sample) of each labelled motion.
    """

    poses: Floats
    targets: npt.NDArray[np.int64]
    weights: Floats
    strokes: tuple[tuple[int, int, int], ...]

    def at(self, times_s: Floats) -> Floats:
        """Poses at ``times_s``, [len(times_s), 6], linearly interpolated."""
        grid = np.arange(len(self.poses)) / RATE_HZ
        return np.stack([np.interp(times_s, grid, column) for column in self.poses.T], axis=1)


def track(rng: np.random.Generator, label: int, aspect: float, seconds: float) -> Track:
    """A track of at least ``seconds`` whose first labelled motion is ``label``."""
    first = stroke(rng, label, aspect)
    segments = [*_lead_in(rng, first.poses[0]), first]
    segments += _aftermath(rng, first.poses[-1], aspect)
    while _samples(segments) < seconds * RATE_HZ:
        start = segments[-1].poses[-1]
        if rng.random() < 0.45 and not _hidden(start):
            following = stroke(rng, int(rng.integers(len(LABELS))), aspect)
            segments += [_transit(rng, start, following.poses[0], 0.4, 1.0), following]
        segments.append(_rest(rng, segments[-1].poses[-1], rng.uniform(0.3, 1.5)))
    return _assemble(rng, segments)


def stroke(rng: np.random.Generator, label: int, aspect: float) -> Segment:
    """The motion called ``label``."""
    name = LABELS[label]
    makers: dict[str, Callable[[np.random.Generator, int, float], Segment]] = {
        **dict.fromkeys(_DIRECTIONS, _swipe),
        **dict.fromkeys(("push", "pull"), _approach),
        **dict.fromkeys(("circle clockwise", "circle counter-clockwise"), _circle),
        "shake": _shake,
        "still": _stay,
    }
    return makers[name](rng, label, aspect)


def _lead_in(rng: np.random.Generator, first: Floats) -> list[Segment]:
    """What comes before the first stroke: nothing, a hand that waits, or one that is raised."""
    kind = rng.choice(["none", "wait", "raise"], p=[0.4, 0.25, 0.35])
    if kind == "none":
        return []
    if kind == "wait":
        return [_rest(rng, first, rng.uniform(0.1, 1.4))]
    hidden = _hidden_pose(rng, first)
    return [
        _rest(rng, hidden, rng.uniform(0.1, 1.2)),
        _transit(rng, hidden, first, 0.35, 1.0),
        _rest(rng, first, rng.uniform(0.05, 0.6)),
    ]


def _aftermath(rng: np.random.Generator, end: Floats, aspect: float) -> list[Segment]:
    """What comes after a stroke: the hand waits, then often bends its fingers and drops."""
    segments = [_rest(rng, end, rng.uniform(0.1, 1.2))]
    if rng.random() < 0.35:
        bent = end.copy()
        bent[CURL] = rng.uniform(0.4, 1.0)
        segments.append(_transit(rng, end, bent, 0.2, 0.6))
        end = bent
    if rng.random() < 0.5:
        goal = _hidden_pose(rng, end) if rng.random() < 0.7 else _some_pose(rng, aspect)
        segments.append(_transit(rng, end, goal, 0.35, 1.0))
    return segments


def _room(aspect: float) -> float:
    """How long things are in a picture of this shape: shorter where it is narrow."""
    return min(1.0, 0.4 + 0.6 * aspect)


def _some_pose(rng: np.random.Generator, aspect: float, size: float | None = None) -> Floats:
    curl = rng.choice([0.0, rng.uniform(0, 0.4), rng.uniform(0.6, 1)], p=[0.6, 0.25, 0.15])
    return np.array(
        [
            aspect * rng.uniform(0.18, 0.82),
            rng.uniform(0.25, 0.85),
            size or _room(aspect) * np.exp(rng.uniform(np.log(0.24), np.log(0.75))),
            rng.normal(0, 0.3),
            rng.choice([1.0, rng.uniform(0.4, 1.0)], p=[0.6, 0.4]),
            curl,
        ]
    )


def _hidden_pose(rng: np.random.Generator, near: Floats) -> Floats:
    pose = near.copy()
    pose[X] += rng.normal(0, 0.15)
    pose[Y] = 1.1 + pose[SIZE] * rng.uniform(0.7, 1.2)
    pose[CURL] = np.clip(pose[CURL] + rng.uniform(-0.2, 0.6), 0, 1)
    return pose


def _hidden(pose: Floats) -> bool:
    return bool(pose[Y] - 0.6 * pose[SIZE] > 1.0)


def _ease(rng: np.random.Generator, count: int) -> Floats:
    """Progress 0 to 1 of ``count`` samples: minimum jerk, skewed, partly at constant speed."""
    s = np.linspace(0, 1, count) ** rng.uniform(0.75, 1.35)
    smooth = s**3 * (10 - 15 * s + 6 * s**2)
    share = rng.uniform(0, 0.6)
    return np.asarray((1 - share) * smooth + share * s)


def _between(start: Floats, end: Floats, progress: Floats) -> Floats:
    poses = start + progress[:, None] * (end - start)
    poses[:, SIZE] = start[SIZE] * (end[SIZE] / start[SIZE]) ** progress
    return poses


def _bulge(poses: Floats, progress: Floats, height: float) -> Floats:
    """Bend a straight path into an arc that leaves the line by ``height`` at its middle."""
    way = poses[-1, :2] - poses[0, :2]
    normal = np.array([-way[1], way[0]]) / max(float(np.hypot(*way)), 1e-6)
    poses[:, :2] += height * np.sin(np.pi * progress)[:, None] * normal
    return poses


def _count(seconds: float) -> int:
    return max(2, round(seconds * RATE_HZ))


def _rest(rng: np.random.Generator, pose: Floats, seconds: float) -> Segment:
    drift = np.zeros(6)
    drift[:2] = rng.normal(0, 0.02, 2)
    drift[SIZE] = pose[SIZE] * rng.normal(0, 0.02)
    drift[TURN] = rng.normal(0, 0.05)
    end = pose + drift * min(seconds, 1.0)
    return Segment(_between(pose, end, np.linspace(0, 1, _count(seconds))), "rest")


def _transit(
    rng: np.random.Generator, start: Floats, end: Floats, least_s: float, most_s: float
) -> Segment:
    progress = _ease(rng, _count(rng.uniform(least_s, most_s)))
    poses = _bulge(_between(start, end, progress), progress, rng.normal(0, 0.04))
    return Segment(poses, "transit")


def _swipe(rng: np.random.Generator, label: int, aspect: float) -> Segment:
    angle = rng.normal(0, 0.16)
    dx, dy = _DIRECTIONS[LABELS[label]]
    way = np.array(
        [dx * np.cos(angle) - dy * np.sin(angle), dx * np.sin(angle) + dy * np.cos(angle)]
    )
    length = rng.uniform(0.3, 0.95) if dy else rng.uniform(0.28, min(1.2, 0.75 * aspect))
    begin = _some_pose(rng, aspect)
    middle = np.array([aspect * rng.uniform(0.3, 0.7), rng.uniform(0.35, 0.65)])
    begin[:2] = middle - way * length / 2 + rng.normal(0, 0.06, 2)
    end = begin.copy()
    end[:2] += way * length
    end[SIZE] *= np.exp(rng.normal(0, 0.06))
    end[TURN] += rng.normal(0, 0.3)
    end[YAW] = rng.choice([end[YAW], rng.uniform(0.3, 1)])
    seconds = np.exp(rng.uniform(np.log(0.3), np.log(3.0)))
    progress = _ease(rng, _count(seconds))
    poses = _bulge(_between(begin, end, progress), progress, rng.normal(0, 0.12) * length)
    return Segment(poses, "stroke", label)


def _approach(rng: np.random.Generator, label: int, aspect: float) -> Segment:
    """Push or pull: the hand grows or shrinks about the palm, drifting a little."""
    ratio = np.exp(rng.uniform(np.log(1.35), np.log(3.2)))
    far_size = _room(aspect) * np.exp(rng.uniform(np.log(0.2), np.log(0.55)))
    far = _some_pose(rng, aspect, far_size)
    far[YAW] = rng.choice([1.0, rng.uniform(0.6, 1.0)])
    near = far.copy()
    near[SIZE] = min(far_size * ratio, 1.2)
    drift = 0.28 * np.log(near[SIZE] / far_size)
    near[:2] += rng.normal(0, drift, 2)
    near[TURN] += rng.normal(0, 0.15)
    near[CURL] = np.clip(near[CURL] + rng.normal(0, 0.1), 0, 1)
    begin, end = (far, near) if LABELS[label] == "push" else (near, far)
    seconds = np.exp(rng.uniform(np.log(0.5), np.log(4.0)))
    progress = _ease(rng, _count(seconds))
    poses = _bulge(_between(begin, end, progress), progress, rng.normal(0, 0.03))
    return Segment(poses, "stroke", label)


def _circle(rng: np.random.Generator, label: int, aspect: float) -> Segment:
    turns, period_s = rng.uniform(1.0, 3.5), np.exp(rng.uniform(np.log(0.45), np.log(2.4)))
    turns = max(1.0, min(turns, 4.0 / period_s))
    sign = 1 if LABELS[label] == "circle clockwise" else -1
    progress = 0.5 * _ease(rng, _count(turns * period_s))
    progress += 0.5 * np.linspace(0, 1, len(progress))
    theta = rng.uniform(0, 2 * np.pi) + sign * 2 * np.pi * turns * progress
    radius = _room(aspect) * rng.uniform(0.08, 0.42)
    radii = radius * np.exp(rng.normal(0, 0.22) * np.array([1, -1]))
    tilt = rng.uniform(0, np.pi)
    pose = _some_pose(rng, aspect)
    pose[:2] = aspect * rng.uniform(0.2, 0.8), rng.uniform(0.3, 0.7)
    poses = np.repeat(pose[None], len(theta), axis=0)
    u, v = radii[0] * np.cos(theta), radii[1] * np.sin(theta)
    drift = np.outer(progress, rng.normal(0, 0.05, 2))
    poses[:, X] += u * np.cos(tilt) - v * np.sin(tilt) + drift[:, 0]
    poses[:, Y] += u * np.sin(tilt) + v * np.cos(tilt) + drift[:, 1]
    wave = np.cos(theta + rng.uniform(0, 2 * np.pi))
    poses[:, SIZE] *= np.exp(rng.uniform(0, 0.15) * wave)
    poses[:, TURN] += rng.uniform(0, 0.9) * np.cos(theta + rng.uniform(0, 2 * np.pi))
    poses[:, YAW] = np.clip(pose[YAW] - rng.uniform(0, 0.4) * (1 + wave) / 2, 0.3, 1)
    return Segment(poses, "stroke", label, named_from=min(0.8, 0.6 / turns))


def _shake(rng: np.random.Generator, label: int, aspect: float) -> Segment:
    """Rapid back and forth, sideways more often than not, of the whole hand or from the wrist."""
    seconds = rng.uniform(0.8, 3.0)
    hertz = rng.uniform(1.7, 4.2)
    cycles = np.linspace(0, seconds * hertz, _count(seconds)) + rng.uniform()
    wave = np.sin(2 * np.pi * cycles) + 0.2 * np.sin(4 * np.pi * cycles + rng.uniform(0, 6))
    angle = rng.choice([rng.normal(0, 0.25), rng.uniform(0, np.pi)], p=[0.65, 0.35])
    pose = _some_pose(rng, aspect)
    poses = np.repeat(pose[None], len(wave), axis=0)
    reach = rng.uniform(0.06, 0.2)
    poses[:, :2] += np.outer(wave, reach * np.array([np.cos(angle), np.sin(angle)]))
    poses[:, TURN] += rng.uniform(0, 0.6) * wave * rng.choice([-1, 1])
    return Segment(poses, "stroke", label, named_from=min(0.8, 1.0 / (seconds * hertz)))


def _stay(rng: np.random.Generator, label: int, aspect: float) -> Segment:
    """A hand that rests, opens and closes, turns in place, or is not in the picture at all."""
    seconds = rng.uniform(1.0, 3.0)
    pose = _some_pose(rng, aspect)
    if rng.random() < 0.45:
        pose = _hidden_pose(rng, pose)
    rest = _rest(rng, pose, seconds)
    swing = np.sin(np.linspace(0, rng.uniform(2, 8), len(rest.poses)))
    if rng.random() < 0.25:
        rest.poses[:, CURL] = np.clip(0.5 + 0.5 * swing, 0, 1)
    if rng.random() < 0.2:
        rest.poses[:, YAW] = 0.65 + 0.35 * swing
        rest.poses[:, TURN] += rng.normal(0, 0.3) * swing
    return Segment(rest.poses, "stroke", label, named_from=0.0)


def _samples(segments: list[Segment]) -> int:
    return sum(len(segment.poses) for segment in segments)


def _assemble(rng: np.random.Generator, segments: list[Segment]) -> Track:
    """Join the segments without jumps, add tremor, and name every moment."""
    pieces, strokes, offset = [], [], 0
    targets = np.full(_samples(segments), STILL)
    weights = np.ones(len(targets))
    last_end, last_label = -(10**6), STILL
    for segment in segments:
        count = len(segment.poses)
        part = slice(offset, offset + count)
        age_s = (np.arange(offset, offset + count) - last_end) / RATE_HZ
        targets[part], weights[part] = _name(segment, age_s, last_label)
        if segment.role == "stroke":
            strokes.append((segment.label, offset, offset + count - 1))
            last_end, last_label = offset + count, segment.label
        pieces.append(segment.poses)
        offset += count
    poses = _tremble(rng, _without_jumps(pieces))
    return Track(poses, targets, weights, tuple(strokes))


def _without_jumps(pieces: list[Floats]) -> Floats:
    """Shift each piece so that it starts where the one before ended."""
    joined = [pieces[0]]
    for piece in pieces[1:]:
        shift = joined[-1][-1] - piece[0]
        moved = piece + shift
        moved[:, SIZE] = piece[:, SIZE] * joined[-1][-1, SIZE] / piece[0, SIZE]
        moved[:, YAW] = np.clip(moved[:, YAW], 0.3, 1)
        moved[:, CURL] = np.clip(moved[:, CURL], 0, 1)
        joined.append(moved)
    return np.concatenate(joined)


def _name(segment: Segment, age_s: Floats, last: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """Targets and weights of a segment; ``age_s`` is the time since the last stroke ended."""
    count = len(segment.poses)
    if segment.role == "stroke":
        progress = np.linspace(0, 1, count)
        early = progress < segment.named_from
        soon = progress > 0.4 * segment.named_from
        targets = np.where(early & ~soon, IGNORE, segment.label)
        return targets, np.where(early, 0.3, 1.0)
    lingers = age_s < _LINGER_S
    forgotten = age_s > _FORGET_S
    targets = np.where(lingers, last, np.where(forgotten, STILL, IGNORE))
    calm = 0.25 if segment.role == "transit" else 0.6
    return targets, np.where(lingers & (last != STILL), 1.0, calm)


def _tremble(rng: np.random.Generator, poses: Floats) -> Floats:
    """Add the small slow wobble of a living hand."""
    seconds = np.arange(len(poses)) / RATE_HZ
    strength = rng.uniform(0, 1) * np.array([0.008, 0.008, 0.012, 0.05, 0.03, 0.03])
    for column, amount in enumerate(strength):
        waves = sum(
            np.sin(2 * np.pi * rng.uniform(0.2, 2.5) * seconds + rng.uniform(0, 6))
            for _ in range(3)
        )
        scale = poses[:, SIZE] if column == SIZE else 1.0
        poses[:, column] += amount * scale * waves / 2
    poses[:, YAW] = np.clip(poses[:, YAW], 0.3, 1)
    poses[:, CURL] = np.clip(poses[:, CURL], 0, 1)
    return poses
