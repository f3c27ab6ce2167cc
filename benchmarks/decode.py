"""What it costs to get small pictures, a few a second, out of a camera's H.264.

Every way plays the same video, one thread, and keeps the pictures that a model's time grid wants.
It says how far these are from the grid, and how far from what OpenCV makes of them.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from h264 import FPS, write_h264
from options import Options
from timing import Row, Variant, interleave

from streamrec.opencv import cv2
from streamrec.types import Image

SIZE = 172
"""Height and width of what is kept: MoViNet A0's input."""

KEPT_FPS = 5.0
"""MoViNet A0's rate: one in five of a camera with 25 frames a second."""

MAX_VIDEO_S = 10.0
BASELINES = ("read, resize each", "read, resize one in five")
STAGES = ("decode", "convert", "resize")


class Meter:
    """Adds up processor time by stage, milliseconds, all threads of this process together."""

    def __init__(self) -> None:
        self.spent_ms: dict[str, float] = defaultdict(float)
        self._last_s = time.process_time()

    def lap(self, stage: str) -> None:
        """Count the time since the last lap for this stage."""
        now_s = time.process_time()
        self.spent_ms[stage] += (now_s - self._last_s) * 1e3
        self._last_s = now_s


Kept = Iterator[tuple[float, Image]]
"""Media times, seconds, and pictures [172, 172, 3]."""
Way = Callable[[Path, Meter], Kept]


class Player:
    """Plays a video in one way; the stages of each turn are kept apart."""

    def __init__(self, way: Way, video: Path) -> None:
        self._way, self._video = way, video
        self._turns: list[dict[str, float]] = []

    def play(self) -> dict[float, Image]:
        """Play it once; return what was kept, by time."""
        meter = Meter()
        kept = dict(self._way(self._video, meter))
        self._turns.append(meter.spent_ms)
        return kept

    def stages_ms(self) -> dict[str, float | None]:
        """Return the median of each stage over the turns, None for one that is not taken."""
        taken = {stage for turn in self._turns for stage in turn}
        return {
            stage: float(np.median([turn[stage] for turn in self._turns]))
            if stage in taken
            else None
            for stage in STAGES
        }


def opencv(video: Path, meter: Meter, *, retrieved: int, resized: int) -> Kept:
    """Retrieve and resize one in so many frames; ``read`` is ``grab`` and ``retrieve``."""
    capture: Any = cv2.VideoCapture(str(video), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    for number in count():
        grabbed = capture.grab()
        meter.lap("decode")
        if not grabbed:
            return
        if number % retrieved == 0:
            image = capture.retrieve()[1]
            meter.lap("convert")
        if number % resized == 0:
            small = cv2.resize(image, (SIZE, SIZE))
            meter.lap("resize")
            yield capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3, small


def pyav(
    video: Path,
    meter: Meter,
    *,
    loop_filter: bool = True,
    skip: str = "DEFAULT",
    straight: bool = False,
) -> Kept:
    """Keep the frames that come next after each point of the grid.

    Args:
        video: a file.
        meter: counts the time.
        loop_filter: whether the edges of blocks are smoothed, as the standard says.
        skip: frames that are not decoded, by FFmpeg's name.
        straight: whether the small picture is made of the decoder's planes in one go.
    """
    with import_module("av").open(str(video)) as container:
        stream = container.streams.video[0]
        stream.thread_count, stream.codec_context.skip_frame = 1, skip
        if not loop_filter:
            stream.codec_context.options = {"skip_loop_filter": "all"}
        point = 0
        for frame in container.decode(stream):
            meter.lap("decode")
            if frame.time >= point / KEPT_FPS - 0.5 / FPS:
                point = int(frame.time * KEPT_FPS + 0.5 * KEPT_FPS / FPS) + 1
                yield frame.time, _small(frame, meter, straight)
        meter.lap("decode")


def _small(frame: Any, meter: Meter, straight: bool) -> Image:
    if straight:
        frame = frame.reformat(SIZE, SIZE, "bgr24", interpolation="BILINEAR")
        meter.lap("convert")
        return np.asarray(frame.to_ndarray())
    image = frame.to_ndarray(format="bgr24")
    meter.lap("convert")
    small = np.asarray(cv2.resize(image, (SIZE, SIZE)))
    meter.lap("resize")
    return small


OPENCV: Mapping[str, Way] = {
    BASELINES[0]: partial(opencv, retrieved=1, resized=1),
    BASELINES[1]: partial(opencv, retrieved=1, resized=5),
    "grab, retrieve one in five": partial(opencv, retrieved=5, resized=5),
}
PYAV: Mapping[str, Way] = {
    "PyAV": pyav,
    "PyAV, straight to the small size": partial(pyav, straight=True),
    "PyAV, no loop filter": partial(pyav, loop_filter=False),
    "PyAV, no loop filter, straight": partial(pyav, loop_filter=False, straight=True),
    "PyAV, only frames that others need": partial(pyav, skip="NONREF"),
    "PyAV, both": partial(pyav, loop_filter=False, skip="NONREF"),
    "PyAV, key frames only": partial(pyav, skip="NONKEY"),
}


def measure(options: Options) -> list[Row]:
    """Play a video of each size, or the one that is given, in every way by turns.

    Raises:
        MissingError: no video is given, and none can be written.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return [row for video in _videos(options) for row in _compared(video, options.rounds)]
    finally:
        cv2.setNumThreads(threads)


def _videos(options: Options) -> list[Path]:
    if options.video:
        return [options.video]
    seconds = min(options.seconds, MAX_VIDEO_S)
    return [
        write_h264(options.folder / f"camera{height}.mp4", height, seconds)
        for height in options.heights
    ]


def _compared(video: Path, rounds: int) -> list[Row]:
    ways = {**OPENCV, **(PYAV if find_spec("av") else {})}
    players = {name: Player(way, video) for name, way in ways.items()}
    expected = players[BASELINES[0]].play()
    pictures = _size(video)
    variants = [
        Variant(
            facts={"picture": pictures, "way": name},
            group=video,
            step=player.play,
            baseline=name if name in BASELINES else "",
        )
        for name, player in players.items()
    ]
    rows = interleave(
        variants,
        rounds=max(2, rounds // 3),
        steps=1,
        warm_up=0,
        clock_s=time.process_time,
    )
    return [
        _per_frame(row, player, expected)
        for row, player in zip(rows, players.values(), strict=True)
    ]


def _per_frame(row: Row, player: Player, expected: Mapping[float, Image]) -> Row:
    frames, kept = len(expected), player.play()
    stages = player.stages_ms()
    return {
        "picture": row["picture"],
        "way": row["way"],
        "cpu_ms_per_frame": row["median_ms"] / frames,
        **{stage: ms and ms / frames for stage, ms in stages.items()},
        "off_grid_ms": _off_grid_ms(kept, max(expected)),
        "grey_levels_off": _grey_levels_off(kept, expected),
        "ratios": row["ratios"],
    }


def _off_grid_ms(kept: Mapping[float, Image], end_s: float) -> float:
    """Return how far the worst point of the model's grid is from the next picture that is kept."""
    points_s = np.arange(0.0, end_s, 1 / KEPT_FPS)
    distances_s = np.abs(points_s[:, None] - np.array(list(kept))[None])
    return round(float(distances_s.min(axis=1).max()) * 1e3, 1)


def _grey_levels_off(kept: Mapping[float, Image], expected: Mapping[float, Image]) -> float:
    """Return the mean difference of pictures of the same time."""
    theirs = {round(time_s, 3): image for time_s, image in expected.items()}
    pairs = [(image, theirs[round(time_s, 3)]) for time_s, image in kept.items()]
    return float(np.mean([np.abs(np.subtract(a, b, dtype=np.int16)).mean() for a, b in pairs]))


def _size(video: Path) -> str:
    capture: Any = cv2.VideoCapture(str(video), cv2.CAP_FFMPEG)
    width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    capture.release()
    return f"{width:.0f} x {height:.0f}"
