"""Milliseconds a frame of the stream models: PyTorch, ONNX Runtime, and LiteRT as the peer.

Batch 1, one frame a step, random weights. All variants take turns, so that whatever else the
machine does meets all of them. For LiteRT the bare ``invoke()`` is timed, without the copies that
carry its states from step to step, which flatters it.
"""

import argparse
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from random_model import export_random, random_network
from report import save
from rich.console import Console
from rich.table import Column, Table

from streamrec.runtimes.base import Runtime
from streamrec.runtimes.onnx import OnnxRuntime
from streamrec.runtimes.torch import TorchRuntime

WARM_UP_STEPS = 5
"""Steps at the start of each turn that are not counted: caches belong to the one before."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing to time; ``times_ms`` fills while it takes its turns."""

    size: str
    engine: str
    threads: int
    step: Callable[[], object]
    times_ms: list[float] = field(default_factory=list)

    def take_turn(self, steps: int) -> None:
        """Run, and remember how long each step took."""
        torch.set_num_threads(self.threads)
        for number in range(WARM_UP_STEPS + steps):
            started_s = time.perf_counter()
            self.step()
            elapsed_ms = (time.perf_counter() - started_s) * 1e3
            if number >= WARM_UP_STEPS:
                self.times_ms.append(elapsed_ms)


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of one variant; ``ratio`` is its median over LiteRT's, where that is known."""

    size: str
    engine: str
    threads: int
    median_ms: float
    p95_ms: float
    ratio: float | None = None


def model_variants(size: str, threads: int, folder: Path) -> Iterator[Variant]:
    """Yield our runtimes on ``movinet-<size>-stream``."""
    name = f"movinet-{size}-stream"
    path = folder / f"{name}.onnx"
    if not path.exists():
        export_random(name, path)
    runtimes: dict[str, Runtime] = {
        "torch": TorchRuntime(*random_network(name), device="cpu", threads=threads),
        "onnx": OnnxRuntime(path, threads=threads),
    }
    for engine, runtime in runtimes.items():
        yield Variant(size, engine, threads, _stepper(runtime))


def _stepper(runtime: Runtime) -> Callable[[], object]:
    stream, size = runtime.start(), runtime.spec.preprocessing
    frame = np.random.default_rng(0).random((1, 3, size.height, size.width), dtype=np.float32)
    return lambda: stream.step(frame)


def litert_variant(path: Path, threads: int) -> Variant:
    """Return the peer on a published ``.tflite``, whose name tells the model's size."""
    from ai_edge_litert.interpreter import Interpreter

    size = re.search(r"[at]\d", path.stem)
    if size is None:
        raise SystemExit(f"{path}: name the file after its model, as in movinet_a0_stream.tflite")
    interpreter = Interpreter(model_path=str(path), num_threads=threads)
    interpreter.allocate_tensors()
    generator = np.random.default_rng(0)
    for tensor in interpreter.get_input_details():
        if tensor["shape"][-1] == 3:
            image = generator.random(tuple(tensor["shape"]), dtype=np.float32)
            interpreter.set_tensor(tensor["index"], image)
    return Variant(size[0], f"LiteRT {path.stem}", threads, interpreter.invoke)


def results(variants: list[Variant]) -> list[Result]:
    """Return the figures, with ratios to LiteRT at the same size and thread count."""
    medians = {(v.size, v.engine, v.threads): float(np.median(v.times_ms)) for v in variants}
    peers = {(s, t): ms for (s, engine, t), ms in medians.items() if engine.startswith("LiteRT")}
    found = []
    for v in variants:
        median_ms = medians[v.size, v.engine, v.threads]
        peer_ms = peers.get((v.size, v.threads))
        ratio = None if peer_ms is None else median_ms / peer_ms
        p95_ms = float(np.percentile(v.times_ms, 95))
        found.append(Result(v.size, v.engine, v.threads, median_ms, p95_ms, ratio))
    return sorted(found, key=lambda result: (result.size, result.threads))


def show(found: list[Result]) -> None:
    """Print the table."""
    headers = ("threads", "median ms", "p95 ms", "/ LiteRT")
    table = Table("model", "engine", *(Column(header, justify="right") for header in headers))
    for r in found:
        ratio = "" if r.ratio is None else f"{r.ratio:.2f}"
        table.add_row(
            r.size, r.engine, str(r.threads), f"{r.median_ms:.2f}", f"{r.p95_ms:.2f}", ratio
        )
    Console().print(table)


def main() -> None:
    """Parse the options, run, report."""
    parser = argparse.ArgumentParser(description="Milliseconds a frame of the stream models.")
    parser.add_argument("--sizes", nargs="+", default=["a0", "a1", "a2"], metavar="SIZE")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], metavar="N")
    parser.add_argument("--rounds", type=int, default=10, help="turns of each variant")
    parser.add_argument("--steps", type=int, default=20, help="timed steps in a turn")
    parser.add_argument("--litert", type=Path, nargs="+", default=[], metavar="FILE.tflite")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        variants = [
            variant
            for size in options.sizes
            for threads in options.threads
            for variant in model_variants(size, threads, Path(folder))
        ]
    variants += [litert_variant(path, n) for path in options.litert for n in options.threads]
    for _ in range(options.rounds):
        for variant in variants:
            variant.take_turn(options.steps)
    found = results(variants)
    show(found)
    if options.json:
        save(options.json, [asdict(result) for result in found])


if __name__ == "__main__":
    main()
