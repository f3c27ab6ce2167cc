"""Capture -> receive latency of the whole live path, with a 30 frames/s camera.

One process captures a synthetic live scene, recognises and publishes over loopback, as
``streamrec run`` does; this one subscribes and compares each message's ``captured_s`` with the
time of its arrival. Both read the same machine's clock.
"""

import argparse
import multiprocessing as mp
import tempfile
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from report import save
from rich.console import Console
from rich.table import Table

from streamrec.client import Subscriber
from streamrec.types import now_s

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


def measure(model: str, fps: float, seconds: float) -> Result:
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


def show(result: Result) -> None:
    """Print the table, and whether the goal is met."""
    table = Table("figure", "value")
    for name, value in asdict(result).items():
        table.add_row(name, f"{value:.1f}" if isinstance(value, float) else str(value))
    Console().print(table)
    verdict = "met" if result.p95_ms <= GOAL_P95_MS else "NOT met"
    print(f"goal: p95 <= {GOAL_P95_MS:g} ms: {verdict}")


def main() -> None:
    """Parse the options, run, report."""
    parser = argparse.ArgumentParser(description="Capture -> receive latency of the live path.")
    parser.add_argument("--model", help="default: movinet-a0-stream with random weights")
    parser.add_argument("--fps", type=float, default=30.0, help="rate of the camera")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = options.model
        if model is None:
            from random_model import export_random

            model = str(export_random("movinet-a0-stream", Path(folder) / "a0.onnx"))
        result = measure(model, options.fps, options.seconds)
    show(result)
    if options.json:
        save(options.json, [asdict(result)])


if __name__ == "__main__":
    main()
