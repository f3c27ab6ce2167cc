"""The fastest runtime that works here."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from streamrec.errors import ParityError, RuntimeMissingError
from streamrec.runtimes.base import RunningStream, Runtime
from streamrec.runtimes.native import NativeRuntime
from streamrec.runtimes.parity import check_parity, noise
from streamrec.types import Array

_log = logging.getLogger("streamrec")

_TURNS = 3


def open_native(path: Path, precision: str) -> NativeRuntime:
    """Open an exported model in the native runtime, and compare it with PyTorch's figures.

    Raises:
        RuntimeMissingError: this build, machine or file does not allow it.
        ParityError: it computes something else here.
    """
    runtime = NativeRuntime(path, precision=precision)
    if runtime.card.check is None:
        raise RuntimeMissingError(
            f"{path.name} was exported without figures to compare with; export it again, or take "
            "--runtime onnx"
        )
    difference = check_parity(runtime, np.array(runtime.card.check, np.float32), precision)
    _log.info("%s: %s differs from PyTorch by %.2g", path.name, runtime.engine, difference)
    return runtime


def open_fastest(path: Path, precision: str, threads: int) -> Runtime:
    """Open an exported model in the fastest runtime that works here; the choice is logged.

    On one thread and with vector instructions beyond SSE2 that is the native one (``benchmarks/``
    has the figures of AVX). Elsewhere both take turns. In bfloat16 there is no other.

    Raises:
        RuntimeMissingError: bfloat16 is asked for, and the native runtime does not work here.
        WeightsError: not an exported step graph.
    """
    try:
        native = open_native(path, precision)
    except (ParityError, RuntimeMissingError) as error:
        if precision != "fp32":
            raise
        level = logging.WARNING if isinstance(error, ParityError) else logging.INFO
        _log.log(level, "%s: taking ONNX Runtime: %s", path.name, error)
        return _open_onnx(path, threads)
    if precision != "fp32" or (threads == 1 and native.target in ("avx512", "avx2", "neon")):
        chosen: Runtime = native
    else:
        chosen = _faster([native, _open_onnx(path, threads)])
    _log.info("%s: taking %s", path.name, chosen.engine)
    return chosen


def _open_onnx(path: Path, threads: int) -> Runtime:
    from streamrec.runtimes.onnx import OnnxRuntime

    return OnnxRuntime(path, threads=threads)


def _faster(runtimes: Sequence[Runtime]) -> Runtime:
    frame = noise(runtimes[0].spec)[0]
    streams = [runtime.start() for runtime in runtimes]
    turns = [[_step_s(stream, frame) for stream in streams] for _ in range(_TURNS)]
    shortest_s = [min(times) for times in zip(*turns, strict=True)]
    return runtimes[shortest_s.index(min(shortest_s))]


def _step_s(stream: RunningStream, frame: Array) -> float:
    started_s = time.perf_counter()
    stream.step(frame)
    return time.perf_counter() - started_s
