"""Capture -> receive latency of the whole live path, with a 30 frames/s camera.

One process captures a synthetic live scene, recognises and publishes over loopback, as
``streamrec run`` does; this one subscribes and compares each message's ``captured_s`` with the
time of its arrival. Both read the same machine's clock.
"""

import multiprocessing as mp
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection

import numpy as np
from models import random_model
from options import Options
from tables import Table, text
from timing import Row

from streamrec.client import Subscriber
from streamrec.types import now_s

CAMERA_FPS = 30.0
GOAL_P95_MS = 60.0

WARM_UP_S = 2.0
"""Not counted: the first steps are slow, and the rate of the source is being learned."""

SILENCE_S = 3.0
"""The publisher has ended when it has been silent for so long."""


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of one run; ``dropped`` frames were discarded because the machine was late."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    predictions: int
    predictions_per_s: float
    lanes: int
    lanes_wanted: int
    dropped: int
    lost: int


def publish(model: str, fps: float, seconds: float, parent: Connection) -> None:
    """Run the publishing side: tell the endpoint, wait for the subscriber, play the scene."""
    from streamrec import load, open_source
    from streamrec.pipeline import run
    from streamrec.sinks.zmq import ZmqPublisher

    recognizer = load(model)
    publisher = ZmqPublisher("tcp://127.0.0.1:*")
    parent.send(publisher.endpoint)
    parent.recv()
    with open_source(f"synthetic:?fps={fps}&live=1&seconds={seconds}") as source:
        run(source, recognizer.stream(declared_fps=source.fps), [publisher])
    publisher.close()


def receive(subscriber: Subscriber) -> Result:
    """Take every message until the publisher falls silent."""
    latencies_ms, captured_s = [], []
    for message in subscriber:
        latencies_ms.append((now_s() - message.captured_s) * 1e3)
        captured_s.append(message.captured_s)
    if not captured_s or captured_s[-1] - captured_s[0] <= WARM_UP_S:
        raise SystemExit(f"no messages beyond the first {WARM_UP_S:g} s; take more --seconds")
    counted = np.asarray(captured_s) >= captured_s[0] + WARM_UP_S
    times_s = np.asarray(captured_s)[counted]
    p50, p95, p99 = np.percentile(np.asarray(latencies_ms)[counted], (50, 95, 99))
    return Result(
        p50_ms=float(p50),
        p95_ms=float(p95),
        p99_ms=float(p99),
        predictions=len(times_s),
        predictions_per_s=(len(times_s) - 1) / max(float(times_s[-1] - times_s[0]), 1e-9),
        lanes=message.lanes,
        lanes_wanted=message.lanes_wanted,
        dropped=message.dropped,
        lost=subscriber.lost,
    )


def measure(options: Options) -> list[Row]:
    """Run a camera for some seconds."""
    model = random_model(options.models[0], options.folder)
    return [asdict(watch(str(model.path), CAMERA_FPS, options.seconds))]


def watch(model: str, fps: float, seconds: float) -> Result:
    """Start the publisher, subscribe, and return the figures."""
    processes = mp.get_context("spawn")
    ours, theirs = processes.Pipe()
    publisher = processes.Process(target=publish, args=(model, fps, seconds, theirs))
    publisher.start()
    theirs.close()
    try:
        with Subscriber(ours.recv(), timeout_s=SILENCE_S) as subscriber:
            ours.send("subscribed")
            return receive(subscriber)
    except EOFError:
        raise SystemExit("the publisher ended at once; see above") from None
    finally:
        publisher.terminate()
        publisher.join()


def table(rows: Sequence[Row]) -> Table:
    """Return one line a figure, and the goal."""
    lines = [(name, text(value)) for row in rows for name, value in row.items()]
    return Table(("figure", "value"), (*lines, ("goal: p95_ms at most", text(GOAL_P95_MS))))
