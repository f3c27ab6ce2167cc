"""Milliseconds a frame of the stream models, by engine, precision and threads.

Batch 1, one frame a step, random weights, noise for pictures. Timed is a frame in, logits out: our
engines carry the states, torch among them. LiteRT and OpenVINO copy a frame that is prepared in
their own layout into an input tensor, run, and copy the logits out; their states stay zero, without
the copies from step to step, which flatters them. LiteRT runs the files of ``--litert``; OpenVINO
runs our exported graph without the switch for logits and the spread gates, which are there for
ONNX Runtime.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from engines import ENGINES, noise, opened, set_torch_threads
from models import Model, random_model
from options import Options
from tables import Table, pivot
from timing import Row, Variant, interleave

from streamrec.weights.load import load_weights

PEERS = ("LiteRT", "LiteRT int8", "OpenVINO", "torch")
"""Baselines; a table's ratios are to the first one that is there."""


def measure(options: Options) -> list[Row]:
    """Time all engines on all models."""
    variants = list(_variants(options))
    return interleave(variants, rounds=options.rounds, steps=options.steps)


def _variants(options: Options) -> Iterator[Variant]:
    peers = [(load_weights(path).architecture.name, path) for path in options.litert]
    for name in options.models:
        model = random_model(name, options.folder)
        for threads in options.threads:
            yield from _engines(model, name, threads, options.engines or tuple(ENGINES))
            yield from (_litert(path, name, threads) for its, path in peers if its == name)


def _engines(model: Model, name: str, threads: int, engines: Sequence[str]) -> Iterator[Variant]:
    frame = noise(model.spec)
    for engine, start in opened(model, threads, engines):
        yield Variant(
            facts=_facts(name, engine, ENGINES[engine].precision, threads),
            group=(name, threads),
            step=partial(start(), frame),
            baseline=engine if ENGINES[engine].peer else "",
            prepare=partial(set_torch_threads, threads),
        )


def _litert(path: Path, name: str, threads: int) -> Variant:
    from peer_litert import LiteRt

    peer = LiteRt(path, threads)
    return Variant(
        facts=_facts(name, peer.name, peer.precision, threads),
        group=(name, threads),
        step=partial(peer.infer, peer.noise()),
        baseline=peer.name,
    )


def _facts(model: str, engine: str, precision: str, threads: int) -> dict[str, str | int]:
    short = model.removeprefix("movinet-").replace("-", " ").capitalize()
    return {"model": short, "engine": engine, "precision": precision, "threads": threads}


def table(rows: Sequence[Row]) -> Table:
    """Return a column a model, a line an engine and thread count."""
    return pivot(rows, "model", ("engine", "threads"), PEERS)
