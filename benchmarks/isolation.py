"""What a capture process costs against a thread: one camera, over RTSP, at its own pace.

Run as a script, it is one way: ``isolation.py URL WAY WORK SECONDS``.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from h264 import write_h264
from options import MissingError, Options
from timing import Row

from streamrec.preprocess import Preprocessor
from streamrec.sampling import TimeGrid
from streamrec.sources.base import Source
from streamrec.sources.capture import CaptureThread
from streamrec.sources.messages import Reading
from streamrec.sources.network import ENVIRONMENT, NetworkSource, capture_options
from streamrec.sources.process import ProcessSource
from streamrec.types import Preprocessing, now_s

WAYS = ("thread", "process")
SAMPLED = "one in five, 172 x 172"
WORKS = ("every frame, whole", SAMPLED)
SETTLING_S = 1.5
MODEL_FPS = 5.0
MODEL_INPUT = Preprocessing(172, 172)
_RTSP_TOOLS = Path(__file__).parents[1] / "tools" / "rtsp"


def measure(options: Options) -> list[Row]:
    """Show a video over RTSP to each way, one after the other, each in a fresh process.

    Raises:
        MissingError: no RTSP server, no psutil, or no H.264 to show.
    """
    if find_spec("psutil") is None:
        raise MissingError("psutil is not installed: pip install psutil")
    if str(_RTSP_TOOLS) not in sys.path:
        sys.path.append(str(_RTSP_TOOLS))
    return [
        {"video": label, "work": work, "way": way, **_measured(video, way, work, options.seconds)}
        for label, video in _videos(options)
        for work in WORKS
        for way in WAYS
    ]


def _videos(options: Options) -> Iterator[tuple[str, Path]]:
    if options.video:
        yield "given", options.video
        return
    for height in options.heights:
        path = options.folder / f"isolation-{height}.mp4"
        yield f"{height} lines", write_h264(path, height, min(options.seconds, 10.0))


def _measured(video: Path, way: str, work: str, seconds: float) -> Row:
    remote = import_module("remote")
    try:
        server = remote.Cameras("camera", play=video)
    except remote.MissingServerError as error:
        raise MissingError(f"no RTSP server: {error}") from None
    with server:
        command = (sys.executable, __file__, server.url(), way, work, str(seconds))
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    row: Row = json.loads(done.stdout)
    return row


def watch(url: str, way: str, work: str, seconds: float) -> Row:
    """Be the process: read for so many seconds, and tell what that took."""
    started_s = time.perf_counter()
    with ExitStack() as stack:
        source = stack.enter_context(_source(url, way, work))
        source.read()
        open_s = time.perf_counter() - started_s
        make = _maker(way, work)
        _play(source, make, SETTLING_S)
        before_s = _cpu_s()
        frames, delays_ms = _play(source, make, seconds)
        cpu_ms = (_cpu_s() - before_s) * 1e3
        unique_mib = [process.memory_full_info().uss / 2**20 for process in _processes()[1:]]
    return {
        "cpu_ms_per_frame": cpu_ms / frames,
        "delay_p50_ms": float(np.median(delays_ms)),
        "delay_p95_ms": float(np.percentile(delays_ms, 95)),
        "first_frame_s": open_s,
        "capture_process_mib": sum(unique_mib),
    }


def _source(url: str, way: str, work: str) -> Source:
    if way == "thread":
        os.environ[ENVIRONMENT] = capture_options(url, "tcp")
        return CaptureThread(lambda: NetworkSource(url))
    sampled = Reading(fps=MODEL_FPS, preprocessing=MODEL_INPUT)
    reading = sampled if work == SAMPLED else Reading(checked=False)
    return CaptureThread(lambda: ProcessSource(url, reading=reading))


def _maker(way: str, work: str) -> Callable[[Any], object]:
    """Return what is left to do with a frame: on a thread, all that a process does."""
    preprocessor, grid = Preprocessor(MODEL_INPUT), TimeGrid(fps=MODEL_FPS)
    if work != SAMPLED:
        return lambda frame: frame
    if way == "process":
        return lambda frame: preprocessor(frame.image)
    return lambda frame: grid.push(frame.time_s).turns and preprocessor(frame.image)


def _play(source: Source, make: Callable[[Any], object], seconds: float) -> tuple[int, list[float]]:
    """Return how many frames the camera sent, and how long after its decoding each was here."""
    indices, delays_ms = [], []
    until_s = time.perf_counter() + seconds
    while time.perf_counter() < until_s and (frame := source.read()) is not None:
        delays_ms.append((now_s() - frame.captured_s) * 1e3)
        indices.append(frame.index)
        make(frame)
    return max(1, indices[-1] - indices[0]), delays_ms


def _processes() -> list[Any]:
    me = import_module("psutil").Process()
    return [me, *me.children(recursive=True)]


def _cpu_s() -> float:
    return sum(sum(process.cpu_times()[:2]) for process in _processes())


if __name__ == "__main__":
    url, way, work, seconds = sys.argv[1:]
    print(json.dumps(watch(url, way, work, float(seconds))))
