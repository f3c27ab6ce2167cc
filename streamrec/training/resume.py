"""Whether a run can go on: with the same options on the same data it does so bit for bit."""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch

from streamrec.atomic import atomic_path
from streamrec.dataset.clips import Dataset
from streamrec.errors import OptionError, WeightsError
from streamrec.training.options import TrainingOptions
from streamrec.version import __version__

_FILE = "run.json"
_SAME_ANYWAY = ("out", "resume", "threads", "workers")


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a run is.

    Attributes:
        options: what was asked for, by name.
        data: checksum of the clips, their labels, and the size of their files.
        machine: what may change the last bits.
    """

    options: dict[str, Any]
    data: str
    machine: dict[str, str]


def record_of(options: TrainingOptions, dataset: Dataset, device: torch.device) -> RunRecord:
    """Return what a run is, on the device that computes."""
    values = {name: value for record in options for name, value in asdict(record).items()}
    kept = {name: value for name, value in values.items() if name not in _SAME_ANYWAY}
    facts = {
        "streamrec": __version__,
        "PyTorch": str(torch.__version__),
        "processor": platform.processor() or platform.machine(),
        "device": device.type,
        "threads": str(torch.get_num_threads()),
    }
    return RunRecord(kept, _checksum(dataset), facts)


def begin(folder: Path, record: RunRecord) -> None:
    """Write what a run is.

    Raises:
        OutputError: the folder cannot be written.
    """
    with atomic_path(folder / _FILE) as temporary:
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(record)))


def has_run(folder: Path) -> bool:
    """Tell whether a run has begun there."""
    return (folder / _FILE).exists()


def differences(folder: Path, record: RunRecord) -> list[str]:
    """Check that a run can go on; return what may make its last bits differ.

    Raises:
        OptionError: other options, or other clips: it is another run.
        WeightsError: the folder's record cannot be read.
    """
    try:
        before = msgspec.json.decode((folder / _FILE).read_bytes(), type=RunRecord)
    except (OSError, msgspec.MsgspecError) as error:
        raise WeightsError(f"cannot read {folder / _FILE}: {error}; begin a new run") from None
    if changed := _changed(before.options, record.options):
        raise OptionError(
            f"the run in {folder} has other options: {', '.join(changed)}; give it the same ones, "
            "or begin another with another --out"
        )
    if before.data != record.data:
        raise OptionError(
            f"the clips are not those of the run in {folder}: files or labels have changed; begin "
            "another with another --out"
        )
    differing = _changed(before.machine, record.machine)
    if record.options["precision"] == "16":
        differing.append("the scale of 16-bit gradients begins anew")
    return differing


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    names = sorted(before.keys() | now.keys())
    return [
        f"{name} was {before.get(name)} and is {now.get(name)}"
        for name in names
        if before.get(name) != now.get(name)
    ]


def _checksum(dataset: Dataset) -> str:
    """Identify clips by what is listed, and the size of the files."""
    rows = [
        (
            clip.path.name,
            clip.path.stat().st_size,
            clip.labels,
            clip.start_s,
            clip.end_s,
            clip.split,
            clip.group,
        )
        for clip in dataset.clips
    ]
    return hashlib.sha256(msgspec.json.encode((dataset.labels, rows))).hexdigest()
