"""What the command line says: one record, and a small one that says nothing about speed."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from machine import usable_cores


class MissingError(Exception):
    """A benchmark lacks an input or a package; the message says which, and where to get it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Inputs and sizes of all benchmarks; each takes those that concern it.

    Attributes:
        models: stream models that are timed, by architecture.
        engines: names in ``engines.ENGINES``; empty: all.
        threads: thread counts of ``step``.
        rounds, steps: turns of each variant, and timed steps in a turn.
        seconds: length of the live run and of generated video.
        litert: ``.tflite`` stream models that LiteRT runs as the peer.
        trained: a ``.tflite`` stream model trained on Kinetics-600.
        clips: folder of labelled clips with their ``labels.csv``.
        background: folder of videos in which nothing happens, for ``live-evaluation``; ``ages``:
            minutes of it, parted by commas.
        labelled: list of clips with labels and groups that are learnt in ``transfer``;
            ``epochs``: how often each is seen.
        video: a video file for ``cameras`` and ``decode`` instead of a generated one.
        heights: of generated H.264, pixels.
        cameras: how many there are in ``capture``; ``decoder``: what decodes them.
        folder: where models are exported to.
        windows: models that are compared by the cost of a prediction, stream models first.
        compared: architectures that take part in ``compare`` with random weights.
        image_sizes: heights of square inputs, pixels; the first is the baseline.
        streams: how many streams take turns; the first is the baseline.
        age: frames that an old stream has seen.
    """

    models: tuple[str, ...] = tuple(
        f"movinet-{size}-{family}" for family in ("stream", "mobile") for size in ("a0", "a1", "a2")
    )
    engines: tuple[str, ...] = ()
    threads: tuple[int, ...] = tuple(range(1, min(usable_cores(), 2) + 1))
    rounds: int = 15
    steps: int = 20
    seconds: float = 30.0
    litert: tuple[Path, ...] = ()
    trained: Path | None = None
    clips: Path | None = None
    background: Path | None = None
    ages: str = "0,10,60"
    labelled: Path | None = None
    epochs: int = 30
    video: Path | None = None
    heights: tuple[int, ...] = (1080, 720)
    cameras: tuple[int, ...] = (1, 4, 8, 16)
    decoder: str = "opencv"
    folder: Path = Path()
    windows: tuple[str, ...] = (
        "movinet-a0-stream",
        "movinet-a2-stream",
        "cnn-lstm",
        "mobilenet-v2",
        "movinet-a0-base",
        "movinet-a2-base",
        "x3d-xs",
        "x3d-s",
        "x3d-m",
        "mobilenet3d-v2-0.45",
        "mobilenet3d-v2-1.0",
        "r3d-18",
        "mc3-18",
        "r2plus1d-18",
        "s3d",
        "i3d-rgb",
        "i3d-flow",
        "i3d-two-stream",
        "c3d",
        "two-stream",
        "two-stream-fused",
    )
    compared: tuple[str, ...] = (
        "movinet-a0-stream",
        "movinet-a0-base",
        "x3d-xs",
        "x3d-m",
        "mobilenet3d-v2-1.0",
        "r2plus1d-18",
        "cnn-lstm",
        "mobilenet-v2",
    )
    image_sizes: tuple[int, ...] = (172, 96, 128, 224, 256, 320)
    streams: tuple[int, ...] = (1, 2, 8, 64)
    age: int = 10_000


QUICK = Options(
    models=("movinet-t0-stream",),
    threads=(1,),
    rounds=2,
    steps=2,
    seconds=3.0,
    windows=("movinet-t0-stream", "mobilenet3d-v2-0.2"),
    compared=("movinet-t0-base",),
    heights=(144,),
    cameras=(1, 2),
    image_sizes=(64, 96),
    streams=(1, 2),
    age=20,
    ages="0",
    epochs=1,
)

HELP = {
    "models": "architectures to time",
    "engines": "engines to time; default: all",
    "threads": "thread counts of `step`",
    "rounds": "turns of each variant",
    "steps": "timed steps in a turn",
    "seconds": "length of the live run and of generated video",
    "litert": "stream models for LiteRT to run as the peer; they say themselves which they are",
    "trained": "a Kinetics-600 stream model, for `mobile` and `flicker`",
    "clips": "a folder of clips and their labels.csv, for `mobile` and `flicker`",
    "background": "a folder of videos in which nothing happens, for `live-evaluation`",
    "labelled": "a list of clips with path, label and group, for `transfer`",
    "cameras": "numbers of cameras of `capture`",
    "decoder": "opencv or av, of `capture`",
    "video": "a file for `cameras` and `decode` instead of a generated one",
}
_TYPES = {"threads": int, "cameras": int, "rounds": int, "steps": int, "seconds": float}
_PATHS = ("litert", "trained", "clips", "background", "labelled", "video")
_MANY = ("models", "engines", "threads", "cameras", "litert")
_PLACEHOLDERS = {
    "litert": "FILE.tflite ...",
    "trained": "FILE.tflite",
    "clips": "FOLDER",
    "background": "FOLDER",
    "labelled": "LIST.csv",
    "video": "FILE",
}


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each option that the command line may set."""
    for name, description in HELP.items():
        kind = Path if name in _PATHS else _TYPES.get(name, str)
        many = "+" if name in _MANY else None
        parser.add_argument(f"--{name}", type=kind, nargs=many, help=description)
    parser.add_argument("--quick", action="store_true", help="a trial; the figures mean nothing")


def read_flags(args: argparse.Namespace, folder: Path) -> Options:
    """Return the options that the flags ask for."""
    given = _given(args).items()
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in given}
    return replace(QUICK if args.quick else Options(), folder=folder, **values)


def general_flags(args: argparse.Namespace, inputs: Sequence[str]) -> str:
    """Write the flags that were given, with placeholders for files; ``inputs`` names which."""
    words = ["--quick"] if args.quick else []
    for name, value in _given(args).items():
        if name not in _PATHS:
            values = value if isinstance(value, list) else [value]
            words += [f"--{name}", *(f"'{v}'" if " " in str(v) else str(v) for v in values)]
        elif name in inputs:
            words += [f"--{name}", _PLACEHOLDERS[name]]
    return " ".join(words)


def facts(options: Options) -> dict[str, Any]:
    """Return the options for a record: of files their names only, as paths say nothing."""
    values = {name: getattr(options, name) for name in HELP}
    return {name: _named(value) for name, value in values.items()}


def _given(args: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(args, name) for name in HELP if getattr(args, name) is not None}


def _named(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_named(item) for item in value]
    return value.name if isinstance(value, Path) else value
