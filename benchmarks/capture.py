"""Many cameras through the real service: delay, and where the processor's time goes.

``streamrec serve`` watches RTSP cameras that show H.264 made beforehand, which costs their server
next to nothing. This process subscribes and compares each message's ``captured_s``, the time at
which the frame had been decoded, with the time of its arrival; both read the same clock.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from h264 import write_h264
from models import random_model
from options import MissingError, Options
from serving import KINDS, Service, Usage, cameras
from timing import Row

from streamrec.client import Subscriber
from streamrec.types import now_s
from streamrec.wire import PredictionMessage

PREDICTIONS_HZ = 5.0
"""MoViNet A0's rate."""

CONNECT_S = 60.0
SETTLING_S = 5.0
"""After all cameras have been heard: their first frames come in a heap."""

UNDISTURBED = 10
"""Percentile of the times in messages, which are by the clock: others' turns are not in them."""

MAX_VIDEO_S = 10.0

Heard = list[tuple[PredictionMessage, float]]
"""Messages, and how long after their frames they came, milliseconds."""


def measure(options: Options) -> list[Row]:
    """Watch each number of cameras of each size for some seconds.

    Raises:
        MissingError: no psutil, no RTSP server, or no H.264 to show.
    """
    model = random_model(options.models[0], options.folder).path
    return [
        {"picture": name, "cameras": count, **_watched(options, video, count, model)}
        for name, video in _videos(options)
        for count in options.cameras
    ]


def _videos(options: Options) -> Iterator[tuple[str, Path]]:
    if options.video:
        yield options.video.stem, options.video
        return
    for height in options.heights:
        path = options.folder / f"camera{height}.mp4"
        yield f"{height}p", write_h264(path, height, min(options.seconds, MAX_VIDEO_S))


def _watched(options: Options, video: Path, count: int, model: Path) -> Row:
    names = [f"cam{number}" for number in range(count)]
    with cameras(*names, play=video) as server:
        urls = {name: server.url(name) for name in names}
        shared = {"model": model, "decoder": options.decoder}
        with (
            Service(options.folder, urls, **shared) as service,
            Subscriber(service.endpoint) as subscriber,
        ):
            await_all(subscriber, set(names), CONNECT_S)
            listen(subscriber, SETTLING_S)
            before, started_s = service.usage(), time.monotonic()
            heard = listen(subscriber, options.seconds)
            passed_s = time.monotonic() - started_s
            return _row(heard, before, service.usage(), passed_s, count, subscriber.lost)


def await_all(subscriber: Subscriber[Any], names: set[str], patience_s: float) -> None:
    """Listen until every camera has been heard.

    Raises:
        MissingError: one has not, for so long.
    """
    silent, until_s = set(names), time.monotonic() + patience_s
    while silent:
        message = subscriber.receive(max(0.0, until_s - time.monotonic()))
        if message is None:
            raise MissingError(f"no prediction of {', '.join(sorted(silent))} in {patience_s:g} s")
        if isinstance(message, PredictionMessage):
            silent.discard(message.source)


def listen(subscriber: Subscriber, seconds: float) -> Heard:
    """Return the predictions of so many seconds."""
    heard: Heard = []
    until_s = time.monotonic() + seconds
    while (left_s := until_s - time.monotonic()) > 0:
        message = subscriber.receive(left_s)
        if isinstance(message, PredictionMessage):
            heard.append((message, (now_s() - message.captured_s) * 1e3))
    return heard


def _row(
    heard: Heard,
    before: dict[str, Usage],
    after: dict[str, Usage],
    seconds: float,
    count: int,
    lost: int,
) -> Row:
    delays_ms = [delay_ms for _, delay_ms in heard]
    p50, p95, p99 = np.percentile(delays_ms, (50, 95, 99))
    cpu_ms = {kind: (after[kind].cpu_s - before[kind].cpu_s) * 1e3 for kind in KINDS}
    total_ms = sum(cpu_ms.values())
    return {
        "p50_ms": float(p50),
        "p95_ms": float(p95),
        "p99_ms": float(p99),
        "predictions_a_second": len(heard) / seconds,
        "wanted": PREDICTIONS_HZ * count,
        "lost": lost,
        "share_of_a_core_per_camera": f"{total_ms / seconds / count / 1e3:.1%}",
        "cameras_per_core": count * seconds * 1e3 / total_ms,
        **_shares(heard, cpu_ms),
        "rss_mib": sum(usage.rss_mib for usage in after.values()),
    }


def _shares(heard: Heard, cpu_ms: dict[str, float]) -> Row:
    """Tell where the time went: pictures and inference as messages time them, undisturbed."""
    total_ms = sum(cpu_ms.values())
    each_ms = {
        stage: float(np.percentile([getattr(m.latency, stage) for m, _ in heard], UNDISTURBED))
        for stage in ("capture_ms", "preprocess_ms", "infer_ms")
    }
    pictures_ms = each_ms["capture_ms"] * len(heard)
    stages = {
        "decode": cpu_ms["capture"] - pictures_ms,
        "convert, check, resize": pictures_ms + each_ms["preprocess_ms"] * len(heard),
        "inference": each_ms["infer_ms"] * len(heard),
    }
    stages["rest"] = total_ms - sum(stages.values())
    return {name: f"{spent_ms / total_ms:.0%}" for name, spent_ms in stages.items()}
