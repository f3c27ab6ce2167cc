"""What the networks of a model cost: known from their records, without running them."""

from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from streamrec.config import EMBEDDED_MODEL
from streamrec.model_source import architecture_of, is_onnx_file
from streamrec.models.registry import ENSEMBLES

if TYPE_CHECKING:
    from streamrec.inspection.facts import Inspection
    from streamrec.inspection.onnx_file import OnnxFile


@dataclass(frozen=True, slots=True)
class Cost:
    """Size and work of a model; None where that is not known.

    Attributes:
        parameters: trained numbers.
        macs: multiply-adds of one prediction.
    """

    parameters: int
    macs: int | None


def cost_of(name: str, window: int | None = None) -> Cost:
    """Return what a model costs; ``window``: frames of its clips, where it is not as trained.

    Raises:
        ModelError: there is no such model, or it cannot be read.
    """
    if name == EMBEDDED_MODEL or is_onnx_file(name):
        file = _onnx_file(name)
        return Cost(file.parameters, file.macs)
    found = [_inspect(member, window) for member in ENSEMBLES.get(name, (name,))]
    return Cost(sum(each.parameters for each in found), sum(each.macs for each in found))


def _inspect(name: str, window: int | None) -> "Inspection":
    from streamrec.inspection.network import inspect

    record = architecture_of(name)
    if window is not None and not record.causal:
        record = replace(record, clip_frames=window)
    return inspect(record)


def _onnx_file(name: str) -> "OnnxFile":
    from streamrec.inspection.onnx_file import read_onnx_file

    if name != EMBEDDED_MODEL:
        return read_onnx_file(Path(name))
    with as_file(files("streamrec") / "assets" / f"{EMBEDDED_MODEL}.onnx") as path:
        return read_onnx_file(path)
