"""The curves of a soak run."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serving import KINDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Sample = dict[str, Any]

_UNITS = {"rss_mib": "RSS, MiB", "threads": "threads", "descriptors": "files open"}
_QUANTILES = ("p50", "p95", "p99", "most")
_QUIET = ("frames", "predictions", "still")
"""Counts that only ever grow evenly."""


def draw(samples: Sequence[Sample], path: Path) -> None:
    """Draw what processes use, delays and counters over time, minutes, and write a picture."""
    from matplotlib.figure import Figure

    minutes = [sample["time_s"] / 60 for sample in samples]
    figure = Figure(figsize=(11, 14), dpi=110, layout="constrained")
    axes = list(figure.subplots(6, 1, sharex=True))
    for name, unit in _UNITS.items():
        _used(axes.pop(0), minutes, samples, name, unit)
    _delays(axes.pop(0), minutes, samples)
    _rates(axes.pop(0), minutes, samples)
    _counts(axes.pop(0), minutes, samples)
    figure.savefig(path)


def _used(
    axes: "Axes", minutes: list[float], samples: Sequence[Sample], name: str, unit: str
) -> None:
    for kind in KINDS:
        axes.plot(minutes, [sample[name][kind] for sample in samples], label=kind)
    axes.set_ylim(bottom=0)
    _finish(axes, unit)


def _delays(axes: "Axes", minutes: list[float], samples: Sequence[Sample]) -> None:
    for quantile in _QUANTILES:
        axes.plot(minutes, [sample["delay_ms"][quantile] for sample in samples], label=quantile)
    axes.set_yscale("log")
    _finish(axes, "delay of healthy\ncameras, ms")


def _rates(axes: "Axes", minutes: list[float], samples: Sequence[Sample]) -> None:
    for name, label in (("all_hz", "all"), ("healthy_hz", "healthy")):
        axes.plot(minutes, [sample[name] for sample in samples], label=label)
    axes.set_ylim(bottom=0)
    _finish(axes, "predictions\na second")


def _counts(axes: "Axes", minutes: list[float], samples: Sequence[Sample]) -> None:
    names = [name for name, count in samples[-1]["counts"].items() if count and name not in _QUIET]
    for number, name in enumerate(sorted(names)):
        counts = [sample["counts"].get(name, 0) for sample in samples]
        axes.plot(minutes, counts, label=name, linestyle="-" if number < 10 else "--")
    axes.set_yscale("symlog")
    axes.set_xlabel("minutes")
    _finish(axes, "counted of\nall cameras")


def _finish(axes: "Axes", unit: str) -> None:
    axes.set_ylabel(unit)
    axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize="small", frameon=False)
