"""Models with random weights: as fast as trained ones, and nothing to download."""

from pathlib import Path

from streamrec.build import network, spec_of
from streamrec.export.write import export_step
from streamrec.models.movinet import MoViNet
from streamrec.models.registry import architecture
from streamrec.types import StreamSpec
from streamrec.weights.untrained import untrained


def random_network(name: str) -> tuple[MoViNet, StreamSpec]:
    """Return an untrained network of that architecture, and its spec."""
    weights = untrained(architecture(name))
    return network(weights), spec_of(weights, name)


def export_random(name: str, path: Path) -> Path:
    """Write the step graph of an untrained network as ONNX."""
    export_step(*random_network(name), {"weights": "random"}, path)
    return path
