"""``streamrec doctor``: what works on this machine, and what to do about the rest."""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

    from streamrec.cli.probes import Finding, Status

_PACKAGES = ("torch", "onnxruntime", "onnx", "pyzmq", "numpy", "safetensors")
_REINSTALL = "install streamrec again, in its checkout: pip install --force-reinstall ."
_COLORS = {"ok": "green", "missing": "yellow", "failed": "red"}
_WIDE = 200


@dataclass(frozen=True, slots=True)
class Probe:
    """Something to try in a process of its own.

    Attributes:
        name: its name in ``streamrec.cli.probes``.
        timeout_s: when it is given up, seconds.
        advice: what to do if it fails.
        needed: whether recognition depends on the first thing that it finds.
    """

    name: str
    timeout_s: float
    advice: str
    needed: bool = True


_TOGETHER = (
    Probe(
        "opencv",
        30.0,
        "pip install --force-reinstall opencv-python; where a system library is missing, "
        "install it, or take opencv-python-headless",
    ),
    Probe("display", 30.0, "run without --show", needed=False),
    Probe("cameras", 20.0, "unplug cameras that hang; files and streams work", needed=False),
    Probe("torch", 60.0, f"{_REINSTALL}; if the GPU is at fault, take --device cpu"),
    Probe("onnx", 30.0, _REINSTALL),
    Probe("native", 30.0, f"take --runtime onnx, or {_REINSTALL}", needed=False),
    Probe("zeromq", 20.0, "let programs of this machine connect to 127.0.0.1"),
)
_SPEED = Probe("speed", 90.0, "take another model with --model NAME")


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("doctor", help="say what works on this machine")
    parser.add_argument(
        "--model",
        default="",
        metavar="NAME",
        help="model name or file for the speed test; default: the one that `run` takes, "
        "if it is here",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command; 1 if recognition would not work here."""
    from rich.console import Console

    with Console(stderr=True).status("looking, this takes some seconds"):
        findings = examine(args.model)
    works = all(finding.status != "failed" for finding in findings)
    if args.json:
        import msgspec

        print(msgspec.json.encode({"works": works, "findings": findings}).decode())
    else:
        console = Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False)
        console.print(report(findings))
        console.print("recognition works here" if works else "recognition does not work here")
    return 0 if works else 1


def examine(model: str = "") -> "list[Finding]":
    """Look at everything; ``model`` is for the speed test, which has the machine to itself."""
    findings = [_system(), _packages(), _tflite(), _store()]
    findings += try_out(_TOGETHER)
    return findings + try_out([_SPEED], model)


def report(findings: "Sequence[Finding]") -> "RenderableType":
    """Put findings into a table."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for finding in findings:
        detail = Text(finding.detail)
        if finding.advice and finding.status != "ok":
            detail.append(f"\n-> {finding.advice}")
        status = Text(finding.status, _COLORS[finding.status])
        table.add_row(status, Text(finding.topic, no_wrap=True), detail)
    return table


def try_out(probes: Sequence[Probe], *arguments: str) -> "list[Finding]":
    """Run probes at the same time and return what they found, in order."""
    processes = [_start(probe, arguments) for probe in probes]
    try:
        pairs = zip(probes, processes, strict=True)
        return [finding for probe, process in pairs for finding in _finish(probe, process)]
    finally:
        for process in processes:
            process.kill()


def _start(probe: Probe, arguments: Sequence[str]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-P", "-m", "streamrec.cli.probes", probe.name, *arguments]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def _finish(probe: Probe, process: "subprocess.Popen[str]") -> "list[Finding]":
    from streamrec.cli.probes import Finding

    try:
        found, complaints = process.communicate(timeout=probe.timeout_s)
        reason = (complaints.strip().splitlines() or [f"it ended with {process.returncode}"])[-1]
    except subprocess.TimeoutExpired:
        process.kill()
        found, _ = process.communicate()
        reason = f"no answer within {probe.timeout_s:g} s"
    findings = _parse(found)
    if process.returncode != 0:
        status: Status = "failed" if probe.needed and not findings else "missing"
        findings.append(Finding(probe.name, status, reason, probe.advice))
    return findings


def _parse(lines: str) -> "list[Finding]":
    """Read findings; libraries may have printed other lines among them."""
    import msgspec

    from streamrec.cli.probes import Finding

    found = [line for line in lines.splitlines() if line.startswith("{")]
    return [msgspec.json.decode(line, type=Finding) for line in found]


def _system() -> "Finding":
    from streamrec.cli.probes import Finding
    from streamrec.version import __version__

    python, cores = platform.python_version(), os.cpu_count()
    detail = f"streamrec {__version__}, Python {python}, {platform.platform()}, {cores} cores"
    return Finding("system", "ok", detail)


def _packages() -> "Finding":
    from streamrec.cli.probes import Finding

    try:
        versions = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    except PackageNotFoundError as error:
        return Finding("packages", "failed", f"{error.name} is not installed", _REINSTALL)
    return Finding("packages", "ok", versions)


def _tflite() -> "Finding":
    from streamrec.cli.probes import Finding

    if find_spec("tflite") is None:
        advice = "to import .tflite models, in the checkout: pip install '.[tflite]'"
        return Finding("tflite", "missing", "the extra is not installed", advice)
    return Finding("tflite", "ok", f"{version('tflite')}; .tflite models can be imported")


def _store() -> "Finding":
    from streamrec.cli.probes import Finding
    from streamrec.weights.store import HOME_VARIABLE, Store

    store = Store()
    try:
        store.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=store.root):
            pass
    except OSError as error:
        advice = f"set {HOME_VARIABLE} to a folder that you may write to"
        return Finding("models", "missing", f"cannot write {store.root}: {error.strerror}", advice)
    names = ", ".join(store.names()) or "none yet"
    return Finding("models", "ok", f"in {store.root}: {names}")
