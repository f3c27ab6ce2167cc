import pytest

from streamrec.comparison.cost import cost_of
from streamrec.inspection.network import inspect
from streamrec.models.registry import ARCHITECTURES


def untrained(name: str) -> str:
    return f"untrained:{name}"


@pytest.mark.parametrize("name", ["movinet-a0-stream", "x3d-xs"])
def test_the_cost_is_that_of_the_network(name):
    found, cost = inspect(ARCHITECTURES[name]), cost_of(untrained(name))
    assert (cost.parameters, cost.macs) == (found.parameters, found.macs)


def test_a_shorter_window_costs_less_and_has_the_same_parameters():
    full, half = cost_of(untrained("r3d-18")), cost_of(untrained("r3d-18"), 8)
    assert half.parameters == full.parameters
    assert half.macs == pytest.approx(full.macs / 2, rel=0.1)


def test_a_window_is_nothing_to_a_model_that_carries_a_state():
    name = untrained("movinet-t0-stream")
    assert cost_of(name, 7) == cost_of(name)


def test_an_ensemble_costs_what_its_members_cost(monkeypatch):
    members = (untrained("movinet-t0-stream"), untrained("movinet-a0-stream"))
    monkeypatch.setattr("streamrec.comparison.cost.ENSEMBLES", {"both": members})
    one, other = map(cost_of, members)
    assert cost_of("both").parameters == one.parameters + other.parameters
    assert cost_of("both").macs == one.macs + other.macs


def test_an_exported_file_is_counted_by_its_graph():
    cost = cost_of("gestures")
    assert cost.parameters > 100_000
    assert cost.macs == 1_322_368
