"""The models that benchmarks run on."""

from importlib import import_module
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_no_block_of_a_random_network_is_idle(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    random_model = import_module("random_model")
    network, spec = random_model.random_network("movinet-t0-stream")
    assert spec.name == "movinet-t0-stream"
    assert all(block.residual_scale.item() != 0 for block in network.blocks)
