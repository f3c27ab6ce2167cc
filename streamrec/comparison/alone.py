"""Work in a fresh process of its own, so that what it costs is its own."""

import re
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from streamrec.errors import ModelError, StreamrecError

T = TypeVar("T")

Tell = Callable[[], None]
"""Called by the work at each step, so that others see how far it is."""


def run_alone(task: Callable[..., T], *arguments: Any, tell: Tell) -> T:
    """Return ``task(*arguments, tell)``, computed in a fresh process.

    ``task`` is a function of a module; it, its arguments and its result travel between processes.

    Raises:
        StreamrecError: what the task raised.
        ModelError: the process ended without a result.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, task, arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        while (message := ours.recv()) is None:
            tell()
    except (EOFError, OSError):  # the latter: in the middle of a message
        process.join()
        raise ModelError(
            f"its process ended with exit code {process.exitcode} before it was done; a code of -9 "
            "means that memory ran out"
        ) from None
    finally:
        process.terminate()
        process.join()
    if isinstance(message, StreamrecError):
        raise message
    result: T = message.result
    return result


def _work(pipe: Connection, task: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that waits for this one ends it
    try:
        pipe.send(_Done(task(*arguments, lambda: pipe.send(None))))
    except StreamrecError as error:
        pipe.send(error)


@dataclass(frozen=True, slots=True)
class _Done:
    """Keeps a result apart from the other messages of a process."""

    result: Any


def peak_memory_bytes() -> int | None:
    """Return the most resident memory that this process has had; None where that is not told."""
    if sys.platform == "win32":
        return _peak_on_windows()
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    if found is not None:  # what `getrusage` says there includes the process that started this one
        return int(found[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _peak_on_windows() -> int | None:
    if find_spec("psutil") is None:
        return None
    from importlib import import_module

    peak: int = import_module("psutil").Process().memory_info().peak_wset
    return peak
