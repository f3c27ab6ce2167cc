"""How many 1080p cameras a core holds: processor time of a video's frames, decoding included."""

import time
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from models import random_model
from options import Options
from timing import Row, Variant, interleave

from streamrec import Recognizer, load, open_source
from streamrec.opencv import cv2
from streamrec.smoothing import NoSmoothing
from streamrec.types import Image

CODEC = "mp4v"
"""MPEG-4 part 2: what OpenCV's wheels can write. H.264 costs more to decode: give --video."""

WIDTH, HEIGHT, FPS = 1920, 1080, 25.0
MAX_VIDEO_S = 10.0


def measure(options: Options) -> list[Row]:
    """Play the video again and again: decoded only, and recognised, by turns."""
    video = options.video or write_video(options.folder / "camera.mp4", options.seconds)
    frames, fps, codec = describe(video)
    recognizer = load(str(random_model(options.models[0], options.folder).path))
    variants = [
        _variant("decode", partial(decode, video), codec, baseline="decode"),
        _variant(
            "and recognise at the model's rate", partial(play, video, recognizer, "grid"), codec
        ),
        _variant("and recognise every frame", partial(play, video, recognizer, "frame"), codec),
    ]
    rows = interleave(
        variants,
        rounds=max(2, options.rounds // 3),
        steps=1,
        warm_up=0,
        clock_s=time.process_time,
    )
    return [_per_frame(row, frames, fps) for row in rows]


def _variant(name: str, step: "partial[None]", codec: str, baseline: str = "") -> Variant:
    return Variant(
        facts={"work": name, "codec": codec}, group="cameras", step=step, baseline=baseline
    )


def _per_frame(row: Row, frames: int, fps: float) -> Row:
    cpu_ms = row["median_ms"] / frames
    return {
        "work": row["work"],
        "codec": row["codec"],
        "cpu_ms_per_frame": cpu_ms,
        "cameras_per_core": 1000 / fps / cpu_ms,
        "ratios": row["ratios"],
    }


def decode(video: Path) -> None:
    """Read all frames."""
    with open_source(str(video)) as source:
        for _ in source:
            pass


def play(video: Path, recognizer: Recognizer, predict: Literal["grid", "frame"]) -> None:
    """Read and recognise all frames."""
    with open_source(str(video)) as source:
        stream = recognizer.stream(predict=predict, smoother=NoSmoothing(), declared_fps=source.fps)
        for frame in source:
            stream.push(frame)


def describe(video: Path) -> tuple[int, float, str]:
    """Return a video's number of frames, frames per second, and codec."""
    capture: Any = cv2.VideoCapture(str(video))
    code = int(capture.get(cv2.CAP_PROP_FOURCC))
    frames, fps = capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    return int(frames), float(fps), code.to_bytes(4, "little").decode("ascii", "replace")


def write_video(path: Path, seconds: float) -> Path:
    """Write a video of a camera that pans over a textured scene."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*CODEC), FPS, (WIDTH, HEIGHT))
    scene = _scene()
    for number in range(round(min(seconds, MAX_VIDEO_S) * FPS)):
        left = 2 * number % (scene.shape[1] - WIDTH)
        writer.write(np.ascontiguousarray(scene[:, left : left + WIDTH]))
    writer.release()
    return path


def _scene() -> Image:
    """Return smooth noise with some grain, wider than the picture."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (HEIGHT // 40, WIDTH // 20, 3), dtype=np.uint8)
    smooth = np.asarray(cv2.resize(coarse, (WIDTH * 2, HEIGHT), interpolation=cv2.INTER_CUBIC))
    grain = random.integers(-4, 5, smooth.shape, dtype=np.int16)
    scene: Image = np.clip(smooth + grain, 0, 255).astype(np.uint8)
    return scene
