"""Every architecture by name: one mapping of frozen records."""

import difflib
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from streamrec.errors import UnknownModelError
from streamrec.models.architecture import (
    Architecture,
    Block,
    Family,
    Group,
    MoViNetArchitecture,
)
from streamrec.models.clip_registry import CLIP_ARCHITECTURES

_GROUP_STRIDES = (2, 2, 2, 1, 2)

# One line a group: output width, expansion widths, kernels as time-space digits; a lone kernel
# with `xN` stands for N in a row.
_TABLES: Mapping[str, tuple[int, tuple[tuple[int, str, str], ...], int, int]] = {
    "t0": (
        8,
        (
            (8, "16", "15"),
            (32, "72 72", "33 15"),
            (56, "112 112 112", "53 15 33"),
            (56, "184 184 184 184", "53 15 33 33"),
            (104, "344 344 344 344", "53 15 15 33"),
        ),
        240,
        1024,
    ),
    "a0": (
        8,
        (
            (8, "24", "15"),
            (32, "80 80 80", "33x3"),
            (56, "184 112 184", "53 33x2"),
            (56, "184 184 184 184", "53 33x3"),
            (104, "384 280 280 344", "53 15x3"),
        ),
        480,
        2048,
    ),
    "a1": (
        16,
        (
            (16, "40 40", "15 33"),
            (40, "96 120 96 96", "33x4"),
            (64, "216 128 216 168 216", "53 33x4"),
            (64, "216 216 216 128 128 216", "53 33x3 15 33"),
            (136, "456 360 360 360 456 456 544", "53 15x4 33 13"),
        ),
        600,
        2048,
    ),
    "a2": (
        16,
        (
            (16, "40 40 64", "15 33 33"),
            (40, "96 120 96 96 120", "33x5"),
            (72, "240 160 240 192 240", "53 33x4"),
            (72, "240 240 240 240 144 240", "53 33x3 15 33"),
            (144, "480 384 384 480 480 480 576", "53 15x4 33 13"),
        ),
        640,
        2048,
    ),
    "a3": (
        16,
        (
            (16, "40 40 64 40", "15 33x3"),
            (48, "112 144 112 112 144 144", "33x3 15 33x2"),
            (80, "240 152 240 192 240", "53 33x4"),
            (88, "264 264 264 264 160 264 264 264", "53 33x3 15 33x3"),
            (168, "560 448 448 560 560 560 448 448 560 672", "53 15x4 33 15x2 33 13"),
        ),
        744,
        2048,
    ),
    "a4": (
        24,
        (
            (24, "64 64 96 64 96 64", "15 33x5"),
            (56, "168 168 136 136 168 168 168 136 136", "33x7 15 33"),
            (96, "320 160 320 192 320 160 320 256 320", "53 33x8"),
            (96, "320 320 320 320 192 320 320 192 320 320", "53 33x3 15 33x5"),
            (
                192,
                "640 512 512 640 640 640 512 512 640 768 640 640 768",
                "53 15x4 33 15x5 33x2",
            ),
        ),
        856,
        2048,
    ),
    "a5": (
        24,
        (
            (24, "64 64 96 64 96 64", "15x2 33x4"),
            (64, "192 152 152 152 192 192 192 152 152 192 192", "53 33x10"),
            (112, "376 224 376 376 296 376 224 376 376 296 376 376 376", "53 33x12"),
            (120, "376 376 376 376 224 376 376 224 376 376 376", "53 33x3 15 33x6"),
            (
                224,
                "744 744 600 600 744 744 744 896 600 600 896 744 744 896 600 600 744 744",
                "53 33 15x4 33 15x5 33 15x4 33",
            ),
        ),
        992,
        2048,
    ),
}

# Input size in pixels, frames of the 10 s training clip, and its rate.
_CLIPS: Mapping[str, tuple[int, int, float]] = {
    "t0": (160, 50, 5.0),
    "a0": (172, 50, 5.0),
    "a1": (172, 50, 5.0),
    "a2": (224, 50, 5.0),
    "a3": (256, 120, 12.0),
    "a4": (290, 80, 8.0),
    "a5": (320, 120, 12.0),
}

_KINETICS_CLASSES = 600


def groups(rows: tuple[tuple[int, str, str], ...], strides: tuple[int, ...]) -> tuple[Group, ...]:
    """Build groups from rows of (width, expansion widths, kernels); see the tables above."""
    return tuple(
        Group(width, stride, _blocks(expands, kernels))
        for (width, expands, kernels), stride in zip(rows, strides, strict=True)
    )


def _blocks(expands: str, kernels: str) -> tuple[Block, ...]:
    sizes: list[str] = []
    for token in kernels.split():
        size, _, count = token.partition("x")
        sizes += [size] * int(count or 1)
    pairs = zip(expands.split(), sizes, strict=True)
    return tuple(Block(int(expand), int(size[0]), int(size[1])) for expand, size in pairs)


def _movinet(size: str, family: Family) -> MoViNetArchitecture:
    stem, rows, project, hidden = _TABLES[size]
    image_size, clip_frames, fps = _CLIPS[size]
    base = MoViNetArchitecture(
        name=f"movinet-{size}-{family}",
        family=family,
        stem=stem,
        groups=groups(rows, _GROUP_STRIDES),
        project=project,
        hidden=hidden,
        classes=_KINETICS_CLASSES,
        image_size=image_size,
        fps=fps,
        clip_frames=clip_frames,
        horizon=clip_frames,
        activation="swish",
        head_activation="swish",
        gate="sigmoid",
        se_ratio=0.25,
    )
    if family == "base":
        return base
    if family == "mobile":
        return replace(base, activation="relu6", head_activation="relu6", se_ratio=None)
    return replace(
        base,
        activation="hard_swish",
        gate="hard_sigmoid",
        se_ratio=0.5,
        positional_encoding=size in ("a3", "a4", "a5"),
    )


_FAMILIES: tuple[Family, ...] = ("base", "stream", "mobile")

MOVINETS: Mapping[str, MoViNetArchitecture] = MappingProxyType(
    {
        record.name: record
        for size in _TABLES
        for record in (_movinet(size, family) for family in _FAMILIES)
    }
)

ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType({**MOVINETS, **CLIP_ARCHITECTURES})

ENSEMBLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        f"movinet-a6-{family}": (f"movinet-a4-{family}", f"movinet-a5-{family}")
        for family in ("base", "stream")
    }
)
"""Models whose prediction is the mean of their members' probabilities."""


def architecture(name: str) -> Architecture:
    """Return the record called ``name``.

    Raises:
        UnknownModelError: no such architecture; the message has the nearest names.
    """
    if name not in ARCHITECTURES:
        raise UnknownModelError(unknown_name(name, list(ARCHITECTURES)))
    return ARCHITECTURES[name]


def unknown_name(name: str, known: list[str]) -> str:
    """Say that ``name`` is no model, and which names come nearest."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(near)}?" if near else "`streamrec models list` shows all"
    return f"unknown model {name!r}; {hint}"
