"""Where and with what a benchmark ran, beside its figures."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("streamrec", "torch", "onnxruntime", "ai-edge-litert", "numpy", "opencv-python")


def save(path: Path, results: Sequence[Mapping[str, Any]]) -> None:
    """Write the figures as JSON, with machine, versions and date."""
    record = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cpu": _cpu(), "cores": os.cpu_count(), "system": platform.platform()},
        "versions": {"python": platform.python_version()} | _versions(),
        "results": list(results),
    }
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _cpu() -> str:
    """Return the processor's name; Linux tells it in a file only."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
