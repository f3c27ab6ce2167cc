"""Hours of ``streamrec serve`` before cameras of which some fail at random, as curves and verdicts.

``python benchmarks/soak.py --minutes 60 --json soak.json --png soak.png``

The cameras are H.264 over RTSP, a few of them on a server of their own, which is told to freeze,
damage, delay or lose what they send, and is itself halted or killed now and then. What must not
happen: a message of a healthy camera that is lost or late, and memory, threads or files that grow.
"""

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from capture import await_all
from h264 import write_h264
from machine import machine, versions
from models import random_model
from options import MissingError
from rich.console import Console
from serving import KINDS, Service, cameras, require_tools
from soak_plot import draw
from tables import Table, text

from streamrec.client import Subscriber
from streamrec.types import now_s
from streamrec.wire import Message, PredictionMessage, StatusMessage

CONNECT_S = 60.0
KINDS_HEARD = ("prediction", "status")
SAMPLE_S = 5.0
TICK_S = 0.2
FAULT_S = (2.0, 8.0)
"""How long a fault lasts, and how long it takes until the next, seconds: shortest and longest."""

LATE_MS = 500.0
"""A message that comes later than this after its frame is late."""

SILENCE_S = 2.0
"""No healthy camera says nothing for longer."""

ALLOWED_GROWTH = {"rss_mib": 5.0, "threads": 1.0, "descriptors": 1.0}
"""Of one process, an hour, fitted after the first quarter: in a short run it says nothing."""

STRETCH_S = 120.0
"""Within it all cameras that fail are back at least once."""

_WORDS = {"rss_mib": "MiB", "threads": "threads", "descriptors": "open files"}

FAULTS = (
    "freeze {name}",
    "black {name}",
    "resize {name} 320 240",
    "rate {name} 5",
    "mute {name}",
    "corrupt {name} 0.2",
    "loss {name} 0.05",
    "delay {name} 200",
    "drop {name}",
)
WHOLE_SERVER = ("halt", "restart")
_SERVER_SHARE = 0.2  # of the faults

Sample = dict[str, Any]


@dataclass
class Heard:
    """What has come since the last sample, of healthy cameras but for ``all``."""

    delays_ms: list[float] = field(default_factory=list)
    everything: int = 0


@dataclass
class Listener:
    """Hears messages, and keeps what the samples need.

    Attributes:
        healthy: cameras that never fail.
        counts: of each camera, as its last status says.
        late: messages of healthy cameras that came late.
        silence_s: the longest time between two messages of one healthy camera.
    """

    healthy: frozenset[str]
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    late: int = 0
    silence_s: float = 0.0
    heard: Heard = field(default_factory=Heard)
    _last_s: dict[str, float] = field(default_factory=dict)

    def listen(self, subscriber: Subscriber[Message], over: threading.Event) -> None:
        """Take all messages until it is over; on a thread, as nothing may hold it up."""
        while not over.is_set():
            message = subscriber.receive(0.2)
            if message is not None:
                self.take(message)

    def take(self, message: Message) -> None:
        """Take one."""
        if isinstance(message, StatusMessage):
            self.counts[message.source] = dict(message.counts)
        if not isinstance(message, PredictionMessage):
            return
        self.heard.everything += 1
        if message.source in self.healthy:
            self._take_healthy(message)

    def _take_healthy(self, message: PredictionMessage) -> None:
        came_s = now_s()
        delay_ms = (came_s - message.captured_s) * 1e3
        self.heard.delays_ms.append(delay_ms)
        self.late += delay_ms > LATE_MS
        self.silence_s = max(self.silence_s, came_s - self._last_s.get(message.source, came_s))
        self._last_s[message.source] = came_s


class Troubles:
    """Faults of cameras and of their server, at random, never while the last one lasts.

    Args:
        server: of the cameras that fail; ``seed``: of what happens.
    """

    def __init__(self, server: Any, seed: int) -> None:
        self.happened: Counter[str] = Counter()
        self._server, self._random = server, random.Random(seed)
        self._next_s = time.monotonic() + self._random.uniform(*FAULT_S)
        self._lasting = ""

    def turn(self) -> None:
        """Begin or end a fault, if it is time."""
        if time.monotonic() < self._next_s:
            return
        if self._lasting:
            self._end()
        else:
            self._begin()
        self._next_s = time.monotonic() + self._random.uniform(*FAULT_S)

    def _begin(self) -> None:
        if self._random.random() < _SERVER_SHARE:
            fault = self._lasting = self._random.choice(WHOLE_SERVER)
            (self._server.pause if fault == "halt" else self._server.kill)()
        else:
            fault = self._random.choice(FAULTS)
            self._lasting = self._random.choice(self._server.names)
            self._server.do(fault.format(name=self._lasting))
        self.happened[fault.split()[0]] += 1

    def _end(self) -> None:
        lasting, self._lasting = self._lasting, ""
        if lasting == "halt":
            self._server.resume()
        elif lasting == "restart":
            self._server.restart()
        else:
            self._server.do(f"restore {lasting}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came out.

    Attributes:
        samples: every five seconds; ``faults``: how often each happened.
        lost: messages that never came; ``late``, ``silence_s``: of healthy cameras.
        workers_replaced: worker processes that ended.
        healthy: number of healthy cameras.
    """

    samples: Sequence[Sample]
    faults: dict[str, int]
    lost: int
    late: int
    silence_s: float
    workers_replaced: int
    healthy: int


def soak(args: argparse.Namespace, folder: Path) -> Run:
    """Run it."""
    video = args.video or write_h264(folder / "camera.mp4", args.height, 10.0)
    healthy = [f"healthy{number}" for number in range(args.cameras - args.failing)]
    failing = [f"failing{number}" for number in range(args.failing)]
    with ExitStack() as stack:
        good = stack.enter_context(cameras(*healthy, play=video))
        bad = stack.enter_context(cameras(*failing, play=video))
        urls = {name: server.url(name) for server in (good, bad) for name in server.names}
        model = random_model(args.model, folder).path
        shared = {"model": model, "retry_most": 5, "frozen_after": 2}
        service = stack.enter_context(Service(folder, urls, **shared))
        subscriber = stack.enter_context(Subscriber(service.endpoint, kinds=KINDS_HEARD))
        await_all(subscriber, {*urls}, CONNECT_S)
        return _watch(service, subscriber, Troubles(bad, args.seed), healthy, args.minutes * 60)


def _watch(
    service: Service,
    subscriber: Subscriber[Message],
    troubles: Troubles,
    healthy: list[str],
    seconds: float,
) -> Run:
    listener, over = Listener(frozenset(healthy)), threading.Event()
    thread = threading.Thread(target=listener.listen, args=(subscriber, over))
    thread.start()
    workers = service.pids("worker")
    samples = []
    try:
        for sample in _samples(service, troubles, listener, seconds):
            workers |= service.pids("worker")
            samples.append(sample)
            if len(samples) % 12 == 0:
                print(f"{sample['time_s'] / 60:.0f} min: {_short(sample)}", file=sys.stderr)
    finally:
        over.set()
        thread.join()
    return Run(
        samples=samples,
        faults=dict(troubles.happened),
        lost=subscriber.lost,
        late=listener.late,
        silence_s=listener.silence_s,
        workers_replaced=len(workers) - samples[-1]["processes"]["worker"],
        healthy=len(healthy),
    )


def _samples(
    service: Service, troubles: Troubles, listener: Listener, seconds: float
) -> Iterator[Sample]:
    started_s = sampled_s = time.monotonic()
    while sampled_s - started_s < seconds:
        troubles.turn()
        time.sleep(TICK_S)
        if time.monotonic() - sampled_s >= SAMPLE_S:
            passed_s = time.monotonic() - sampled_s
            sampled_s += passed_s
            heard, listener.heard = listener.heard, Heard()
            yield _sample(service, heard, listener.counts, sampled_s - started_s, passed_s)


def _sample(
    service: Service,
    heard: Heard,
    by_camera: Mapping[str, Mapping[str, int]],
    time_s: float,
    passed_s: float,
) -> Sample:
    used = service.usage()
    counts: Counter[str] = Counter()
    for its in list(by_camera.values()):
        counts.update(its)
    quantiles = np.percentile(heard.delays_ms or [np.nan], (50, 95, 99, 100))
    by_kind: dict[str, dict[str, float]] = defaultdict(dict)
    for kind in KINDS:
        for name, value in asdict(used[kind]).items():
            by_kind[name][kind] = value
    return {
        "time_s": time_s,
        **by_kind,
        "delay_ms": dict(zip(("p50", "p95", "p99", "most"), map(float, quantiles), strict=True)),
        "healthy_hz": len(heard.delays_ms) / passed_s,
        "all_hz": heard.everything / passed_s,
        "counts": dict(counts),
    }


def _short(sample: Sample) -> str:
    delay = sample["delay_ms"]
    return (
        f"{sum(sample['rss_mib'].values()):.0f} MiB, {sum(sample['threads'].values())} threads, "
        f"{sum(sample['descriptors'].values())} files, p50 {delay['p50']:.1f} ms, "
        f"p99 {delay['p99']:.1f} ms, {sample['all_hz']:.1f} predictions/s"
    )


def verdicts(run: Run, wanted_hz: float) -> Table:
    """Return each figure, what it may be, and whether it is."""
    steady = run.samples[len(run.samples) // 4 :]
    share = float(np.mean([s["healthy_hz"] for s in steady])) / (wanted_hz * run.healthy)
    delays = {q: float(np.nanmedian([s["delay_ms"][q] for s in steady])) for q in ("p50", "p99")}
    rss_mib = float(np.median([_total(s, "rss_mib") for s in steady]))
    lines: list[tuple[str, float, str, bool | None]] = [
        ("minutes", run.samples[-1]["time_s"] / 60, "", None),
        ("faults", sum(run.faults.values()), "", None),
        ("messages lost", run.lost, "0", run.lost == 0),
        (f"healthy, later than {LATE_MS:g} ms", run.late, "0", run.late == 0),
        ("healthy, longest silence, s", run.silence_s, f"{SILENCE_S:g}", run.silence_s < SILENCE_S),
        ("healthy, share of the wanted predictions", share, "0.99", share > 0.99),
        ("healthy, p50 ms (median)", delays["p50"], "", None),
        ("healthy, p99 ms (median)", delays["p99"], "", None),
        ("workers replaced", run.workers_replaced, "0", run.workers_replaced == 0),
        ("RSS, MiB (median)", rss_mib, "", None),
        *(
            _growth(steady, kind, name, allowed)
            for name, allowed in ALLOWED_GROWTH.items()
            for kind in KINDS
        ),
    ]
    body = [
        (name, text(value), allowed, "" if good is None else "good" if good else "BAD")
        for name, value, allowed, good in lines
    ]
    return Table(("figure", "value", "allowed", "verdict"), tuple(body))


def _growth(
    steady: Sequence[Sample], kind: str, name: str, allowed: float
) -> tuple[str, float, str, bool]:
    """Fit a line to the most that one process of a kind uses in each stretch of time.

    It uses less while cameras are away, and how many processes there are changes with faults.
    """
    most: dict[int, float] = {}
    for sample in steady:
        stretch = int(sample["time_s"] // STRETCH_S)
        each = sample[name][kind] / max(sample["processes"][kind], 1)
        most[stretch] = max(most.get(stretch, 0.0), each)
    hours = [stretch * STRETCH_S / 3600 for stretch in most]
    slope = float(np.polyfit(hours, list(most.values()), 1)[0]) if len(most) > 1 else 0.0
    return f"{_WORDS[name]} of a {kind} process, an hour", slope, f"{allowed:g}", slope < allowed


def _total(sample: Sample, name: str) -> float:
    return float(sum(sample[name].values()))


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--failing", type=int, default=4, help="how many of them")
    parser.add_argument("--height", type=int, default=360, help="of the pictures")
    parser.add_argument("--video", type=Path, metavar="FILE.mp4", help="show this H.264 instead")
    parser.add_argument("--model", default="movinet-a0-stream")
    parser.add_argument("--seed", type=int, default=0, help="of the faults")
    parser.add_argument("--json", type=Path, default=Path("soak.json"), metavar="FILE")
    parser.add_argument("--png", type=Path, default=Path("soak.png"), metavar="FILE")
    return parser


def main() -> int:
    """Run, write, draw, judge."""
    args = make_parser().parse_args()
    try:
        require_tools()
        with tempfile.TemporaryDirectory() as folder:
            run = soak(args, Path(folder))
    except MissingError as missing:
        print(f"soak: {missing}", file=sys.stderr)
        return 1
    record = {"machine": machine(), "versions": versions(), **asdict(run)}
    args.json.write_text(json.dumps(record) + "\n", encoding="utf-8")
    draw(run.samples, args.png)
    table = verdicts(run, wanted_hz=5.0)
    Console().print(table.rich())
    return 0 if all(row[-1] != "BAD" for row in table.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
